"""How training shows itself: a rich bar on a terminal, one line an epoch on a pipe."""

from __future__ import annotations

import sys
import time
from typing import cast

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import RichProgressBar

from ..metrics.facts import headline
from .callbacks import EpochReporter
from .module import OuroborosModule


def progress() -> Callback:
    """A progress bar when standard output is a terminal, else `EpochLines`."""
    return RichProgressBar() if sys.stdout.isatty() else EpochLines()


class EpochLines(EpochReporter):
    """Print one line after every epoch: its number, seconds, the losses and, when it was evaluated, the scores."""

    def __init__(self) -> None:
        self._begun = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self._begun = time.perf_counter()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the line."""
        module = cast(OuroborosModule, pl_module)
        metrics = module.logged_in_epoch()
        shown = {name: value for name, value in metrics.items() if name.startswith("loss/")}
        horizon = metrics.get("train/horizon", float(module.current_horizon()))
        parts = [f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"]
        parts += [f"{time.perf_counter() - self._begun:.1f} s", f"H {horizon:.0f}"]
        parts += [f"{name[5:]} {value:.4g}" for name, value in shown.items() if name != "loss/nan_skip"]
        if skipped := shown.get("loss/nan_skip", 0.0):
            parts.append(f"skipped {skipped:.0f} updates")
        if unfit := module.not_finite_in_epoch():
            parts.append(f"not finite: {', '.join(unfit)}")
        shown_first = headline(module.scoring.known)
        parts += [f"val {name} {metrics[f'val/{name}']:.3f}" for name in shown_first if f"val/{name}" in metrics]
        print("  ".join(parts), flush=True)
