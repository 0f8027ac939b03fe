"""A recurrence in the oscillator's place: the same drives of the same encoder, another map of the state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, cast

import torch
from torch import Tensor

from ..ode.control_rate import at_audio_rate
from ..ode.oscillator import Oscillator, Reading
from ..ode.parameters import Parameters, parameter
from ..ode.rollout import InitialValueProblem
from ..types import Drives, Trajectory
from .forcing import needed_share
from .pieces import Pull
from .recurrence import Recurrence

_MIDDLE_HZ = 1_000.0
_SOFTEST = 1e-4  # full scale


class MakeRecurrence(Protocol):
    """What makes the recurrence: two numbers are observed, and so many inputs drive it."""

    def __call__(self, observed: int, size: int, *, inputs: int) -> Recurrence: ...


@dataclass
class Heard(Parameters):
    """What a recurrence is driven by, beside the encoder's code.

    pitch_hz  (B, T) as it is heard
    loudness  (B, T) of the song
    """

    pitch_hz: Tensor = parameter("Hz", low=1.0, ratio=True, refine=0.01)
    loudness: Tensor = parameter("full scale", low=0.0, ratio=True, refine=0.05)


class DrivenRecurrence(Oscillator):
    """z_{t+1} = F(z_t, s_t), whose first two numbers are the sound and its slope, x and v = tau x'.

    s_t = (log2 of the pitch over 1 kHz, log10 of the loudness over 1e-4 by 4, the encoder's (P+1)^2 weights) lie where
    an oscillator's stiffness, damping and weights lie; every number of them is low-passed alike. In training the state
    may be pulled to the recording, `rollout.forcing_rate`: generalised teacher forcing. A start gives x and v; what
    else the state holds begins at a linear function of them.

    Args as `Oscillator`, and
        recurrence: called with (2, 2 + hidden, inputs=2 + (P+1)^2).
        hidden: numbers of the state beside x and v.
        scale: of x and v in the recurrence, full scale.

    Raises ValueError for numbers out of range, and as `Oscillator`.
    Source: Hess, Monfared, Brenner and Durstewitz (2023), ICML: inputs and forcing.
    """

    parameters_type = Heard
    state_is_observed = True
    needs_analysis = True
    nonlinear_maps = True
    gives_loudness = True
    gives_pitch = True
    is_polynomial = False

    def __init__(
        self,
        *,
        sample_rate: int,
        recurrence: MakeRecurrence,
        hidden: int = 0,
        scale: float = 0.1,
        degree: int = 2,
        keep_const: bool = True,
        tau: float | None = 1e-4,
    ) -> None:
        super().__init__(sample_rate=sample_rate, degree=degree, keep_const=keep_const, tau=tau)
        if hidden < 0 or not 0 < scale < float("inf"):
            raise ValueError(f"hidden is {hidden} and scale {scale}: use 0 or more, and full scale above 0")
        self.scale = scale
        self.recurrence = recurrence(2, 2 + hidden, inputs=2 + (degree + 1) ** 2)

    @property
    def state_is_whole(self) -> bool:
        """Whether there is nothing hidden."""
        return self.recurrence.size == 2

    def encode(self, reading: Reading) -> Parameters:
        """Pitch and loudness of what is heard."""
        assert reading.analytic is not None, "the model has an analyser where needs_analysis is set"
        return Heard(reading.analytic.pitch_hz, reading.analytic.envelope)

    def decode(self, parameters: Parameters, weights: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """The inputs; the source has no gain."""
        heard = cast(Heard, parameters)
        pitch = torch.log2(heard.pitch_hz.clamp_min(1.0) / _MIDDLE_HZ)
        return pitch, torch.log10(heard.loudness.clamp_min(0) / _SOFTEST + 1) / 4, weights, None

    def integrated(self, problem: InitialValueProblem, backend: str) -> Trajectory:
        """The run of the recurrence; compiled on a CPU, whatever the backend of polynomials is."""
        pull = None
        if problem.forcing is not None:
            seen = torch.stack((problem.forcing.x, problem.forcing.v), -1) / self.scale
            pull = Pull(seen, torch.full((problem.horizon,), problem.forcing.rate).to(seen))
        start = torch.stack(problem.ic, -1) / self.scale
        given = _inputs(problem.drives, problem.horizon)
        states = self.recurrence.run(start, problem.horizon, given, pull, problem.adjoint_decay)
        return Trajectory(self.scale * states[..., 0], self.scale * states[..., 1])

    def adaptive_rate(self, drives: Drives, x: Tensor, v: Tensor) -> float:
        """The share that undoes the largest stretching along the data, by the recurrence's Jacobians."""
        return needed_share(self.recurrence, torch.stack((x, v), -1) / self.scale, _inputs(drives, x.shape[1]))

    def source(self, trajectory: Trajectory, drives: Drives) -> Tensor:
        """X itself."""
        return trajectory.x

    def pitch_hz(self, drives: Drives) -> Tensor:
        """(B, T) Hz, the pitch that it is given."""
        return _MIDDLE_HZ * torch.exp2(drives.stiffness)

    def loudness(self, parameters: Parameters) -> Tensor:
        """The loudness that it is given."""
        return cast(Heard, parameters).loudness

    def sung_hz(self, parameters: Parameters) -> Tensor:
        """The pitch that it is given."""
        return cast(Heard, parameters).pitch_hz

    def transposed(self, parameters: Parameters, factor: float) -> Parameters:
        """Another pitch as input: what the recurrence makes of it, it has learned."""
        before = cast(Heard, parameters)
        return replace(before, pitch_hz=factor * before.pitch_hz)


def _inputs(drives: Drives, samples: int) -> Tensor:
    """(B, H, K) pitch, loudness and the encoder's weights at audio rate."""
    fine = at_audio_rate(drives, samples)
    return torch.cat((fine.stiffness[..., None], fine.gamma[..., None], fine.weights.flatten(2)), -1)
