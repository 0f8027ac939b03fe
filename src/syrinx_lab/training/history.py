"""The run's own history file, whatever other loggers there are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

from lightning.pytorch import Callback, LightningModule, Trainer

from ..runs.history import History
from .module import OuroborosModule

_GROUPS = ("loss/", "train/", "val/")


class HistoryWriter(Callback):
    """After every epoch, append a row to history.jsonl: epoch (finished epochs), step, seconds and what was logged.

    val/ keys stand only in the rows of epochs that were evaluated.

    Args:
        path: the file, set by the run.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = None if path is None else Path(path)
        self._begun = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Rows that an earlier attempt wrote beyond the checkpoint we go on from no longer count."""
        if self._history().path.exists():
            self._history().resume_from(trainer.current_epoch + 1)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self._begun = time.perf_counter()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Append the row."""
        done = trainer.current_epoch + 1
        evaluated = done in cast(OuroborosModule, pl_module).evaluated_epochs
        row: dict[str, float | int] = {
            "epoch": done,
            "step": trainer.global_step,
            "seconds": round(time.perf_counter() - self._begun, 3),
        }
        for name, value in sorted(trainer.callback_metrics.items()):
            if name.startswith(_GROUPS) and (evaluated or not name.startswith("val/")):
                row[name] = float(value)
        self._history().append(row)

    def _history(self) -> History:
        assert self.path is not None, "the run sets the history's path"
        return History(self.path)
