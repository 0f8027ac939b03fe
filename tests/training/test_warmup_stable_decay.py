"""Warm-up, stable, decay: the rates by hand, the same whether or not the run stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from forks import Forks

from syrinx_lab.runs.history import History
from syrinx_lab.training.warmup_stable_decay import WarmupStableDecay


def stepped(epochs: int, rates: tuple[float, ...] = (1.0,), **settings: float) -> list[list[float]]:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    optimizer = torch.optim.Adam(groups)
    schedule = WarmupStableDecay(optimizer, epochs=epochs, **settings)
    table = []
    for _ in range(epochs + 2):
        table.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step()
    return table


def test_the_rate_rises_stays_and_falls_in_proportion_to_its_inverse() -> None:
    table = stepped(10, (1.0, 0.01), warmup=0.2, decay=0.3, final=0.1)
    # 1 / f = 1 + 9 p at p = 1/3, 2/3, 1: 4, 7, 10
    expected = [1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1 / 4, 1 / 7, 1 / 10, 1 / 10, 1 / 10]
    assert [first for first, _ in table] == pytest.approx(expected)
    assert [second / first for first, second in table] == pytest.approx([0.01] * 12), "each group at a rate of its own"


def test_plans_too_short_for_a_phase_leave_it_out() -> None:
    assert [rate for (rate,) in stepped(1)] == [1.0, 1.0, 1.0]
    assert [rate for (rate,) in stepped(3, warmup=0.5, decay=0.5)] == pytest.approx([1 / 3, 2 / 3, 0.1, 0.1, 0.1])
    assert [rate for (rate,) in stepped(4, warmup=0.0, decay=0.0)] == [1.0] * 6


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"warmup": -0.1}, "warmup is -0.1: use a share"),
        ({"decay": 1.5}, "decay is 1.5: use a share"),
        ({"warmup": 0.6, "decay": 0.6}, "warmup is 0.6 and decay 0.6: together"),
        ({"final": 0.0}, "final is 0.0: use more than 0"),
    ],
)
def test_numbers_out_of_range_are_refused(settings: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        stepped(5, **settings)


def test_a_rung_and_its_resumption_are_the_run_that_never_stopped(
    forks: Forks, tiny_song: Path, tmp_path: Path
) -> None:
    arguments = ["debug=tiny", "data=folder", "logger=none", "loss=mse_accel", "eval.splits=[]", "n_epochs=5"]
    arguments += ["callbacks.evaluation.eval_every=0", "optim=adam_wsd", "optim.scheduler.warmup=0.2"]
    arguments += [f"data.root={tiny_song}", "optim.scheduler.decay=0.4"]
    assert forks.run(tmp_path, "train", *arguments, "run_dir=straight") == 0
    rows = History(tmp_path / "straight" / "history.jsonl").read()
    assert [row["train/lr"] for row in rows] == pytest.approx([5e-4, 1e-3, 1e-3, 1e-3 / 5.5, 1e-4])
    for stop in (2, 4, 5):
        assert forks.run(tmp_path, "train", *arguments, "run_dir=split", f"trainer.max_epochs={stop}") == 0
    resumed = History(tmp_path / "split" / "history.jsonl").read()
    assert [row["train/lr"] for row in resumed] == [row["train/lr"] for row in rows]
    a, b = (
        torch.load(tmp_path / run / "checkpoints" / "epoch00005.ckpt", weights_only=True)["state_dict"]
        for run in ("straight", "split")
    )
    assert all(torch.equal(a[name], b[name]) for name in a)
