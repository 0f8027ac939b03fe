"""A clip as a model sings it from a cold start, with all that is needed to sing it again with something changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..controls.analytic import AnalyticControls
from ..dynamics.response import Course, orbit_size
from ..encoded import Encoded
from ..model import Ouroboros
from ..ode.parameters import Parameters, Radiation
from ..ode.sides import source_of
from ..transfer import normal
from ..types import Controls, Drives, Trajectory
from .clips import Clip

_STILL = 1e-5  # of the state
_DRIFTS = 1e-2  # of how far it rests from the origin: a resting point that the drives move is no orbit
_UNHEARD = 1e-2  # of the bird's rms: 40 dB below
_LARGEST = 2**23  # numbers in the weights of a batch that is sung at once


@dataclass(frozen=True, eq=False)
class Performance:
    """One unperturbed performance of a clip of H samples, on the CPU.

    x, dx       (1, H) what was heard
    controls    what the encoder gave, raw;  analytic  what the analyser gave, or None
    encoded     what was sung from;  drives  what followed
    start       x and v (1,) at the first sample
    excitation  of the breath, (2, 1, H), the same for every performance; None without noise
    course      state, source and sound as sung, float64
    size        rms size of the orbit within the syllable
    """

    model: Ouroboros
    clip: Clip
    x: Tensor
    dx: Tensor
    controls: Controls
    analytic: AnalyticControls | None
    encoded: Encoded
    drives: Drives
    start: tuple[Tensor, Tensor]
    excitation: Tensor | None
    course: Course
    size: float

    @classmethod
    @torch.no_grad()
    def of(cls, model: Ouroboros, clip: Clip, *, ic_noise_rms: float = 1e-3, seed: int = 0) -> Performance:
        """Let a model, in evaluation mode and on the CPU, sing a clip.

        ic_noise_rms  of x and v at the start, dimensionless
        seed          of the start and of the breath, drawn as `takes.perform` draws them
        """
        x, dx = (torch.as_tensor(y)[None] for y in (clip.x, clip.dx))
        analytic = model.analytic(x)
        controls = model.encoder(x, model.velocity(dx), analytic)
        encoded = model.encoded(controls, analytic, [clip.bird])
        drives = model.decode(encoded)
        generator = torch.Generator().manual_seed(seed)
        noise = normal((2, 1), generator, drives.gamma) * ic_noise_rms
        start = noise[0], noise[1]
        trajectory = model.sing(drives, start, len(clip.x))
        excitation = model.excitation(trajectory.x, generator)
        course = next(_courses(model, drives, trajectory, excitation))
        size = orbit_size(course.x[clip.onset : clip.offset], course.v[clip.onset : clip.offset])
        return cls(model, clip, x, dx, controls, analytic, encoded, drives, start, excitation, course, size)

    @property
    def interval_ms(self) -> float:
        """Ms from sample to sample."""
        return 1e3 / self.model.sample_rate

    @property
    def silent(self) -> bool:
        """Whether there is no orbit to perturb: the state diverged, or rests within the syllable, as on its clamp.

        It rests where the orbit is smaller than 1 % of its distance from the origin, as one that only follows the
        drives; and where the sound lies 40 dB below the bird's, as one that dies away from where it was put.
        """
        within = slice(self.clip.onset, self.clip.offset)
        rest = float(np.abs(self.course.x[within]).mean()) if self.size else 0.0
        if not self.size > max(_STILL, _DRIFTS * rest):
            return True
        return bool(self.course.sound[within].std() < _UNHEARD * self.clip.x[within].std())

    @torch.no_grad()
    def sung_again(self, drives: Drives) -> Iterator[Course]:
        """The course under every item of other drives (B, T) from the same start, a few at a time."""
        for piece in _pieces(drives, len(self.clip.x)):
            count = len(piece.gamma)
            start = self.start[0].expand(count), self.start[1].expand(count)
            yield from _courses(self.model, piece, self.model.sing(piece, start, len(self.clip.x)), self.excitation)

    @torch.no_grad()
    def sung_from(self, sample: int, x: float, v: float) -> Course:
        """The course with another state put in at a sample that is a multiple of the drives' hop.

        Raises ValueError for an oscillator with two sides.
        """
        if self.drives.second is not None:
            raise ValueError("a state is put into an oscillator with one side: use oscillator=syrinx_loudness")
        length = len(self.clip.x) - sample
        rest = self.drives.window(torch.tensor([sample]), length)
        state = torch.tensor([[x], [v]]).to(self.drives.gamma)
        end = self.model.sing(rest, (state[0], state[1]), length)
        before = (torch.from_numpy(y[:sample]).to(state)[None] for y in (self.course.x, self.course.v))
        joined_x, joined_v = (torch.cat(parts, 1) for parts in zip(before, (end.x, end.v)))
        whole = Trajectory(joined_x, joined_v)
        return next(_courses(self.model, self.drives, whole, self.excitation))

    def parameters(self, count: int) -> Parameters:
        """`count` copies of the oscillator's parameters, to change."""
        return self.encoded.oscillator.each(lambda y: y.expand(count, *y.shape[1:]).clone())

    def encoded_with(self, parameters: Parameters) -> Encoded:
        """What was encoded, with other parameters (B, T)."""
        count = len(next(iter(parameters.named().values())))
        return replace(
            self.encoded,
            oscillator=parameters,
            weight_code=self.encoded.weight_code.expand(count, -1, -1),
            radiation=self.encoded.radiation.each(lambda y: y.expand(count, *y.shape[1:])),
        )

    def encoded_from(self, controls: Controls) -> Encoded:
        """What follows from other raw controls (B, T) of the same recording."""
        count = len(controls.omega)
        analytic = self.analytic
        if analytic is not None:
            named: dict[str, Any] = {f.name: getattr(analytic, f.name) for f in fields(analytic)}
            wide = {name: y.expand(count, *y.shape[1:]) for name, y in named.items() if isinstance(y, Tensor)}
            analytic = AnalyticControls(**named | wide)
        return self.model.encoded(controls, analytic, [self.clip.bird])


def _pieces(drives: Drives, samples: int) -> Iterator[Drives]:
    """The items of a batch, as many at a time as fit."""
    each = drives.weights[0].numel()
    most = max(1, _LARGEST // max(each, samples))
    for first in range(0, len(drives.gamma), most):
        part = slice(first, first + most)
        yield drives.each(lambda y, part=part: y[part])  # type: ignore[misc]


def _courses(model: Ouroboros, drives: Drives, trajectory: Trajectory, excitation: Tensor | None) -> Iterator[Course]:
    """State, source and sound of every item; the breath is the same for all."""
    source = source_of(model.oscillator, trajectory, drives)
    noise = None if excitation is None else excitation.expand(-1, len(source), -1)
    sound = model.sound(source, Radiation.of(drives), drives.hop, noise)
    for several in zip(trajectory.x, trajectory.v, source, sound):
        yield Course(*(y.detach().double().numpy() for y in several))
