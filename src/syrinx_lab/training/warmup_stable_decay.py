"""Warm-up, stable, decay: a learning rate that rises, stays, and falls over the last epochs of the plan."""

from __future__ import annotations

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


class WarmupStableDecay(LRScheduler):
    """rate(e) = rate f(e) of every group of parameters, in epoch e = 0 .. E - 1 of E that are planned.

        f(e) = (e + 1) / (W + 1)                         e < W, linear warm-up
        f(e) = 1                                         W <= e < E - D, stable
        1 / f(e) = 1 - p + p / final,                    E - D <= e, inverse proportional decay
        p = (e - (E - D) + 1) / D                        1 in the last epoch, where f is `final`

    with W = round(warmup E) and D = round(decay E), of which D is shortened where they meet; past the plan f is
    `final`. 1 / f grows linearly in the decay, as in the paper: the rate falls fast at first, then slowly.
    A pure function of e and E, never of the rung.

    optimizer  its groups' rates are those of the stable phase
    epochs     E, planned of the whole run
    warmup     share of E, 0 (none) to 1
    decay      share of E, 0 (none) to 1
    final      rate of the last epoch over that of the stable phase, above 0, up to 1

    Raises ValueError for a number out of range.
    Source: Wen, Li, Wang, Hall, Liang and Ma (2024), Understanding warmup-stable-decay learning rates: a river valley
    loss landscape perspective, arXiv 2410.05192; the three phases are of Hu et al. (2024), MiniCPM.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        epochs: int,
        warmup: float = 0.05,
        decay: float = 0.2,
        final: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        if epochs < 1:
            raise ValueError(f"epochs is {epochs}: use 1 or more")
        for name, share in (("warmup", warmup), ("decay", decay)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is {share}: use a share of the epochs, 0 (none) to 1")
        if warmup + decay > 1:
            raise ValueError(f"warmup is {warmup} and decay {decay}: together they are more than the whole, 1")
        if not 0 < final <= 1:
            raise ValueError(f"final is {final}: use more than 0, up to 1")
        self.epochs, self.final = epochs, float(final)
        self.rising = round(warmup * epochs)
        self.falling = min(round(decay * epochs), epochs - self.rising)
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """f of an epoch, counted from 0: the rate over that of the stable phase."""
        if epoch < self.rising:
            return (epoch + 1) / (self.rising + 1)
        gone = min(epoch, self.epochs - 1) - (self.epochs - self.falling) + 1
        if gone <= 0:
            return 1.0
        share = gone / self.falling
        return 1 / (1 - share + share / self.final)

    def get_lr(self) -> list[float | Tensor]:
        """The rates of the groups in the epoch that `last_epoch` counts."""
        return [float(rate) * self.factor(self.last_epoch) for rate in self.base_lrs]
