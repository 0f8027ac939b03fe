"""Checkpoints named by the number of finished epochs, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from ..runs.directory import CHECKPOINT_NAME


class Checkpoints(Checkpoint):
    """Save `checkpoints/epoch00005.ckpt` and so on, every `save_every` epochs and after the last.

    Args:
        directory: folder of the checkpoints.
        config: plain resolved configuration, stored in each checkpoint so that it can say whose it is.
        save_every: epochs between checkpoints.
        keep: how many of the newest to keep; None keeps all.

    Raises:
        ValueError: numbers below 1.
    """

    def __init__(self, directory: Path, config: Mapping[str, Any], *, save_every: int, keep: int | None) -> None:
        if save_every < 1:
            raise ValueError(f"trainer.save_every is {save_every}: use 1 or more epochs")
        if keep is not None and keep < 1:
            raise ValueError(f"trainer.keep_checkpoints is {keep}: use 1 or more, or null to keep all")
        self.save_every = save_every
        self.keep = keep
        self.directory = directory
        self.config = config

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save when this epoch is due or the last one."""
        done = trainer.current_epoch + 1
        if done % self.save_every == 0 or done == trainer.max_epochs:
            self.save(trainer, done)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Put the configuration into the checkpoint, as text: `weights_only=True` loads nothing but plain data."""
        checkpoint["syrinx_lab_config"] = json.dumps(self.config)

    def save(self, trainer: Trainer, epoch: int) -> None:
        """Write the checkpoint after `epoch` under a temporary name, rename it, and remove those too old to keep."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / CHECKPOINT_NAME.format(epoch=epoch)
        partial = path.with_suffix(".partial")
        try:
            trainer.save_checkpoint(partial)
            os.replace(partial, path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise OSError(
                f"{path}: the checkpoint could not be written ({error.strerror or error}); free space and resume"
            ) from error
        if self.keep is not None:
            for old in sorted(self.directory.glob("epoch*.ckpt"), key=lambda p: int(p.stem[5:]))[: -self.keep]:
                old.unlink()
