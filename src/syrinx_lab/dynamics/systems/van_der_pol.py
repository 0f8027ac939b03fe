"""Van der Pol's oscillator."""

from __future__ import annotations

from ..axes import DriveAxis
from .system import System, finite, positive


class VanDerPol(System):
    """x'' - mu (1 - x^2) x' + x = 0: the cycle is born at mu = 0 with amplitude 2, and turns into jumps as mu grows.

    T = 2 pi (1 + mu^2 / 16 + ...) for small mu, (3 - 2 ln 2) mu + ... for large.

    mu    damping, dimensionless
    tau   as `System`
    step  likewise; 0.5 / mu where that is less, since longer steps do not follow the jumps
    Source: Van der Pol (1926), On relaxation oscillations; Strogatz, Nonlinear Dynamics and Chaos, sections 7.5-7.6.
    """

    about = "relaxation oscillator"
    source = "Van der Pol (1926), On relaxation oscillations"
    axes = (DriveAxis("gamma"), DriveAxis("stiffness"))
    ranges = ((-1.5, 0.5), (-1.0, 3.0))

    def __init__(self, *, mu: float = 1.0, tau: float = 1.0, step: float = 0.05) -> None:
        self.mu = finite("mu", mu)
        super().__init__(tau=tau, step=min(positive("step", step), 0.5 / max(abs(self.mu), 1e-9)))

    def approach(self) -> tuple[float, ...]:
        """Gamma = 0.5, at rest."""
        return (0.5,)

    def coefficients(self) -> dict[str, float]:
        """k = 1, gamma = -mu, w_21 = mu."""
        return {"stiffness": 1.0, "gamma": -self.mu, "w_21": self.mu}
