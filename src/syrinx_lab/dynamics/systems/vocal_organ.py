"""The normal form of the avian vocal organ at one pressure and tension."""

from __future__ import annotations

from ..axes import DriveAxis
from .system import System, finite


class VocalOrgan(System):
    """x'' = -beta x - alpha + x^2 - x^3 - (x + x^2 + gamma) x', the labia under pressure alpha and tension beta.

    Fixed points solve alpha = x^2 - x^3 - beta x. With gamma = 0:

        Hopf         alpha = 0, beta > 0, at x = 0
        saddle-node  alpha = 2 x^3 - x^2, beta = 2 x - 3 x^2: the pair meets at x; on a circle above alpha of about 0.08
        both meet    at alpha = beta = 0 (Bogdanov and Takens)

    alpha, beta  dimensionless; at alpha = 0.15 the cycle is born at beta = -0.00277 on a circle
    gamma        further damping, dimensionless
    tau          s, 1 / 24000 as of the zebra finch; step as `System`, by default that of 44.1 kHz
    Source: Sitt, Amador, Goller and Mindlin (2008), Phys. Rev. E 78, 011905; Amador, Perl, Mindlin and Margoliash
    (2013), Nature 495.
    """

    about = "labia of the songbird under pressure and tension"
    source = "Sitt, Amador, Goller and Mindlin (2008); Amador, Perl, Mindlin and Margoliash (2013)"
    axes = (DriveAxis("w_00"), DriveAxis("stiffness"))
    ranges = ((-0.05, 0.2), (-0.1, 0.4))

    def __init__(
        self,
        *,
        alpha: float = 0.15,
        beta: float = 0.1,
        gamma: float = 0.0,
        tau: float = 1 / 24_000,
        step: float = 24_000 / 44_100,
    ) -> None:
        super().__init__(tau=tau, step=step)
        self.alpha, self.beta, self.gamma = finite("alpha", alpha), finite("beta", beta), finite("gamma", gamma)

    def coefficients(self) -> dict[str, float]:
        """k = beta, w_00 = alpha, w_20 = -1, w_30 = w_11 = w_21 = 1."""
        fixed = {"w_20": -1.0, "w_30": 1.0, "w_11": 1.0, "w_21": 1.0}
        return {"stiffness": self.beta, "gamma": self.gamma, "w_00": self.alpha, **fixed}
