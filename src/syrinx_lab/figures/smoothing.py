"""Curves smoothed as much as their noise, or a person, asks for."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

_REST = 0.02  # of the curve's range: noise below it is not seen
_WIDEST = 0.2  # of the curve's length: more would smooth away what it shows


def smoothing_window(values: ArrayLike) -> int:
    """How many neighbouring values to average: the least odd number that brings the noise below 2 % of the range.

        sigma = median |x[k-1] - 2 x[k] + x[k+1]| / (0.6745 sqrt(6)),   w >= (sigma / (0.02 (p95 - p5)))^2

    The second differences of a smooth curve are small and those of white noise have the variance 6 sigma^2; the median
    leaves jumps aside (Hampel 1974, the median absolute deviation).

    values  (N,); what is not finite is passed over
    Returns 1 where nothing is to be smoothed, at most a fifth of the values.
    """
    x = np.asarray(values, dtype=np.float64)
    x = x[np.isfinite(x)]
    widest = int(_WIDEST * len(x))
    if widest < 3:
        return 1
    low, high = np.percentile(x, [5, 95])
    sigma = float(np.median(np.abs(np.diff(x, 2)))) / (0.6745 * math.sqrt(6.0))
    if high <= low:
        return 1
    wanted = math.ceil((sigma / (_REST * (high - low))) ** 2)
    return min(wanted | 1, (widest - 1) | 1)


def check_smooth(smooth: str | int | None) -> None:
    """Raise ValueError unless `smooth` is none, auto or a number of epochs, 1 or more."""
    known = smooth in (None, "none", "auto") or (isinstance(smooth, int) and not isinstance(smooth, bool))
    if not known or (isinstance(smooth, int) and smooth < 1):
        raise ValueError(f"smooth is {smooth!r}: use none, auto, or a number of epochs, 1 or more")


def window_of(epochs: ArrayLike, values: ArrayLike, smooth: str | int | None) -> int:
    """How many neighbouring values to average for what a person asks for.

    epochs  (N,) at which the values stand, rising
    values  (N,)
    smooth  none or None: 1; auto: as many as `smoothing_window` says; a number: as many values as lie in a window of so
            many epochs around each, an odd number, so that 10 epochs of values an epoch apart are 11 values
    Raises ValueError for anything else.
    """
    check_smooth(smooth)
    if smooth in (None, "none"):
        return 1
    if smooth == "auto":
        return smoothing_window(values)
    at = np.asarray(epochs, dtype=np.float64)
    apart = float(np.median(np.diff(at))) if len(at) > 1 else 1.0
    return max(1, round(int(smooth) / max(apart, 1.0))) | 1  # type: ignore[arg-type]


def smoothed(values: ArrayLike, window: int) -> NDArray[np.float64]:
    """The mean over `window` neighbours, centred; near the ends over as many as lie on both sides.

    values  (N,); what is not finite counts for nothing and stays a gap
    window  odd, 1 or more
    """
    assert window >= 1, "a window holds the value itself"
    assert window % 2 == 1, "a centred window is odd"
    x = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(x)
    sums = np.concatenate([[0.0], np.cumsum(np.where(finite, x, 0.0))])
    counts = np.concatenate([[0], np.cumsum(finite)])
    at = np.arange(len(x))
    half = np.minimum(window // 2, np.minimum(at, len(x) - 1 - at))
    total, count = sums[at + half + 1] - sums[at - half], counts[at + half + 1] - counts[at - half]
    return np.where(finite, total / np.maximum(count, 1), np.nan)
