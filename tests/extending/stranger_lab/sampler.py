"""A sampler: every window in turn, an epoch goes on where the one before ended."""

from __future__ import annotations

import numpy as np

from syrinx_lab.data.segments import Pools
from syrinx_lab.types import Category


class InTurn:
    """Windows number epoch * max_segments and on of a shuffled list that is repeated for ever.

    max_segments  windows an epoch
    """

    def __init__(self, max_segments: int = 64) -> None:
        self.max_segments = max_segments

    def counts(self, pools: Pools) -> dict[Category, int]:
        drawn = self.draw(pools, 0, 0)
        found = [pools.segments[place].category for place in drawn]
        return {category: found.count(category) for category in Category}

    def draw(self, pools: Pools, epoch: int, seed: int) -> np.ndarray:
        order = np.random.default_rng(seed).permutation(len(pools.segments))
        return order[np.arange(epoch * self.max_segments, (epoch + 1) * self.max_segments) % len(order)]

    def notes(self, pools: Pools) -> tuple[str, ...]:
        return (f"{self.max_segments} windows an epoch in turn, of {len(pools.segments)}",)
