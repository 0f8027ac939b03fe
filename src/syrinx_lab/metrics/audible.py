"""Whether a signal is there to be measured: finite, and louder than nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SILENCE_STD = 1e-9
# beyond this size the squares of a signal, and the squares of its power spectrum, leave float64
_OVERFLOW = 1e50

Signal = NDArray[np.float64]


def as_signal(x: ArrayLike) -> Signal:
    """`x` as a float64 array (n,): the form that every metric computes in, whatever the precision of the model."""
    signal = np.asarray(x, dtype=np.float64)
    assert signal.ndim == 1, f"a metric takes one clip (n,), not an array of shape {signal.shape}"
    return signal


def level(x: Signal) -> float:
    """Standard deviation of a finite signal (n,) in its own unit, exactly 0 for a constant and for an empty one."""
    # counted from the first sample, so that the rounding of a large constant's mean does not pass for sound
    return float(np.std(x - x[0])) if x.size else 0.0


def is_finite(x: Signal) -> bool:
    """True when every sample of `x` (n,) is a number smaller than 1e50 in size."""
    return bool(np.isfinite(x).all()) and float(np.abs(x).max(initial=0.0)) < _OVERFLOW


def is_audible(x: Signal) -> bool:
    """True when `x` (n,) is finite and its standard deviation is at least 1e-9."""
    return is_finite(x) and level(x) >= SILENCE_STD
