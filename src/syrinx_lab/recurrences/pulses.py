"""The source of a source-filter synthesiser: harmonics of the pitch, all alike, and no dynamics."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from ..ode.control_rate import interpolate
from ..ode.oscillator import Oscillator, Reading
from ..ode.parameters import Parameters
from ..ode.rollout import InitialValueProblem
from ..types import Drives, Trajectory
from .driven import Heard

_TOP = 0.45  # of the sample rate


class Pulses(Oscillator):
    """s(t) = g(t) sum_k m_k cos(k phi(t)),   phi' = 2 pi f(t), f the pitch, sqrt(2) g its loudness over sqrt(K).

    x = cos(phi), v = sin(phi): a clock that is set by a number, neither excited nor damped by itself. K harmonics lie
    below 0.45 of the sample rate; m_k is 1, and falls to 0 over the last one. What an encoder adds frame by frame to
    tract and noise makes it a vocoder.

    Args:
        sample_rate: Hz.
        harmonics: K, at most.
        degree, keep_const: of the encoder's weights, which are not used.

    Raises ValueError for no harmonic, and as `Oscillator`.
    Source: Fant (1960), Acoustic theory of speech production; the sum of harmonics as in Engel et al. (2020), DDSP.
    """

    parameters_type = Heard
    state_is_observed = False
    needs_analysis = True
    nonlinear_maps = True
    gives_loudness = True
    gives_pitch = True
    is_polynomial = False

    def __init__(self, *, sample_rate: int, harmonics: int = 40, degree: int = 1, keep_const: bool = True) -> None:
        super().__init__(sample_rate=sample_rate, degree=degree, keep_const=keep_const)
        if harmonics < 1:
            raise ValueError(f"harmonics is {harmonics}: use 1 or more")
        self.harmonics = harmonics

    def encode(self, reading: Reading) -> Parameters:
        """Pitch and loudness of what is heard."""
        assert reading.analytic is not None, "the model has an analyser where needs_analysis is set"
        return Heard(reading.analytic.pitch_hz, reading.analytic.envelope)

    def decode(self, parameters: Parameters, weights: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Stiffness (2 pi f tau)^2, no damping, no weights, and the gain."""
        heard = cast(Heard, parameters)
        count = (_TOP * self.sample_rate / heard.pitch_hz).clamp(1, self.harmonics)
        gain = heard.loudness * (2 / count).sqrt()
        return (
            (2 * math.pi * self.tau * heard.pitch_hz) ** 2,
            torch.zeros_like(gain),
            torch.zeros_like(weights),
            gain,
        )

    def integrated(self, problem: InitialValueProblem, backend: str) -> Trajectory:
        """The phase by adding up the pitch, in float64."""
        hz = self.pitch_hz(problem.drives)
        turn = interpolate(hz, problem.drives.hop, problem.horizon).double() / self.sample_rate
        first = torch.atan2(problem.ic[1], problem.ic[0]).double()[:, None]
        phase = first + 2 * math.pi * (turn.cumsum(1) - turn)
        return Trajectory(torch.cos(phase).to(hz), torch.sin(phase).to(hz))

    def source(self, trajectory: Trajectory, drives: Drives) -> Tensor:
        """The sum of harmonics, by cos((k + 1) phi) = 2 cos(phi) cos(k phi) - cos((k - 1) phi) of Chebyshev."""
        samples = trajectory.x.shape[1]
        assert drives.gain is not None
        gain, hz = (interpolate(y, drives.hop, samples) for y in (drives.gain, self.pitch_hz(drives)))
        size = trajectory.x.square() + trajectory.v.square()  # 0 where the state is silenced
        before, now, total = torch.ones_like(trajectory.x), trajectory.x, torch.zeros_like(trajectory.x)
        for k in range(1, self.harmonics + 1):
            total = total + now * (_TOP * self.sample_rate / hz - k + 1).clamp(0, 1)
            before, now = now, 2 * trajectory.x * now - before
        return gain * size * total

    def loudness(self, parameters: Parameters) -> Tensor:
        """The loudness itself."""
        return cast(Heard, parameters).loudness

    def sung_hz(self, parameters: Parameters) -> Tensor:
        """The pitch itself."""
        return cast(Heard, parameters).pitch_hz

    def transposed(self, parameters: Parameters, factor: float) -> Parameters:
        """The pitch, and a gain that keeps the loudness."""
        before = cast(Heard, parameters)
        return replace(before, pitch_hz=factor * before.pitch_hz)

    def amplified(self, parameters: Parameters, factor: float) -> Parameters:
        """The loudness."""
        before = cast(Heard, parameters)
        return replace(before, loudness=factor * before.loudness)
