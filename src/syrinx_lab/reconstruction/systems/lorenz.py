"""Lorenz's convection: two lobes, and chance in which comes next."""

from __future__ import annotations

import numpy as np

from .flow import Array, Flow


class Lorenz(Flow):
    """x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z.

    interval  of the samples, in the system's unit of time; 0.01 in the published reconstructions
    Source: Lorenz (1963), J. Atmos. Sci. 20, 130; exponents of the classic parameters: Sprott (2003), Chaos and
    time-series analysis.
    """

    about = "convection, two lobes"
    source = "Lorenz (1963)"
    start = (1.0, 1.0, 25.0)

    def __init__(self, *, sigma: float = 10.0, rho: float = 28.0, beta: float = 8 / 3, interval: float = 0.01) -> None:
        super().__init__(interval)
        self.sigma, self.rho, self.beta = sigma, rho, beta
        if (sigma, rho, beta) == (10.0, 28.0, 8 / 3):
            self.lyapunov = (0.9056, 0.0, -14.5723)

    def rate(self, y: Array) -> Array:
        """(3,)."""
        a, b, c = y
        return np.array([self.sigma * (b - a), a * (self.rho - c) - b, a * b - self.beta * c])
