"""The vocal organ driven by two numbers a knot: pitch and loudness, from which pressure and gain follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor

from ..oscillator import Reading
from ..parameters import Parameters, parameter
from .oscillator import Gestures, Syrinx


@dataclass
class LoudGestures(Parameters):
    """What the bird does, at the knots of the drives, as it is heard.

    pitch_hz    (B, T) the pitch that the tension is set for
    loudness    (B, T) of the song
    background  (B, T) of the recording, which does not vary: where the pressure begins
    gamma       (B, T) raw departure of the damping
    """

    pitch_hz: Tensor = parameter("Hz", low=1.0, ratio=True, refine=0.01)
    loudness: Tensor = parameter("full scale", low=0.0, ratio=True, refine=0.05)
    background: Tensor = parameter("full scale", low=0.0, ratio=True)
    gamma: Tensor = parameter("1")


class LoudnessSyrinx(Syrinx):
    """`Syrinx` whose pressure and gain are not numbers of their own: both follow from the loudness.

    With nothing learned `Syrinx` reads them off the loudness as well; here the loudness is what is given, and they are
    computed where the drives are, so that two numbers a knot sing. They cannot be edited apart. Arguments and errors as
    `Syrinx`.
    """

    parameters_type = LoudGestures
    gives_loudness = True

    def encode(self, reading: Reading) -> Parameters:
        """Pitch and loudness of what is heard, with the encoder's departures."""
        analytic, background = reading.analytic, reading.background
        assert analytic is not None, "the model has an analyser where needs_analysis is set"
        assert background is not None
        pitch = analytic.pitch_hz * torch.exp2(self.pitch_reach_cents / 1200 * torch.tanh(reading.omega))
        return LoudGestures(pitch, analytic.envelope, background.expand_as(pitch), reading.gamma)

    def decode(self, parameters: Parameters, weights: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Stiffness beta, damping, weights within their reach of the normal form, and gain."""
        given = cast(LoudGestures, parameters)
        pressure = self.pressure(given.loudness, given.background, weights[..., 0, 0])
        gain = self.gain(given.loudness, given.pitch_hz)
        return super().decode(Gestures(given.pitch_hz, pressure, gain, given.gamma), weights)

    def loudness(self, parameters: Parameters) -> Tensor:
        """The loudness itself."""
        return cast(LoudGestures, parameters).loudness

    def transposed(self, parameters: Parameters, factor: float) -> Parameters:
        """The pitch that the tension is set for; the gain that keeps the loudness follows."""
        before = cast(LoudGestures, parameters)
        return replace(before, pitch_hz=factor * before.pitch_hz)

    def amplified(self, parameters: Parameters, factor: float) -> Parameters:
        """Loudness and background alike, so that the pressure stays; exact."""
        before = cast(LoudGestures, parameters)
        return replace(before, loudness=factor * before.loudness, background=factor * before.background)

    def out_of_reach(self, parameters: Parameters) -> tuple[float, str]:
        """The share of the song, where pressure is above a half, whose pitch lies beyond `pitch_range_hz`."""
        given = cast(LoudGestures, parameters)
        none = torch.zeros_like(given.pitch_hz)
        pressure = self.pressure(given.loudness, given.background, none)
        return super().out_of_reach(Gestures(given.pitch_hz, pressure, none, none))
