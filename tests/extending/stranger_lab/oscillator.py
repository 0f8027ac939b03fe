"""A physical oscillator: van der Pol's, at the pitch and loudness that are heard."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor

from syrinx_lab.ode.control_rate import interpolate
from syrinx_lab.ode.oscillator import Oscillator, Reading
from syrinx_lab.ode.parameters import Parameters, parameter
from syrinx_lab.types import Drives, Heads, Trajectory


@dataclass
class Wind(Parameters):
    """pitch_hz  (B, T) of small oscillations;  drive  (B, T) 0 at rest, 1 singing;  gain  (B, T) of the source."""

    pitch_hz: Tensor = parameter("Hz", low=20.0, high=20_000.0)
    drive: Tensor = parameter("1", low=0.0, high=1.0)
    gain: Tensor = parameter("full scale per unit of x", low=0.0)


class VanDerPol(Oscillator):
    """tau^2 x'' = -k x - mu (1 - 2 d) v - mu x^2 v, k = (2 pi f tau)^2: at d = 1 the amplitude of x is 2.

    mu  growth rate in rescaled time, dimensionless
    """

    parameters_type = Wind
    state_is_observed = False
    needs_analysis = True
    nonlinear_maps = True

    def __init__(
        self, *, sample_rate: int, degree: int = 3, keep_const: bool = False, mu: float = 0.05, spin_up_ms: float = 5.0
    ) -> None:
        super().__init__(sample_rate=sample_rate, degree=degree, keep_const=keep_const, spin_up_ms=spin_up_ms)
        self.mu = mu

    def initialise_(self, heads: Heads) -> None:
        with torch.no_grad():
            for head in (heads.omega, heads.gamma, heads.weights):
                head.weight.zero_()
                head.bias.zero_()

    def encode(self, reading: Reading) -> Wind:
        heard = reading.analytic
        drive = torch.sigmoid(20 * torch.log10((heard.envelope + 1e-6) / (reading.background + 1e-6)) - 12)
        return Wind(heard.pitch_hz * torch.exp2(0.1 * torch.tanh(reading.omega)), drive, heard.envelope / math.sqrt(2))

    def decode(self, parameters: Parameters, weights: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        wind = cast(Wind, parameters)
        fixed = torch.zeros_like(weights)
        fixed[..., 2, 1] = self.mu
        stiffness = (2 * math.pi * self.tau * wind.pitch_hz) ** 2
        return stiffness, self.mu * (1 - 2 * wind.drive), fixed + 0.001 * torch.tanh(weights), wind.gain

    def source(self, trajectory: Trajectory, drives: Drives) -> Tensor:
        return interpolate(drives.gain, drives.hop, trajectory.x.shape[1]) * trajectory.x

    def transposed(self, parameters: Parameters, factor: float) -> Wind:
        return replace(cast(Wind, parameters), pitch_hz=factor * cast(Wind, parameters).pitch_hz)

    def amplified(self, parameters: Parameters, factor: float) -> Wind:
        return replace(cast(Wind, parameters), gain=factor * cast(Wind, parameters).gain)
