"""The unfolding of Bogdanov and Takens' point: all of saddle-node, Hopf and homoclinic bifurcations in one plane."""

from __future__ import annotations

from ..axes import DriveAxis
from .system import System, finite


class BogdanovTakens(System):
    """x'' = b_1 + b_2 x + x^2 - x x', the smallest system with the three bifurcations that light a syllable.

        saddle-node  4 b_1 = b_2^2
        Hopf         b_1 = 0, b_2 < 0, at x = 0
        homoclinic   b_1 = -(6/25) b_2^2 + O(b_2^3), b_2 < 0

    b_1, b_2   dimensionless; tau, step as `System`
    Source: Kuznetsov (2004), Elements of Applied Bifurcation Theory, section 8.4, theorem 8.4 with s = -1.
    """

    about = "where saddle-node, Hopf and homoclinic bifurcations meet"
    source = "Bogdanov (1975); Takens (1974)"
    axes = (DriveAxis("w_00"), DriveAxis("stiffness"))
    ranges = ((-0.04, 0.04), (-0.1, 0.5))

    def __init__(self, *, b_1: float = -0.005, b_2: float = -0.2, tau: float = 1.0, step: float = 0.05) -> None:
        super().__init__(tau=tau, step=step)
        self.b_1, self.b_2 = finite("b_1", b_1), finite("b_2", b_2)

    def approach(self) -> tuple[float, ...]:
        """Half the way from the Hopf bifurcation to the saddle-node, where rest attracts."""
        return (-(self.b_2**2) / 8,)

    def coefficients(self) -> dict[str, float]:
        """k = -b_2, w_00 = -b_1, w_20 = -1, w_11 = 1."""
        return {"stiffness": -self.b_2, "w_00": -self.b_1, "w_20": -1.0, "w_11": 1.0}
