"""A known system from outside: Duffing's two wells."""

from __future__ import annotations

from syrinx_lab.dynamics.axes import DriveAxis
from syrinx_lab.dynamics.systems.system import System, finite


class Duffing(System):
    about, source = "two wells, damped", "Duffing (1918)"
    axes = DriveAxis("stiffness"), DriveAxis("gamma")
    ranges = (-2.0, 2.0), (-0.5, 0.5)

    def __init__(self, *, damping: float = 0.1, tau: float = 1.0, step: float = 0.05) -> None:
        super().__init__(tau=tau, step=step)
        self.damping = finite("damping", damping)

    def coefficients(self) -> dict[str, float]:
        return {"stiffness": -1.0, "gamma": self.damping, "w_30": 1.0}
