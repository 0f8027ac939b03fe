"""The polynomial whose state is the sound, by its pitch, pressure and loudness: an encoder's outputs are its drives."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor

from ...types import Drives, Heads, Trajectory
from ..oscillator import Reading
from ..parameters import Parameters, parameter
from .normal_form import alpha_at, numerical_damping_correction
from .oscillator import Syrinx

MIDDLE_HZ = 1000.0
"""The pitch at a raw omega of 0, which counts octaves."""

MIDDLE_LOG10 = -1.0
"""log10 of the loudness at a raw w_00 of 0, which counts decades."""


@dataclass
class CycleGestures(Parameters):
    """What the encoder asks for, at the knots of the drives.

    pitch_hz  (B, T) of the cycle
    pressure  (B, T) 0 at rest, 1 singing
    loudness  (B, T) rms of v on the cycle
    """

    pitch_hz: Tensor = parameter("Hz", low=1.0, ratio=True, refine=0.01)
    pressure: Tensor = parameter("1", low=0.0, high=1.0)
    loudness: Tensor = parameter("full scale", low=0.0, ratio=True, refine=0.05)


class CyclePolynomial(Syrinx):
    """A polynomial that begins as the vocal organ's normal form, in units of the sound, under an encoder's outputs.

        tau^2 x'' = -beta x - gamma v - sum_ij a^(1 - i - j) w_ij x^i v^j,   the sound is v = tau x'
        f = 1 kHz 2^r_omega,   p = sigmoid(r_gamma),   loudness = 10^(r_00 - 1)
        a = softest^(1 - p) loudness^p / (rms of v at f)
        beta = pitch map of f,   w_00 = alpha_at(p, beta),   w_ij = fixed_ij + weight_reach tanh r_ij

    x / a runs on the cycle of `Syrinx`, so that a polynomial's pitch, loudness and ignition are drives of their own and
    what they have to be is in every recording; nothing multiplies the state on its way out. No pitch is tracked and no
    envelope followed: r are the raw outputs of an encoder, low-passed. With outputs of zero it sings 1 kHz at half its
    pressure. gamma is `numerical_damping_correction`. A loudness that varies is followed at the rate at which the cycle
    attracts. At rest the cycle is as small as it may be: the fixed point then lies next to where a cold start begins.

    softest     full scale, lowest loudness: a^-2, the weight of x^2 v, has to stay in single precision
    born_gamma  bias that the head of gamma begins with: at 0 an encoder that hears nothing yet is silent, at 3 it sings
    Arguments that are not listed, and errors, as `Syrinx`, without onset_db, slope_db, pressure_reach and
    pitch_reach_cents, which are the encoder's.
    """

    parameters_type = CycleGestures
    needs_analysis = False
    gives_loudness = True

    excess_order: Tensor

    def __init__(self, *, softest: float = 0.0005, born_gamma: float = 0.0, **settings: Any) -> None:
        super().__init__(**settings)
        if not 0 < softest < 1:
            raise ValueError(f"oscillator.softest is {softest}: use a loudness between 0 and 1 (full scale)")
        self.softest, self.born_gamma = softest, born_gamma
        power = torch.arange(self.degree + 1)
        self.register_buffer("excess_order", (power[:, None] + power - 1).float(), persistent=False)

    @torch.no_grad()
    def initialise_(self, heads: Heads) -> None:
        """Zero, but for the bias of gamma."""
        super().initialise_(heads)
        heads.gamma.bias.fill_(self.born_gamma)

    def encode(self, reading: Reading) -> Parameters:
        """Pitch, pressure and loudness of the raw outputs; analysis is not looked at."""
        loudness = torch.pow(10.0, reading.weights()[..., 0, 0] + MIDDLE_LOG10).clamp(self.softest, 1.0)
        return CycleGestures(MIDDLE_HZ * torch.exp2(reading.omega), torch.sigmoid(reading.gamma), loudness)

    def decode(self, parameters: Parameters, weights: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Stiffness beta, damping and weights in units of the sound; the source has no gain."""
        gestures = cast(CycleGestures, parameters)
        beta = self._look_up(gestures.pitch_hz, self.beta)
        own = self.fixed + self.weight_reach * torch.tanh(weights) * self.movable
        alpha = alpha_at(gestures.pressure, beta)
        own = torch.cat((alpha[..., None], own.flatten(-2)[..., 1:]), -1).view_as(own)
        softest = math.log(self.softest)
        log_loudness = softest + gestures.pressure * (gestures.loudness.clamp_min(self.softest).log() - softest)
        log_size = log_loudness - self._look_up(gestures.pitch_hz, self.log_rms)
        there = (self.fixed != 0) | self.movable
        there[0, 0] = True
        # of powers that are not there the scale would not be finite
        scale = torch.exp(-torch.where(there, self.excess_order, 0.0) * log_size[..., None, None])
        return beta, numerical_damping_correction(beta, self.step), own * scale, None

    def source(self, trajectory: Trajectory, drives: Drives) -> Tensor:
        """V itself: pressure behind the labia follows their velocity."""
        return trajectory.v

    def loudness(self, parameters: Parameters) -> Tensor:
        """The loudness itself."""
        return cast(CycleGestures, parameters).loudness

    def transposed(self, parameters: Parameters, factor: float) -> Parameters:
        """The pitch of the cycle; its loudness stays."""
        before = cast(CycleGestures, parameters)
        return replace(before, pitch_hz=factor * before.pitch_hz)

    def amplified(self, parameters: Parameters, factor: float) -> Parameters:
        """The loudness of the cycle; exact above `softest`."""
        before = cast(CycleGestures, parameters)
        return replace(before, loudness=factor * before.loudness)


def raw_pitch(octaves: Tensor) -> Tensor:
    """The raw omega of a pitch, log2 of Hz."""
    return octaves - math.log2(MIDDLE_HZ)


def raw_loudness(log10: Tensor) -> Tensor:
    """The raw w_00 of a loudness, log10 of full scale."""
    return log10 - MIDDLE_LOG10
