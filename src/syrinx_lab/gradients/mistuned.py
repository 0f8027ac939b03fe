"""Clips whose drives are known, to be sung with an error in pitch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from ..controls.analytic import AnalyticControls
from ..ode.oscillator import Oscillator, Reading
from ..ode.parameters import Parameters
from ..ode.sides import last_state, source_of, sung
from ..types import Drives, Prediction, Trajectory, knot_count

_AMPLITUDE = 0.1  # rms of what is sung, full scale
_BACKGROUND = 1e-4
_WARM_UP = 441  # samples of spin-up before a clip


@dataclass
class MistunedClips:
    """N clips in the middle of a syllable, each with the parameters that sing it and the sound that is wanted.

    oscillator  sings
    parameters  (N, T) at knots `hop` samples apart: those that are right
    target      (N, H) the sound that is wanted
    pitch_hz    (N,) pitch in the middle of each
    hop         samples
    backend     of the rollouts
    """

    oscillator: Oscillator
    parameters: Parameters
    target: Tensor
    pitch_hz: Tensor
    hop: int
    backend: str = "auto"

    def repeated(self, times: int) -> MistunedClips:
        """Every clip `times` times, one copy after the other: (N times, ...)."""
        return self.taken(torch.arange(len(self.target)).repeat_interleave(times))

    def taken(self, clips: Tensor) -> MistunedClips:
        """Those of some numbers (M,), in that order."""
        parameters = self.parameters.each(lambda y: y[clips])
        return MistunedClips(
            self.oscillator, parameters, self.target[clips], self.pitch_hz[clips], self.hop, self.backend
        )

    def sing(self, cents: Tensor, damping: float = 0.0) -> Prediction:
        """What is sung with the pitch off by `cents` (N,), differentiable in them, beside the target.

        damping  is added to gamma, dimensionless
        Raises ValueError where the oscillator cannot be transposed.
        """
        factor = torch.exp2(cents / 1200)[:, None]
        wrong = self.oscillator.transposed(self.parameters, cast(Any, factor))
        drives = driven(self.oscillator, wrong, self.hop, damping)
        trajectory, output = _run(self.oscillator, drives, self.target.shape[1], self.backend)
        return Prediction(None, torch.zeros_like(self.target), drives, output, self.target, trajectory)


def simulated(
    oscillator: Oscillator,
    count: int,
    horizon: int,
    hop: int,
    pitch_hz: tuple[float, float],
    sweep_octaves: float,
    snr_db: float | None,
    generator: torch.Generator,
    backend: str = "auto",
) -> MistunedClips:
    """Clips that the oscillator itself sang: pitches even on a logarithmic scale, each with a sweep of its own.

    count          N
    horizon        H, samples
    pitch_hz       (lowest, highest) pitch in the middle of a clip, Hz
    sweep_octaves  the pitch moves by up to so many octaves either way over a clip, evenly
    snr_db         of the target over white noise, dB; None: none
    generator      of sweeps and noise
    Raises ValueError for an oscillator that does not sing what is heard.
    """
    knots = knot_count(horizon, hop)
    middle = torch.logspace(math.log2(pitch_hz[0]), math.log2(pitch_hz[1]), count, base=2.0)
    slope = sweep_octaves * (2 * torch.rand(count, 1, generator=generator) - 1)
    course = middle[:, None] * torch.exp2(slope * torch.linspace(-0.5, 0.5, knots))
    clips = _clips(oscillator, course, torch.full_like(course, _AMPLITUDE), hop, torch.zeros(count, horizon), backend)
    with torch.no_grad():
        target = clips.sing(torch.zeros(count)).output
    assert target is not None
    if snr_db is not None:
        noise = torch.randn(target.shape, generator=generator)
        target = target + noise * target.std(1, keepdim=True) * 10 ** (-snr_db / 20)
    clips.target = target
    return clips


def recorded(oscillator: Oscillator, sounds: Tensor, heard: AnalyticControls, backend: str = "auto") -> MistunedClips:
    """Clips of recordings (N, H) under what was heard in them: right is the pitch that was tracked.

    Raises ValueError for an oscillator that does not sing what is heard.
    """
    return _clips(oscillator, heard.pitch_hz, heard.envelope, heard.hop, sounds, backend)


def driven(oscillator: Oscillator, parameters: Parameters, hop: int, damping: float = 0.0) -> Drives:
    """The drives that follow from parameters (N, T), with raw weights of zero and more damping."""
    like = next(iter(parameters.named().values()))
    weights = like.new_zeros(*like.shape[:2], oscillator.degree + 1, oscillator.degree + 1)
    stiffness, gamma, weights, gain = oscillator.decode(parameters, weights)
    return Drives(stiffness, gamma + damping, weights, hop, gain=gain)


def _clips(
    oscillator: Oscillator, pitch_hz: Tensor, envelope: Tensor, hop: int, target: Tensor, backend: str
) -> MistunedClips:
    if not oscillator.needs_analysis:
        raise ValueError(
            f"oscillator is {type(oscillator).__name__}, whose pitch is not read off a recording: use oscillator=syrinx"
        )
    nothing = torch.zeros_like(pitch_hz)
    size = oscillator.degree + 1
    heard = AnalyticControls(pitch_hz, torch.ones_like(pitch_hz), torch.ones_like(pitch_hz), envelope, hop)
    reading = Reading(
        nothing, nothing, lambda: nothing.new_zeros(*nothing.shape, size, size), heard, torch.tensor(_BACKGROUND)
    )
    middle = pitch_hz[:, pitch_hz.shape[1] // 2]
    return MistunedClips(oscillator, oscillator.encode(reading), target, middle, hop, backend)


def _run(oscillator: Oscillator, drives: Drives, horizon: int, backend: str) -> tuple[Trajectory, Tensor]:
    """The state and the source over `horizon` samples, from a state that has sung under the first drives."""
    count = len(drives.gamma)
    with torch.no_grad():
        start = (drives.gamma.new_full((count,), 0.1), drives.gamma.new_zeros(count))
        start = last_state(sung(oscillator, drives.held(_WARM_UP), start, _WARM_UP, backend))
    trajectory = sung(oscillator, drives, start, horizon, backend)
    return trajectory, source_of(oscillator, trajectory, drives)
