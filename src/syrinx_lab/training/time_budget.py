"""An end to training by the clock, for whoever waits for it."""

from __future__ import annotations

import time

from lightning.pytorch import Callback, LightningModule, Trainer


class TimeBudget(Callback):
    """Stop after the epoch behind which another one would end later than `seconds` after the training began.

    At least one epoch is trained. What was trained is a checkpoint like any other: the same command goes on from there.

    Args:
        seconds: s, above 0.

    Raises:
        ValueError: a budget that is not above 0.
    """

    def __init__(self, seconds: float) -> None:
        if not seconds > 0:
            raise ValueError(f"trainer.budget_s is {seconds}: use seconds above 0, or null for no limit")
        self.seconds = seconds
        self._begun = self._last = 0.0
        self.stopped = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self._begun = self._last = time.monotonic()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop where the next epoch would not fit, if it takes as long as this one."""
        now = time.monotonic()
        took, self._last = now - self._last, now
        if now - self._begun + took > self.seconds and trainer.current_epoch + 1 < (trainer.max_epochs or 0):
            self.stopped = trainer.should_stop = True
