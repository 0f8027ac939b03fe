"""Permutation entropy and statistical complexity: is a signal regular, complex or noise?"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from .audible import Signal, as_signal, is_audible
from .delay_embedding import delay_embedding

ORDER = 5
PATTERN_SHARE = 0.4
_HIGHEST_ORDER = 8


class OrdinalComplexity(NamedTuple):
    """H and C, both dimensionless and from 0 to 1: a place in the plane of entropy and complexity."""

    entropy: float
    complexity: float


def ordinal_complexity(x: ArrayLike, *, order: int = ORDER, delay: int = 1) -> OrdinalComplexity:
    """Permutation entropy H and Jensen-Shannon statistical complexity C of a signal.

    H = S[p] / ln n!,   C = H Q,   Q = Q_0 (S[(p + u) / 2] - S[p] / 2 - S[u] / 2),   u_k = 1 / n!
    Q_0 = -2 / ((n! + 1) / n! ln(n! + 1) - 2 ln(2 n!) + ln n!)

    with S Shannon's entropy and p the shares of the n! orders that n values, `delay` samples apart, can stand in; of
    equal values the earlier one counts as the smaller. Noise has H = 1 and C = 0, a ramp H = C = 0, chaos the greatest
    C at a middle H; a sine has few patterns, so a low H and C.

    x       (n,) any unit
    order   n, 2 to 8; there should be many more samples than n!
    delay   samples; see `pattern_delay`
    result  NaN for a silent, unfinite or too short signal

    Raises ValueError for an order that is out of range.
    Source: Bandt and Pompe (2002), Phys. Rev. Lett. 88, 174102; Rosso et al. (2007), Phys. Rev. Lett. 99, 154102;
    Hyman, Daniel and Schaffner (2025), Astrophys. J. 987, 195 (PECCARY).
    """
    if not 2 <= order <= _HIGHEST_ORDER:
        raise ValueError(f"order is {order}: use 2 to {_HIGHEST_ORDER}")
    signal = as_signal(x)
    if not is_audible(signal) or signal.size <= (order - 1) * delay + 1:
        return OrdinalComplexity(math.nan, math.nan)
    return _complexity(pattern_shares(signal, order=order, delay=delay))


def pattern_shares(x: ArrayLike, *, order: int, delay: int = 1) -> Signal:
    """(n!,) shares of the ordinal patterns of a signal, numbered by their Lehmer code: 0 is rising throughout."""
    points = delay_embedding(x, order, delay)
    code = np.zeros(len(points), np.int64)
    for place in range(order):  # how many of the later values are smaller than this one
        smaller = (points[:, place + 1 :] < points[:, place : place + 1]).sum(1)
        code += smaller * math.factorial(order - 1 - place)
    return np.bincount(code, minlength=math.factorial(order)) / len(code)


def pattern_delay(period_samples: float, *, order: int = ORDER) -> int:
    """The delay at which a pattern spans 0.4 of a period: long against the sampling, short against a turn.

    period_samples  of the slowest oscillation that matters, such as the fundamental
    Returns samples, 1 or more; 1 where the period is not known (NaN).
    Source: Hyman et al. (2025), Astrophys. J. 987, 195, on sampling intervals.
    """
    return max(1, round(PATTERN_SHARE * period_samples / (order - 1))) if math.isfinite(period_samples) else 1


def _complexity(shares: Signal) -> OrdinalComplexity:
    count = shares.size
    even = np.full(count, 1 / count)
    entropy = _shannon(shares) / math.log(count)
    greatest = (count + 1) / count * math.log(count + 1) - 2 * math.log(2 * count) + math.log(count)
    divergence = _shannon((shares + even) / 2) - _shannon(shares) / 2 - _shannon(even) / 2
    return OrdinalComplexity(entropy, -2 / greatest * divergence * entropy)


def _shannon(shares: Signal) -> float:
    return max(0.0, float(-xlogy(shares, shares).sum()))
