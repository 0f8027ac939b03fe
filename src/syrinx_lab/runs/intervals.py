"""How sure a mean is: a bootstrap over recordings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

LEVEL = 0.95
DRAWS = 2000


def bootstrap_intervals(
    values: Mapping[str, Sequence[float | None]], groups: Sequence[str], *, seed: int = 0
) -> dict[str, tuple[float, float] | None]:
    """The 95 % interval of every mean over clips, when recordings are drawn anew with replacement.

    Clips of one recording share a day, a distance and a noise, so whole recordings are drawn: as many as there are,
    2,000 times, the same draws for every metric. Of the means m of their clips, and the mean m_0 of all,

        interval = m_0 + w (q - m_0),   q the 2.5 % and 97.5 % quantiles of m,   w = t_{G-1} / z sqrt(G / (G - 1))

    w widens what G recordings make too narrow (they vary less among themselves than about the truth, and little is
    known of how much): Student's 97.5 % quantile over the normal one; 9.2 for two recordings, 2.7 for three, 1.2
    for ten. Without it two recordings cover the truth in half of all cases and three in 73 %. An interval may thus
    leave the range of its metric: with so few recordings that is what is known. NaN and None ("not defined for this
    clip") are left out, as they are of the mean.

    values  metric -> its value for every clip
    groups  the recording of every clip
    seed    of the draws
    result  metric -> (low, high); None with fewer than two recordings in which it is defined

    Source: Davison and Hinkley, Bootstrap methods and their application, 1997, section 3.8 (resampling of clusters);
    Hesterberg, What teachers should know about the bootstrap, The American Statistician 69(4), 2015 (w).
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
    recordings = len(set(member[defined].tolist()))
    if recordings < 2:
        return None
    totals = np.bincount(member[defined], numbers[defined], minlength=count)
    clips = np.bincount(member[defined], minlength=count)
    drawn = times @ clips
    means = (times @ totals)[drawn > 0] / drawn[drawn > 0]
    tail = 100 * (1 - LEVEL) / 2
    middle = totals.sum() / clips.sum()
    low, high = middle + _widening(recordings) * (np.percentile(means, [tail, 100 - tail]) - middle)
    return float(low), float(high)


def _widening(recordings: int) -> float:
    """By how much the bootstrap's interval of so many recordings is too narrow."""
    upper = 0.5 + LEVEL / 2
    return float(t.ppf(upper, recordings - 1) / norm.ppf(upper)) * math.sqrt(recordings / (recordings - 1))
