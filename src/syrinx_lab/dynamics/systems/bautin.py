"""Rest and song side by side: a subcritical Hopf bifurcation and the fold of its two cycles."""

from __future__ import annotations

from ..axes import DriveAxis
from .system import System, finite


class Bautin(System):
    """x'' = -x + (mu + 2 r - r^2) x', r = x^2 + x'^2: cycles of amplitude a where mu + 2 a^2 - a^4 = 0.

    a^2 = 1 +- sqrt(1 + mu): between mu = -1 and 0 an unstable cycle lies between rest and a stable one, so that the
    sound that has begun at mu = 0 ends at mu = -1. The period is 2 pi throughout, the multiplier of the cycle
    exp(4 pi a^2 (1 - a^2)).

    mu         dimensionless; tau, step as `System`
    Source: Guckenheimer and Holmes (1983), Nonlinear Oscillations, section 7.1; Bautin (1949).
    """

    about = "hysteresis: a subcritical Hopf bifurcation and a fold of cycles"
    source = "Bautin (1949)"
    axes = (DriveAxis("gamma"), DriveAxis("stiffness"))
    ranges = ((-0.5, 1.5), (0.5, 2.0))

    def __init__(self, *, mu: float = -0.5, tau: float = 1.0, step: float = 0.05) -> None:
        super().__init__(tau=tau, step=step)
        self.mu = finite("mu", mu)

    def approach(self) -> tuple[float, ...]:
        """From where there is no cycle to where rest repels, so that the cycle is reached, and then to the own mu."""
        return (1.1, -0.5)

    def coefficients(self) -> dict[str, float]:
        """Gamma = -mu, and -(2 r - r^2) v written out."""
        return {
            "stiffness": 1.0,
            "gamma": -self.mu,
            "w_21": -2.0,
            "w_03": -2.0,
            "w_41": 1.0,
            "w_23": 2.0,
            "w_05": 1.0,
        }
