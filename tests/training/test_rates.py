"""Schedulers of the learning rate: plateaus of loss and score, resumed bit for bit; bad ones refused."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import pytest
import torch
from forks import Forks

from syrinx_lab.runs.history import History
from syrinx_lab.training.rates import build_scheduler, check_rates

LAMBDA = torch.optim.lr_scheduler.LambdaLR
PLATEAU = torch.optim.lr_scheduler.ReduceLROnPlateau
TINY = ["debug=tiny", "data=folder", "logger=none", "loss=mse_accel", "eval.splits=[]"]
TINY += ["callbacks.evaluation.eval_every=0"]


def adam() -> torch.optim.Optimizer:
    return torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=1e-3)


@pytest.mark.parametrize(
    ("monitor", "mode"),
    [("loss/total", "min"), ("val/tf_corr", "max"), ("val/amp_pen", "min"), ("val/rescaled_autonomy", "max")],
)
def test_the_direction_is_that_of_what_is_looked_at(monitor: str, mode: str) -> None:
    assert build_scheduler(partial(PLATEAU, patience=0), adam(), monitor).mode == mode
    assert build_scheduler(partial(PLATEAU, mode="max"), adam(), "loss/total").mode == "max", "what is given stays"


@pytest.mark.parametrize(
    ("scheduler", "monitor", "said"),
    [
        (partial(torch.optim.lr_scheduler.StepLR), "loss/total", "optim.scheduler cannot be stepped.*step_size"),
        (partial(torch.optim.lr_scheduler.StepLR, step_size=2, gama=1), "loss/total", "gama"),
        (partial(torch.optim.lr_scheduler.OneCycleLR, max_lr=1e-2, total_steps=3), "loss/total", "for 5 epochs.*step"),
        (partial(PLATEAU, factor=2.0), "loss/total", "[Ff]actor"),
        (partial(PLATEAU), "loss/spec", "optim.monitor is 'loss/spec': use loss/TERM, with one of accel_sum, total"),
        (partial(PLATEAU), "val/loss", "no metric is called 'val/loss': use one of tf_corr"),
        (partial(PLATEAU, mode="max"), "val/loss", "^no metric is called"),
        (partial(LAMBDA, lr_lambda=lambda epoch: math.inf if epoch > 3 else 1.0), "loss/total", "no longer a finite"),
        (partial(PLATEAU), "accel_r2", "optim.monitor is 'accel_r2'"),
        (lambda optimizer: "a text", "loss/total", "a str is no torch scheduler"),
    ],
)
def test_what_cannot_be_stepped_is_refused_in_one_line(scheduler, monitor: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        check_rates(partial(torch.optim.Adam, lr=1e-3), scheduler, monitor, ["accel_sum"], 5)
    assert "\n" not in str(error.value)


def test_an_optimiser_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(ValueError, match=r"optim\.optimizer is a str: give a torch optimiser"):
        check_rates(lambda groups: "a text", None, "loss/total", [], 5)
    with pytest.raises(ValueError, match=r"optim\.optimizer cannot be made: .*learning rate"):
        check_rates(partial(torch.optim.Adam, lr=-1.0), None, "loss/total", [], 5)
    with pytest.raises(ValueError, match=r"optim\.optimizer cannot be made: .*mumentum"):
        check_rates(partial(torch.optim.SGD, lr=1.0, mumentum=1), None, "loss/total", [], 5)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["optim.scheduler={_target_:torch.optim.lr_scheduler.StepLR,_partial_:true}"], "step_size"),
        (["optim.scheduler={_target_:torch.optim.lr_scheduler.StopLR,_partial_:true}"], "StopLR"),
        (["optim.scheduler={_target_:torch.optim.lr_scheduler.StepLR,step_size:1}"], "_partial_: true"),
        (["optim=adam_plateau", "optim.monitor=val/loudness"], "no metric is called"),
    ],
)
def test_nothing_is_claimed(overrides: list[str], said: str, forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    done = forks.completed(tmp_path, "train", *TINY, f"data.root={tiny_song}", "run_dir=run", *overrides)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert said in done.stderr
    assert not (tmp_path / "run").exists()


def test_plateaus_lower_the_rate_and_resume_bit_for_bit(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    """A loss that must fall by nine tenths an epoch does not, so the rate is halved whenever patience has run out."""
    plateau = ["optim=adam_plateau", "optim.scheduler.patience=0", "+optim.scheduler.threshold=0.9", "n_epochs=5"]
    arguments = [*TINY, f"data.root={tiny_song}", *plateau]
    assert forks.run(tmp_path, "train", *arguments, "run_dir=straight") == 0
    rows = History(tmp_path / "straight" / "history.jsonl").read()
    assert [row["train/lr"] for row in rows] == pytest.approx([1e-3, 1e-3, 5e-4, 2.5e-4, 1.25e-4])
    for stop in (2, 3, 5):
        assert forks.run(tmp_path, "train", *arguments, "run_dir=split", f"trainer.max_epochs={stop}") == 0
    resumed = History(tmp_path / "split" / "history.jsonl").read()
    assert [row["train/lr"] for row in resumed] == [row["train/lr"] for row in rows]
    a, b = (
        torch.load(tmp_path / run / "checkpoints" / "epoch00005.ckpt", weights_only=True)["state_dict"]
        for run in ("straight", "split")
    )
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_a_score_counts_where_it_was_evaluated_alone(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    """bounded_frac stays where it is: epochs without an evaluation neither count nor are remembered."""
    plateau = ["optim=adam_plateau", "optim.monitor=val/bounded_frac", "optim.scheduler.patience=0", "n_epochs=6"]
    done = forks.completed(
        tmp_path,
        "train",
        *TINY,
        f"data.root={tiny_song}",
        *plateau,
        "callbacks.evaluation.eval_every=2",
        "eval.val_count=1",
        "run_dir=run",
    )
    assert done.returncode == 0, done.stderr
    rows = History(tmp_path / "run" / "history.jsonl").read()
    # epoch 2 sets the score to beat, 4 does not beat it; no other epoch is looked at
    assert [row["train/lr"] for row in rows] == pytest.approx([1e-3, 1e-3, 1e-3, 1e-3, 5e-4, 5e-4])
