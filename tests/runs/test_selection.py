"""The rule by which models are ranked."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest

from syrinx_lab.metrics.facts import MetricFacts
from syrinx_lab.runs.checkpoint_choice import never_ranked
from syrinx_lab.runs.selection import best, rank


def row(seed: int, tf_corr: float | None, bounded_frac: float | None = 1.0, **more: Any) -> dict[str, Any]:
    return {"seed": seed, "tf_corr": tf_corr, "bounded_frac": bounded_frac, **more}


NAN = float("nan")
# from best to worst
RANKED = [
    row(7, 0.8, 0.9),
    row(3, 0.5, 1.0),
    row(1, 0.5, 0.95, epoch=20),  # less often bounded than the one above
    row(2, 0.5, 0.95, epoch=5),  # a higher seed
    row(2, 0.5, 0.95, epoch=10),  # a later epoch
    row(4, -5.0, 1.0),
    row(5, None, 1.0),  # no number, yet bounded
    row(6, NAN, 0.95),
    row(0, 0.99, 0.89),  # the highest number of all, diverged
    row(8, 0.3, 0.5),
    row(8, 0.3, 0.0),
    row(9, 0.1, None),
    row(9, NAN, 0.8),
]


def test_the_order_is_that_of_the_rule_whatever_the_order_of_the_input() -> None:
    for trial in range(50):
        shuffled = RANKED.copy()
        random.Random(trial).shuffle(shuffled)
        assert rank(shuffled) == RANKED
        assert best(shuffled) is RANKED[0]


def test_every_pair_is_ordered_as_the_whole() -> None:
    for first, second in itertools.combinations(RANKED, 2):
        assert rank([second, first]) == [first, second]


def test_autonomy_ranks_where_it_is_chosen() -> None:
    rows = [row(1, 0.9, autonomy=-1.0), row(2, 0.1, autonomy=0.5)]
    assert best(rows, "autonomy")["seed"] == 2
    assert best(rows)["seed"] == 1


@pytest.mark.parametrize("name", ["amp_pen", "rescaled_f0_cents", "loss/total"])
def test_of_errors_and_losses_less_is_better(name: str) -> None:
    values: list[tuple[float | None, float]] = [(0.2, 1.0), (3.0, 1.0), (math.inf, 1.0), (None, 0.95), (0.1, 0.5)]
    rows = [row(seed, 0.0, bounded, **{name: value}) for seed, (value, bounded) in enumerate(values)]
    assert [one["seed"] for one in rank(reversed(rows), name)] == [0, 1, 2, 3, 4]


def test_an_infinite_number_is_no_number() -> None:
    assert best([row(1, float("inf")), row(2, -0.9)])["seed"] == 2


def test_a_share_averaged_in_float32_is_still_nine_of_ten() -> None:
    assert best([row(1, 0.2, 0.8999999762), row(2, 0.9, 0.88)])["seed"] == 1


def test_bad_input_is_one_line() -> None:
    with pytest.raises(ValueError, match="candidate 1 has no score env_corr"):
        rank([row(1, 0.1, env_corr=1.0), row(2, 0.1)], "env_corr")
    for name in ("tf_korr", "pesq", "horizon", "val/", "loss"):
        with pytest.raises(ValueError, match=f"^cannot rank by {name}: .* is not known; .*tf_corr, .*f0_cents"):
            rank([row(1, 0.1, **{name: 3.0})], name)
    with pytest.raises(ValueError, match="nothing to select from"):
        best([])


def test_a_metric_that_is_never_a_number_is_said_with_what_is_done_instead() -> None:
    def said(*values: float | None, rule: str = "last") -> str | None:
        rows = [{"epoch": 1}, *({"epoch": n, "val/gap": value} for n, value in enumerate(values, start=2))]
        return never_ranked(rows, rule, "gap")

    assert said() is None, "nothing was evaluated"
    assert said(None, 1.0) is said(math.inf, 0.0) is None
    last = said(None, NAN, math.inf)
    assert last is not None
    assert last.startswith("val/gap was no finite number in any of 3 evaluations: models cannot be ranked by")
    assert last.endswith("checkpoint.metric=gap; the run's model is its last checkpoint all the same")
    assert "the highest bounded_frac, of several the earliest" in str(said(None, rule="best"))
    tied = [{"epoch": 5, "gap": None, "bounded_frac": 0.95}, {"epoch": 9, "gap": NAN, "bounded_frac": 1.0}]
    gap = {"gap": MetricFacts("gap", "dB", False)}
    assert [best(rows, "gap", gap)["epoch"] for rows in (tied, [{**tied[1], "epoch": 2}, tied[1]])] == [9, 2], "as said"
