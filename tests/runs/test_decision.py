"""Who goes on after a rung."""

from __future__ import annotations

import pytest

from syrinx_lab.runs.decision import RankedSeed, decide
from syrinx_lab.runs.rung_record import RungRecord
from syrinx_lab.runs.rung_score import RungScore
from syrinx_lab.runs.rungs import Rung


def trained(seed: int, tf_corr: float | None, bounded: float = 1.0, data: str = "f00d") -> RungRecord:
    raw = {"tf_corr": tf_corr, "bounded_frac": bounded, "autonomy": -float(seed)}
    score = RungScore({}, 20, "checkpoints/epoch00020.ckpt", "c11b5", 2, raw, raw, 1.5)
    whose = {"seed": seed, "epochs": 20, "run": f"run-{seed}", "key": "k", "data_fingerprint": data}
    return RungRecord.scored(**whose, score=score, metric="tf_corr")


def broken(seed: int, status: str) -> RungRecord:
    return RungRecord(seed, 20, status, f"{status} for a reason")


def test_the_best_go_on_and_the_broken_rank_last() -> None:
    records = [
        broken(0, "lost"),
        broken(1, "failed"),
        trained(2, 0.5),
        trained(3, None),
        trained(4, 0.9, bounded=0.5),
        trained(5, 0.6),
        broken(6, "failed"),
    ]
    decision = decide(records, Rung(20, 2), "tf_corr")
    assert [place.seed for place in decision.ranking] == [5, 2, 4, 3, 1, 6, 0]
    assert [place.rank for place in decision.ranking] == [1, 2, 3, 4, 5, 6, 7]
    assert (decision.kept, decision.culled, decision.epochs) == ((5, 2), (4, 3, 1, 6, 0), 20)
    assert decision.ranks == {5: 1, 2: 2, 4: 3, 3: 4, 1: 5, 6: 6, 0: 7}
    assert decision.ranking[0] == RankedSeed(1, 5, "trained", {"tf_corr": 0.6, "bounded_frac": 1.0}, None)
    assert decision.ranking[4].reason == "failed for a reason"
    assert decide(records[::-1], Rung(20, 2), "tf_corr") == decision, "the order of the records does not matter"


def test_another_metric_ranks_otherwise() -> None:
    decision = decide([trained(1, 0.9), trained(0, 0.1)], Rung(5, 1), "autonomy")
    assert decision.kept == (0,)
    assert decision.ranking[1].scores["autonomy"] == -1.0


def test_no_more_are_kept_than_came_through() -> None:
    assert decide([trained(0, 0.1), broken(1, "failed")], Rung(5, 2), "tf_corr").kept == (0,)
    decision = decide([broken(1, "failed"), broken(0, "lost")], Rung(5, 2), "tf_corr")
    assert (decision.kept, decision.culled) == ((), (1, 0))


def test_seeds_on_different_recordings_are_not_compared() -> None:
    with pytest.raises(ValueError, match=r"recordings changed .* beef and f00d"):
        decide([trained(0, 0.1), trained(1, 0.2, data="beef")], Rung(5, 1), "tf_corr")
