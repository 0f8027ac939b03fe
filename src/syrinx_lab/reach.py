"""A run brought to an epoch that it was asked for, or was at: its checkpoint there, trained once more where need be."""

from __future__ import annotations

import os

from .fit import Prepared, fit, prepare


def reach(prepared: Prepared) -> None:
    """Train to trainer.max_epochs unless there is a checkpoint of that epoch, in a run that may have gone further."""
    run, epochs = prepared.run, prepared.cfg.trainer.max_epochs
    there = [epoch for epoch, _ in run.checkpoints()]
    if not there or there[-1] < epochs:
        fit(prepared)
    elif epochs not in there:
        run.rungs_path.mkdir(exist_ok=True)
        fit(prepared, again=run.again_path(epochs))


def retrain(prepared: Prepared, epoch: int) -> None:
    """Train the checkpoint after `epoch` once more, because it was removed: to the same weights."""
    print(f"the checkpoint after epoch {epoch} is gone: training it again", flush=True)
    rows = prepared.run.path / f".again.{os.getpid()}.tmp"  # which the run's history has
    try:
        fit(prepare(prepared.cfg), to=epoch, again=rows)  # the weights of `prepared` may have been trained
    finally:
        rows.unlink(missing_ok=True)
