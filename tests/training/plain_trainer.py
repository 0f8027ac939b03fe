"""A trainer that shows and writes nothing."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import Trainer


def plain_trainer(epochs: int, **settings: Any) -> Trainer:
    """On the CPU, for so many epochs."""
    return Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **settings,
    )
