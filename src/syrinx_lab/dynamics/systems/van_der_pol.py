"""Van der Pol's oscillator."""

from __future__ import annotations

from ..axes import DriveAxis
from .system import System, finite


class VanDerPol(System):
    """x'' - mu (1 - x^2) x' + x = 0: the cycle is born at mu = 0 with amplitude 2, and turns into jumps as mu grows.

    T = 2 pi (1 + mu^2 / 16 + ...) for small mu, (3 - 2 ln 2) mu + ... for large.

    mu  damping, dimensionless; tau, step as `System`
    Source: Van der Pol (1926), On relaxation oscillations; Strogatz, Nonlinear Dynamics and Chaos, sections 7.5-7.6.
    """

    about = "relaxation oscillator"
    source = "Van der Pol (1926), On relaxation oscillations"
    axes = (DriveAxis("gamma"), DriveAxis("stiffness"))
    ranges = ((-1.5, 0.5), (-1.0, 3.0))
    gesture_ends = (0.5, -1.5)

    def __init__(self, *, mu: float = 1.0, tau: float = 1.0, step: float = 0.05) -> None:
        super().__init__(tau=tau, step=step)
        self.mu = finite("mu", mu)

    def coefficients(self) -> dict[str, float]:
        """k = 1, gamma = -mu, w_21 = mu."""
        return {"stiffness": 1.0, "gamma": -self.mu, "w_21": self.mu}
