"""Warm-ups: a loss term's weight ramps linearly from zero over the first epochs."""

from __future__ import annotations

from typing import cast

from lightning.pytorch import Callback, LightningModule, Trainer

from .module import OuroborosModule
from .schedules import warmup


class Warmup(Callback):
    """Scale the weight of one loss term by epoch / epochs, up to 1.

    Args:
        term: the term's name in the objective: spec, env, env_log, ...
        epochs: epochs of the ramp; 0 means no warm-up.

    Raises:
        ValueError: a negative number of epochs.
    """

    def __init__(self, term: str, epochs: int) -> None:
        if epochs < 0:
            raise ValueError(f"warm-up of {term} over {epochs} epochs: use 0 or more")
        self.term = term
        self.epochs = epochs

    @property
    def state_key(self) -> str:
        """One key a term, since a run has several warm-ups."""
        return f"{type(self).__qualname__}[{self.term}]"

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Set the scale for the epoch that begins."""
        cast(OuroborosModule, pl_module).objective.set_scale(self.term, warmup(trainer.current_epoch, self.epochs))
