"""Which windows an epoch trains on, and in which order: pure functions of the seed and the epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..types import Category
from .segments import Pools


class SegmentSampler(Protocol):
    """What training asks of a sampler: the windows of an epoch as a pure function of (seed, epoch)."""

    def draw(self, pools: Pools, epoch: int, seed: int) -> Sequence[int] | np.ndarray:
        """Positions in `pools.segments`, in the order of training."""

    def counts(self, pools: Pools) -> dict[Category, int]:
        """How many windows of each category an epoch holds, or about so many; their sum is the length of every draw."""

    def notes(self, pools: Pools) -> Sequence[str]:
        """Lines for a person: the exact counts, and shares that had to move."""


class EdgeBiasedSampler:
    """Draws the edges of syllables, where the song starts and stops, more often than their middle.

    ratios        shares of ONSET, OFFSET and MID windows in an epoch; they add up to 1. A category without windows
                  gives its share to the others in proportion to theirs.
    max_segments  windows in an epoch; None or 0 means every window once, whatever the ratios.
    Raises ValueError when the ratios or max_segments are out of range.
    """

    def __init__(self, ratios: Sequence[float] = (0.4, 0.4, 0.2), max_segments: int | None = 6000) -> None:
        shares = tuple(float(ratio) for ratio in ratios)
        if len(shares) != len(Category) or not all(share >= 0 for share in shares) or abs(sum(shares) - 1) > 1e-6:
            raise ValueError(
                f"sampler.ratios is {list(ratios)}: give the shares of ONSET, OFFSET and MID windows, "
                "three numbers of 0 or more that add up to 1"
            )
        self.ratios = shares
        self.max_segments = _checked_size(max_segments)

    def counts(self, pools: Pools) -> dict[Category, int]:
        """Windows of each category in an epoch, exactly; they add up to max_segments.

        Raises ValueError when every category with a ratio above zero is empty.
        """
        sizes = pools.sizes()
        if not self.max_segments:
            return sizes
        shares = [ratio if sizes[category] else 0.0 for category, ratio in zip(Category, self.ratios)]
        if not sum(shares):
            raise ValueError(
                f"sampler.ratios {list(self.ratios)} asks only for categories without windows, "
                f"{_listed(sizes)} were found: change sampler.ratios or lower data.context_s"
            )
        return dict(zip(Category, apportion(self.max_segments, shares)))

    def draw(self, pools: Pools, epoch: int, seed: int) -> np.ndarray:
        """Positions in `pools.segments` of the windows of an epoch, in training order: (N,) int64.

        N = sum(counts(pools).values()). Each category is drawn without replacement, and through one fresh permutation
        after the other when it has fewer windows than are asked for: its windows are drawn equally often to within one.
        The result depends on the pools, the seed and the epoch (both 0 or more) alone.
        """
        return _draw(pools, self.counts(pools), epoch, seed)

    def notes(self, pools: Pools) -> tuple[str, ...]:
        """The counts of an epoch in a line, and a line for each category whose share went to the others."""
        counts, sizes = self.counts(pools), pools.sizes()
        given_away = tuple(
            f"no {category.name} window: its share of {ratio:g} went to the other categories"
            for category, ratio in zip(Category, self.ratios)
            if self.max_segments and ratio and not sizes[category]
        )
        return (_epoch_line(counts, sizes), *given_away)


class UniformSampler:
    """Draws every window equally often, wherever in a syllable it lies: the comparison for `EdgeBiasedSampler`.

    The categories keep the proportions of their pools, by largest remainder, so that the counts are exact.

    max_segments  windows in an epoch; None or 0 means every window once.
    Raises ValueError when max_segments is negative.
    """

    def __init__(self, max_segments: int | None = 6000) -> None:
        self.max_segments = _checked_size(max_segments)

    def counts(self, pools: Pools) -> dict[Category, int]:
        """Windows of each category in an epoch, exactly; they add up to max_segments."""
        sizes = pools.sizes()
        return dict(zip(Category, apportion(self.max_segments or len(pools.segments), list(sizes.values()))))

    def draw(self, pools: Pools, epoch: int, seed: int) -> np.ndarray:
        """Positions in `pools.segments` of the windows of an epoch, as `EdgeBiasedSampler.draw`: (N,) int64."""
        return _draw(pools, self.counts(pools), epoch, seed)

    def notes(self, pools: Pools) -> tuple[str, ...]:
        """The counts of an epoch in a line."""
        return (_epoch_line(self.counts(pools), pools.sizes()),)


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to `total`: Hamilton's method of the largest remainder.

    Each number is its quota total w / sum(w) rounded down, and what is left goes one by one to the largest remainders,
    earlier entries first among equals. The weights are 0 or more and not all zero; a weight of zero gets nothing.
    """
    whole = math.fsum(weights)
    quotas = [total * weight / whole for weight in weights]
    numbers = [math.floor(quota) for quota in quotas]
    # rounded, so that 0.1 + 0.2 style noise does not decide between equal remainders
    by_remainder = sorted(range(len(weights)), key=lambda k: (-round(quotas[k] - numbers[k], 9), weights[k] == 0))
    for k in by_remainder[: total - sum(numbers)]:
        numbers[k] += 1
    return numbers


def _draw(pools: Pools, counts: dict[Category, int], epoch: int, seed: int) -> np.ndarray:
    """The picks of an epoch: every category cycled through fresh permutations, then all shuffled together."""
    if epoch < 0 or seed < 0:
        raise ValueError(f"seed {seed} and epoch {epoch} must be 0 or more: set seed to such a number")
    generator = np.random.default_rng([seed, epoch])
    kinds = np.array([segment.category for segment in pools.segments])
    picks = [np.empty(0, np.int64)]
    for category, count in counts.items():
        pool = np.flatnonzero(kinds == category)
        rounds = -(-count // len(pool)) if count else 0
        cycled = [generator.permutation(pool) for _ in range(rounds)]
        picks.append(np.concatenate([*cycled, picks[0]])[:count])
    return generator.permutation(np.concatenate(picks)).astype(np.int64)


def _checked_size(max_segments: int | None) -> int | None:
    if max_segments is not None and max_segments < 0:
        raise ValueError(f"sampler.max_segments is {max_segments}: give 1 or more, or null for every window once")
    return max_segments


def _listed(counts: dict[Category, int]) -> str:
    return ", ".join(f"{count} {category.name}" for category, count in counts.items())


def _epoch_line(counts: dict[Category, int], sizes: dict[Category, int]) -> str:
    return f"{sum(counts.values())} windows an epoch ({_listed(counts)}) from pools of {_listed(sizes)}"
