"""A horizon: short at first, long from a share of the planned epochs on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TwoLengths:
    """H(e) = short for e < share * planned, then max, samples."""

    short: int
    max: int
    share: float = 0.5

    @property
    def bucketed(self) -> bool:
        return True

    def __call__(self, epoch: int, planned_epochs: int) -> int:
        return self.short if epoch < self.share * planned_epochs else self.max
