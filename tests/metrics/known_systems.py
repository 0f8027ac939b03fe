"""Systems whose invariants are published, integrated by classical Runge-Kutta steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
State = tuple[float, float, float]

LORENZ_EXPONENT, LORENZ_DIMENSION = 0.906, 2.05
ROESSLER_EXPONENT, ROESSLER_DIMENSION = 0.0714, 1.99
"""Sprott (2003), Chaos and Time-Series Analysis, sections A.5.1 and A.5.2."""


def lorenz(count: int, interval: float, start: State = (1.0, 1.0, 20.0), steps: int = 1) -> Points:
    """(count, 3) on the attractor of sigma = 10, rho = 28, beta = 8/3; one time unit is about 1.3 turns."""
    return _path(lambda x, y, z: (10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z), start, count, interval, steps)


def roessler(count: int, interval: float, start: State = (-9.0, 0.0, 0.0), steps: int = 2) -> Points:
    """(count, 3) on the attractor of a = b = 0.2, c = 5.7, which turns once in 5.9 time units."""
    return _path(lambda x, y, z: (-y - z, x + 0.2 * y, 0.2 + z * (x - 5.7)), start, count, interval, steps)


def _path(
    slope: Callable[[float, float, float], State], start: State, count: int, interval: float, steps: int
) -> Points:
    h = interval / steps
    (x, y, z), path = start, []
    skipped = round(50 / interval)
    for sample in range(count + skipped):
        for _ in range(steps):
            a1, b1, c1 = slope(x, y, z)
            a2, b2, c2 = slope(x + h / 2 * a1, y + h / 2 * b1, z + h / 2 * c1)
            a3, b3, c3 = slope(x + h / 2 * a2, y + h / 2 * b2, z + h / 2 * c2)
            a4, b4, c4 = slope(x + h * a3, y + h * b3, z + h * c3)
            x += h / 6 * (a1 + 2 * (a2 + a3) + a4)
            y += h / 6 * (b1 + 2 * (b2 + b3) + b4)
            z += h / 6 * (c1 + 2 * (c2 + c3) + c4)
        if sample >= skipped:
            path.append((x, y, z))
    return np.array(path)
