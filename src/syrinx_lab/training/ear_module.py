"""The LightningModule of the ear: simulated song in, a step of AdamW out."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from ..ear.network import Ear
from ..ear.objective import WEIGHTS, Truth, losses
from ..simulation.simulated_song import SimulatedSong

_LOWEST_TOP_HZ = 6_000.0
_OCTAVES_OF_TOP = 1.0
_STEADY = 0.4


@dataclass(frozen=True)
class EarSettings:
    """How the ear is trained.

    updates       planned updates of the whole run
    lr            learning rate after the warm-up of `warmup` updates; it stays until 0.4 of the run, then falls on a
                  straight line to a fiftieth
    weight_decay  of AdamW
    grad_clip     largest norm of the gradient
    average       share of the averaged weights that stays at an update
    causal_share  of the updates, heard with `lookahead_ms` alone
    cut_share     of the updates, heard without what lies above 6 to 12 kHz
    Raises ValueError for a number out of range.
    """

    updates: int
    lr: float = 3e-3
    weight_decay: float = 1e-2
    warmup: int = 100
    grad_clip: float = 1.0
    average: float = 0.995
    causal_share: float = 0.3
    lookahead_ms: float = 10.0
    cut_share: float = 0.2

    def __post_init__(self) -> None:
        for name in ("updates", "lr", "grad_clip"):
            if not getattr(self, name) > 0:
                raise ValueError(f"ear.{name} is {getattr(self, name)}: use a number above 0")
        for name in ("causal_share", "cut_share", "average"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"ear.{name} is {getattr(self, name)}: use 0 to 1")

    def rate(self, step: int) -> float:
        """The learning rate at an update, counted from 0."""
        done = step / self.updates
        falling = 1.0 if done < _STEADY else max(0.02, (1 - done) / (1 - _STEADY))
        return self.lr * min(1.0, (step + 1) / max(1, self.warmup)) * falling


class EarModule(LightningModule):
    """Trains an `Ear` on batches of simulated song; `average` is the running mean of its weights, which is kept.

    What is drawn for an update, whether it is heard causally and where the band ends, is a function of (seed, update),
    so a run that stops and resumes is the run that never stopped.
    """

    def __init__(self, ear: Ear, settings: EarSettings, *, seed: int) -> None:
        super().__init__()
        self.ear = ear
        self.average = copy.deepcopy(self.ear).requires_grad_(False)
        self.settings = settings
        self.seed = seed
        self._logged_at: dict[str, int] = {}

    def configure_optimizers(self) -> Any:
        """AdamW, with the rate of every update."""
        chosen = self.settings
        optimizer = torch.optim.AdamW(
            self.ear.parameters(), lr=chosen.lr, betas=(0.9, 0.98), weight_decay=chosen.weight_decay
        )
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: chosen.rate(step) / chosen.lr)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def transfer_batch_to_device(
        self, batch: SimulatedSong, device: torch.device, dataloader_idx: int
    ) -> SimulatedSong:
        """The batch with its tensors on a device."""
        moved: dict[str, Any] = {
            name: value.to(device) for name, value in vars(batch).items() if isinstance(value, Tensor)
        }
        return replace(batch, **moved)

    def training_step(self, song: SimulatedSong, index: int) -> Tensor:
        """The weighted sum of the terms of `objective.losses`; its parts are logged."""
        lookahead_ms, top_hz = self.manner(self.global_step)
        output = self.ear(song.audio, song.sample_rate, lookahead_ms, top_hz)
        found = losses(output, Truth.of(song), top_hz)
        total = torch.stack([WEIGHTS[name] * value for name, value in found.items()]).sum()
        for name, value in {"total": total, **found}.items():
            self.log(f"loss/{name}", value.detach(), on_step=False, on_epoch=True, batch_size=len(song.audio))
        return total

    def manner(self, step: int) -> tuple[float | None, float | None]:
        """How an update is heard: the lookahead in ms, None for the whole, and the top of the band in Hz, or None."""
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + step) % (2**63 - 1))
        causal, cut, where = torch.rand(3, generator=generator).tolist()
        chosen = self.settings
        return (
            chosen.lookahead_ms if causal < chosen.causal_share else None,
            _LOWEST_TOP_HZ * 2 ** (_OCTAVES_OF_TOP * where) if cut < chosen.cut_share else None,
        )

    def configure_gradient_clipping(self, optimizer: Any, *_: Any, **__: Any) -> None:
        """Clip the norm of the gradient; one that is not finite moves nothing."""
        norm = torch.nn.utils.clip_grad_norm_(self.ear.parameters(), self.settings.grad_clip)
        if not math.isfinite(float(norm)):
            optimizer.zero_grad()

    def on_train_batch_end(self, *_: Any) -> None:
        """Move the averaged weights: at first as far as a plain mean would."""
        stays = min(self.settings.average, self.global_step / (self.global_step + 10))
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.ear.parameters()):
                kept.lerp_(new, 1 - stays)

    def log(self, name: str, value: Any, *arguments: Any, **settings: Any) -> None:
        """Log a value as Lightning does, and note in which epoch."""
        self._logged_at[name] = self.current_epoch
        super().log(name, value, *arguments, **settings)

    def logged_in_epoch(self) -> dict[str, float]:
        """What was logged in the current epoch."""
        known, epoch = self.trainer.callback_metrics, self.current_epoch
        return {name: float(value) for name, value in known.items() if self._logged_at.get(name) == epoch}
