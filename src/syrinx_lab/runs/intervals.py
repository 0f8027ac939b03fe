"""How sure a mean is: a bootstrap over recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
DRAWS = 2000


def bootstrap_intervals(
    values: Mapping[str, Sequence[float | None]], groups: Sequence[str], *, seed: int = 0
) -> dict[str, tuple[float, float] | None]:
    """The 95 % interval of every mean over clips, when recordings are drawn anew with replacement.

    Clips of one recording share a day, a distance and a noise, so whole recordings are drawn: as many as there are,
    2,000 times, the same draws for every metric. The interval lies between the 2.5 % and 97.5 % quantiles of the means
    of their clips. NaN and None ("not defined for this clip") are left out, as they are of the mean.

    values  metric -> its value for every clip
    groups  the recording of every clip
    seed    of the draws
    result  metric -> (low, high); None with fewer than two recordings in which it is defined

    Source: Davison and Hinkley, Bootstrap methods and their application, 1997, section 3.8 (resampling of clusters).
    """
    names = sorted(set(groups))
    member = np.array([names.index(group) for group in groups], dtype=int)
    draws = np.random.default_rng(seed).integers(0, len(names), (DRAWS, len(names))) if names else np.zeros((0, 0), int)
    times = np.stack([np.bincount(row, minlength=len(names)) for row in draws]) if len(draws) else draws
    return {name: _interval(own, member, times, len(names)) for name, own in values.items()}


def _interval(
    own: Sequence[float | None], member: NDArray[np.int_], times: NDArray[np.int_], count: int
) -> tuple[float, float] | None:
    numbers = np.array([np.nan if value is None else float(value) for value in own])
    defined = np.isfinite(numbers)
    if len(set(member[defined].tolist())) < 2:
        return None
    totals = np.bincount(member[defined], numbers[defined], minlength=count)
    clips = np.bincount(member[defined], minlength=count)
    drawn = times @ clips
    means = (times @ totals)[drawn > 0] / drawn[drawn > 0]
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)
