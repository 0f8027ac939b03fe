"""The contract of a known system: its equation, and the numbers that are published of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

Array = NDArray[np.float64]

_ACCURACY = 1e-9
_SETTLING = 2_000  # samples that are left out: the way to the attractor


class Flow(ABC):
    """dy/dt = f(y), y of N numbers.

    A subclass says

    about     one line for tables
    source    who published it
    start     (N,) somewhere near its attractor
    lyapunov  its published Lyapunov exponents per unit of time, the largest first; () where none are

    and has `rate`; its constructor passes on interval, the unit of time between the samples of a path.
    """

    about: str
    source: str
    start: Sequence[float]
    lyapunov: Sequence[float] = ()
    interval: float

    def __init__(self, interval: float) -> None:
        if not 0 < interval < np.inf:
            raise ValueError(f"interval is {interval}: use a unit of time above 0")
        self.interval = interval

    @abstractmethod
    def rate(self, y: Array) -> Array:
        """F of a state y (N,)."""

    def path(self, samples: int, seed: int) -> Array:
        """(T, N) on the attractor, `interval` apart, from a start that the seed draws.

        Source: Hairer, Norsett and Wanner (1993), DOP853, by scipy; tolerances of 1e-9.
        """
        start = np.asarray(self.start, dtype=np.float64)
        begin = start + np.random.default_rng(seed).normal(size=start.shape) * 0.1 * np.abs(start).max()
        times = np.arange(_SETTLING + samples) * self.interval
        found = solve_ivp(
            lambda _, y: self.rate(y),
            (0.0, times[-1]),
            begin,
            method="DOP853",
            t_eval=times,
            rtol=_ACCURACY,
            atol=_ACCURACY,
        )
        if not found.success or not np.isfinite(found.y).all():
            raise ValueError(f"{type(self).__name__}: the path leaves its attractor, use other settings of the system")
        return np.ascontiguousarray(found.y.T[_SETTLING:])
