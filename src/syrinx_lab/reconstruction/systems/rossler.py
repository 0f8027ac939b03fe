"""Roessler's band: a spiral that is folded back upon itself."""

from __future__ import annotations

import numpy as np

from .flow import Array, Flow


class Rossler(Flow):
    """x' = -y - z, y' = x + a y, z' = b + z (x - c).

    interval  of the samples, in the system's unit of time
    Source: Roessler (1976), Phys. Lett. A 57, 397; exponents of a = b = 0.2, c = 5.7: Sprott (2003), Chaos and
    time-series analysis.
    """

    about = "a folded band"
    source = "Roessler (1976)"
    start = (-5.0, -5.0, 0.1)

    def __init__(self, *, a: float = 0.2, b: float = 0.2, c: float = 5.7, interval: float = 0.08) -> None:
        super().__init__(interval)
        self.a, self.b, self.c = a, b, c
        if (a, b, c) == (0.2, 0.2, 5.7):
            self.lyapunov = (0.0714, 0.0, -5.3943)

    def rate(self, y: Array) -> Array:
        """(3,)."""
        one, two, three = y
        return np.array([-two - three, one + self.a * two, self.b + three * (one - self.c)])
