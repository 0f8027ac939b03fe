"""How weights are updated: the optimiser, its rates over the epochs, and the limits of the gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch.nn import Parameter
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ..metrics.facts import METRICS, Known
from .rates import build_scheduler

Groups = Mapping[str, Sequence[Parameter]]


@dataclass(frozen=True)
class OptimiserSettings:
    """The group `optim` of the configuration.

    optimizer           partial of a torch optimiser, called with groups of parameters
    scheduler           partial of a torch scheduler stepped once an epoch, or None. ReduceLROnPlateau is stepped after
                        the epochs that have a value of `monitor`, and before they are saved
    monitor             what ReduceLROnPlateau looks at: loss/TERM or val/SCORE
    grad_clip           largest norm of the gradient over a tract's responses, and over all else but the drives of a
                        physical oscillator; None or 0: no limit
    tract_lr_scale      learning rate of a tract's impulse responses over that of the rest
    drives_start_epoch  epoch from which the drives of a physical oscillator are learned; None: never
    drives_lr_scale     their learning rate over that of the rest
    learn               all, or embedding: of what distinguishes birds (`Birds`) the embeddings alone
    drives_grad_clip    largest norm of their gradient. The gradients that come through a rollout are hundreds of times
                        larger than the others: under one norm they would drown them

    Raises ValueError for a number that is out of range.
    """

    optimizer: Callable[..., Optimizer]
    scheduler: Callable[..., LRScheduler] | None = None
    monitor: str = "loss/total"
    grad_clip: float | None = None
    tract_lr_scale: float = 1.0
    drives_start_epoch: int | None = None
    drives_lr_scale: float = 1.0
    drives_grad_clip: float = 1.0
    learn: str = "all"

    def __post_init__(self) -> None:
        for name in ("tract_lr_scale", "drives_lr_scale", "drives_grad_clip"):
            if not getattr(self, name) > 0:
                raise ValueError(f"optim.{name} is {getattr(self, name)}: use a number above 0")
        if self.learn not in ("all", "embedding"):
            raise ValueError(f"optim.learn is {self.learn!r}: use all, or embedding")
        if self.drives_start_epoch is not None and self.drives_start_epoch < 0:
            raise ValueError(f"optim.drives_start_epoch is {self.drives_start_epoch}: use an epoch, or null for never")

    def build(self, groups: Groups, known: Known = METRICS) -> tuple[Optimizer, LRScheduler | None]:
        """The optimiser of named groups of parameters, responses and drives at their own rates, and its scheduler.

        known  the metrics that are computed, of which `monitor` may be one
        """
        scales = {"responses": self.tract_lr_scale, "drives": self.drives_lr_scale}
        optimizer = self.optimizer([{"params": group} for group in groups.values()])
        for name, group in zip(groups, optimizer.param_groups):
            group["lr"] *= scales.get(name, 1.0)
        return optimizer, build_scheduler(self.scheduler, optimizer, self.monitor, known)

    def clip(self, groups: Groups) -> None:
        """Clip the norm of the gradient of each group by itself, in place."""
        for name, group in groups.items():
            if limit := self.drives_grad_clip if name == "drives" else self.grad_clip:
                torch.nn.utils.clip_grad_norm_(group, limit)

    def learns_drives(self, epoch: int) -> bool:
        """Whether the drives of a physical oscillator are learned in `epoch`, counted from 0."""
        return self.learn == "all" and self.drives_start_epoch is not None and epoch >= self.drives_start_epoch
