"""Multiple shooting: many short rollouts, each from a state of its own, that shall join."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..ode.control_rate import interpolate
from ..ode.sides import last_state, source_of
from ..ode.sides import sung as run
from ..types import Drives
from .method import BETAS, Method
from .mistuned import MistunedClips, driven

_SHORTEST = 8  # samples of a segment


class Shooting(Method):
    """Adam on the pitch and on the states at which segments begin, by their sound and the gaps between them.

        L = sum_t (y_t - target_t)^2 / sum_t target_t^2 + mu mean_s |end_s - start_{s+1}|^2

    x and v of the gaps in units of their deviations, mu growing evenly from 0 to `penalty`. An error in pitch moves the
    phase within a segment alone, since every segment's beginning is free. At first each state is that of the clip, as
    it is sung off pitch, where its sound and the slope of it are most like the target's. A segment is a power of two of
    samples; what is left over at the end of a clip is not used.

    steps       rollouts of the clip in segments, with their gradients
    rate        cents a step at first; it falls to 0 on a cosine
    periods     length of a segment, in periods of the pitch at the start
    penalty     mu at the end
    state_rate  deviations a step by which the states move at first
    Raises ValueError for values out of range.
    Source: Bock (1983); a penalty in place of the constraint: Turan and Jaeschke (2022), Multiple shooting for training
    neural differential equations on time series.
    """

    def __init__(
        self,
        steps: int = 100,
        rate: float = 20.0,
        periods: float = 2.0,
        penalty: float = 1.0,
        state_rate: float = 0.1,
    ) -> None:
        if steps < 1:
            raise ValueError(f"steps is {steps}: use 1 or more")
        for name, value in (("rate", rate), ("periods", periods), ("state_rate", state_rate)):
            if not 0 < value < math.inf:
                raise ValueError(f"{name} is {value}: use a number above 0")
        if not 0 <= penalty < math.inf:
            raise ValueError(f"penalty is {penalty}: use 0 or more")
        self.steps, self.rate, self.periods = steps, rate, periods
        self.penalty, self.state_rate = penalty, state_rate

    def recover(self, clips: MistunedClips, cents: Tensor, generator: torch.Generator) -> Tensor:
        """See `Method.recover`."""
        longest = clips.target.shape[1] // 2
        wanted = self.periods * clips.oscillator.sample_rate / (clips.pitch_hz * torch.exp2(cents / 1200))
        lengths = torch.exp2(wanted.log2().round()).clamp(_SHORTEST, longest).long()
        left = torch.empty_like(cents)
        for length in lengths.unique().tolist():
            chosen = (lengths == length).nonzero()[:, 0]
            left[chosen] = self._shot(clips.taken(chosen), cents[chosen], length)
        return left

    def _shot(self, clips: MistunedClips, cents: Tensor, length: int) -> Tensor:
        """What is left of `cents` (N,) with segments of `length` samples."""
        count = (clips.target.shape[1] - 1) // length
        target = clips.target[:, : count * length].unflatten(1, (count, length))
        with torch.no_grad():
            sung = clips.sing(cents)
        assert sung.trajectory is not None
        assert sung.output is not None
        states = torch.stack((sung.trajectory.x, sung.trajectory.v), -1)
        unit = states.std(1, keepdim=True)
        pitch = cents.clone().requires_grad_()
        alike = torch.cdist(_course(clips.target)[:, : count * length : length], _course(sung.output)).argmin(2)
        starts = (states.gather(1, alike[..., None].expand(-1, -1, 2)) / unit).requires_grad_()
        optimizer = torch.optim.Adam(
            [{"params": [pitch], "first": self.rate}, {"params": [starts], "first": self.state_rate}], betas=BETAS
        )
        for step in range(self.steps):
            for group in optimizer.param_groups:
                group["lr"] = group["first"] * 0.5 * (1 + math.cos(math.pi * step / self.steps))
            sound, ends = segments(clips, pitch, starts * unit, length)
            error = (sound - target).square().mean((1, 2)) / target.square().mean((1, 2))
            gap = ((ends / unit)[:, :-1] - starts[:, 1:]).square().sum(2).sum(1) / count
            loss = error + self.penalty * step / self.steps * gap
            optimizer.zero_grad()
            loss.sum().backward()
            for one in (pitch, starts):
                assert one.grad is not None
                one.grad.nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0)
            optimizer.step()
        return pitch.detach()


def _course(sound: Tensor) -> Tensor:
    """(N, H, 2): the sound and its slope, each in units of its deviation, which tell the phase of a period."""
    both = torch.stack((sound, torch.gradient(sound, dim=1)[0]), -1)
    return both / both.std(1, keepdim=True)


def segments(clips: MistunedClips, cents: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """The sound (N, S, length) of segments from their states (N, S, 2), and the states (N, S, 2) after it."""
    count, hop = starts.shape[1], math.gcd(length, clips.hop)
    span = length // hop
    wrong = clips.oscillator.transposed(clips.parameters, torch.exp2(cents / 1200)[:, None])  # type: ignore[arg-type]
    drives = driven(clips.oscillator, wrong, clips.hop)

    def cut(knots: Tensor) -> Tensor:
        """(N S, span + 1, ...) at knots `hop` samples apart."""
        pieces = interpolate(knots, clips.hop // hop, count * span + 1).unfold(1, span + 1, span)
        return pieces.movedim(-1, 2).flatten(0, 1)

    gain = None if drives.gain is None else cut(drives.gain)
    pieces = Drives(cut(drives.stiffness), cut(drives.gamma), cut(drives.weights), hop, gain=gain)
    x, v = starts.flatten(0, 1).unbind(1)
    trajectory = run(clips.oscillator, pieces, (x, v), length + 1, clips.backend)
    sound = source_of(clips.oscillator, trajectory, pieces)[:, :-1]
    ends = torch.stack(last_state(trajectory), 1)
    return sound.unflatten(0, (-1, count)), ends.unflatten(0, (-1, count))
