"""Callbacks of a run: made of its context, called in an order that the configuration cannot spoil."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import pytest
from lightning.pytorch import Callback, LightningModule, Trainer
from test_module import fit, module

from syrinx_lab.evaluation.scoring import Scoring
from syrinx_lab.losses.acceleration_error import AccelerationError
from syrinx_lab.runs.history import History
from syrinx_lab.training.callbacks import EpochReporter, RunContext, chosen_callback, run_callbacks
from syrinx_lab.training.evaluation import ColdStartEvaluation, cold_start_evaluation
from syrinx_lab.training.history import HistoryWriter
from syrinx_lab.training.progress import EpochLines

CONTEXT = RunContext(Path("run"), {"seed": 3}, Scoring(1e-3, 3))


class Measures(Callback):
    """Logs a score of val after every second epoch, as an evaluation of a stranger would."""

    def __init__(self, context: RunContext | None = None, rate: float = 0.5) -> None:
        self.context, self.rate = context, rate

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.current_epoch % 2 == 0:
            pl_module.log("val/mine", self.rate * (trainer.current_epoch + 1), batch_size=1)


class Reports(EpochReporter):
    pass


def test_a_callback_stays_and_a_function_makes_one_of_the_run() -> None:
    ready, made = Measures(), partial(Measures, rate=2.0)
    found = run_callbacks({"callbacks.a": ready, "callbacks.b": made}, CONTEXT)
    assert found[0] is ready
    assert (found[1].context, found[1].rate) == (CONTEXT, 2.0)
    (evaluation,) = run_callbacks({"callbacks.evaluation": cold_start_evaluation(3, 1)}, CONTEXT)
    assert isinstance(evaluation, ColdStartEvaluation)
    assert (evaluation.scoring, evaluation.eval_every, evaluation.max_audio) == (CONTEXT.scoring, 3, 1)


def test_reporters_come_last_whatever_the_order_of_the_configuration() -> None:
    reports, ready, own, history = Reports(), Measures(), Measures(), HistoryWriter(Path("history.jsonl"))
    assert run_callbacks({"callbacks.a": reports, "callbacks.b": ready}, CONTEXT, history, own) == [
        *(ready, own, reports, history),
    ]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (3, r"callbacks\.mine is a int: give a Lightning Callback, or a function that makes one of a RunContext"),
        (None, "callbacks.mine is a NoneType"),
        (lambda context: "a text", "callbacks.mine makes a str of a run: let it return a Lightning Callback"),
    ],
)
def test_what_is_no_callback_is_refused_by_its_key(made: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        run_callbacks({"callbacks.mine": chosen_callback(made, "callbacks.mine")}, CONTEXT)


def test_bad_settings_of_the_evaluation_are_refused_before_there_is_a_run() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        cold_start_evaluation(-1)


@pytest.mark.parametrize("turned", [False, True])
def test_a_row_holds_what_was_logged_in_its_epoch_and_nothing_older(
    turned: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "history.jsonl"
    chosen = [("callbacks.lines", EpochLines()), ("callbacks.measures", Measures())]
    callbacks = run_callbacks(dict(chosen[:: -1 if turned else 1]), CONTEXT, HistoryWriter(path))
    trained = module({"accel": AccelerationError(1.0)})
    fit(trained, 3, 2, *callbacks)
    rows = History(path).read()
    assert [row.get("val/mine") for row in rows] == [0.5, None, 1.5]
    assert all({"loss/total", "loss/accel", "train/lam_accel", "seconds"} <= row.keys() for row in rows)
    assert len(capsys.readouterr().out.splitlines()) >= 3


def test_the_plateau_sees_a_score_in_the_epochs_that_have_one() -> None:
    trained, seen = module({"accel": AccelerationError(1.0)}), []

    class Plateau:
        step, state_dict = seen.append, dict

    trained.optim = trained.optim.__class__(trained.optim.optimizer, monitor="val/mine")
    trained.plateau = Plateau()
    fit(trained, 3, 2, Measures())
    assert seen == [0.5, 1.5]
    assert all(math.isfinite(value) for value in seen)
