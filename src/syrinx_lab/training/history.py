"""The run's own history file, whatever other loggers there are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

from lightning.pytorch import LightningModule, Trainer

from ..runs.history import History
from .callbacks import EpochReporter
from .module import OuroborosModule

_GROUPS = ("loss/", "train/", "val/")


class HistoryWriter(EpochReporter):
    """After every epoch, append a row to history.jsonl: epoch (finished epochs), step, seconds, what was logged in it.

    val/ keys stand only in the rows of epochs that were evaluated.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.history = History(path)
        self._begun = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Rows that an earlier attempt wrote beyond the checkpoint we go on from no longer count."""
        if self.history.path.exists():
            self.history.resume_from(trainer.current_epoch + 1)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self._begun = time.perf_counter()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Append the row."""
        row: dict[str, float | int] = {
            "epoch": trainer.current_epoch + 1,
            "step": trainer.global_step,
            "seconds": round(time.perf_counter() - self._begun, 3),
        }
        logged = cast(OuroborosModule, pl_module).logged_in_epoch()
        self.history.append(row | {name: logged[name] for name in sorted(logged) if name.startswith(_GROUPS)})
