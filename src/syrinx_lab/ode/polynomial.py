"""The published polynomial oscillator: the encoder's outputs are its drives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from torch import Tensor

from ..types import Drives, Trajectory
from .oscillator import Oscillator, Reading
from .parameters import Parameters, parameter


@dataclass
class PolynomialParameters(Parameters):
    """What the polynomial oscillator is driven by, beside its weights.

    stiffness  (B, T) linear coefficient: omega^2, or any sign
    gamma      (B, T) damping
    """

    stiffness: Tensor = parameter("1")
    gamma: Tensor = parameter("1")


class Polynomial(Oscillator):
    """tau^2 x'' = -k x - gamma v - sum_ij w_ij x^i v^j, whose state x is the sound.

    k = omega^2 with stiffness "squared", where omega is not negative, or omega itself, of any sign, with "signed".

    Args as `Oscillator`, and
        stiffness: "squared" or "signed".

    Raises ValueError for another stiffness, and as `Oscillator`.
    Source: the polynomial Ouroboros, design section 1.
    """

    parameters_type = PolynomialParameters
    state_is_observed = True
    needs_analysis = False
    nonlinear_maps = False

    def __init__(
        self,
        *,
        sample_rate: int,
        degree: int = 15,
        keep_const: bool = True,
        stiffness: str = "squared",
        tau: float | None = None,
        clamp_x: float | None = 0.5,
        clamp_v: float | None = 1.0,
    ) -> None:
        if stiffness not in ("squared", "signed"):
            raise ValueError(f"oscillator.stiffness is {stiffness!r}: use squared or signed")
        super().__init__(
            sample_rate=sample_rate, degree=degree, keep_const=keep_const, tau=tau, clamp_x=clamp_x, clamp_v=clamp_v
        )
        self.stiffness = stiffness

    def rectify(self, omega: Tensor) -> Tensor:
        """|omega| before the low-pass where it will be squared: its sign means nothing."""
        return omega.abs() if self.stiffness == "squared" else omega

    def encode(self, reading: Reading) -> PolynomialParameters:
        """Omega squared or as it is, and gamma."""
        omega = reading.omega
        return PolynomialParameters(omega.square() if self.stiffness == "squared" else omega, reading.gamma)

    def decode(self, parameters: Parameters, weights: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """The parameters and weights themselves; the source has no gain."""
        own = cast(PolynomialParameters, parameters)
        return own.stiffness, own.gamma, weights, None

    def source(self, trajectory: Trajectory, drives: Drives) -> Tensor:
        """X itself."""
        return trajectory.x

    def transposed(self, parameters: Parameters, factor: float) -> PolynomialParameters:
        """Stiffness by the square of the factor: exact for small oscillations, approximate for large ones."""
        own = cast(PolynomialParameters, parameters)
        return replace(own, stiffness=factor**2 * own.stiffness)
