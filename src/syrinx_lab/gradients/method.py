"""Ways to take back an error in pitch, with equal numbers of rollouts."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from ..losses.term import LossTerm
from .mistuned import MistunedClips

BETAS = (0.9, 0.99)
_TINY = 1e-12


class Method(ABC):
    """What brings clips that are sung off pitch back to it."""

    @abstractmethod
    def recover(self, clips: MistunedClips, cents: Tensor, generator: torch.Generator) -> Tensor:
        """The errors (N,) in cents that are left of `cents` (N,); one number moves the pitch of each clip."""


class Descent(Method):
    """Adam on one pitch offset a clip, the rate falling to 0 on a cosine.

    losses   one after another, each for an equal share of the steps
    steps    rollouts with their gradients
    rate     cents a step at first
    damping  is added to gamma at first and falls to 0 evenly over the first half of the steps: a damped partial is
             wider, and so is the basin around it
    Raises ValueError for values out of range, and for a loss that looks at no rollout.
    Source of the damping: Hayes, Saitis and Fazekas (2023), Sinusoidal frequency estimation by gradient descent,
    ICASSP, whose surrogate is an exponentially decaying sinusoid.
    """

    def __init__(self, losses: Sequence[LossTerm], steps: int = 100, rate: float = 20.0, damping: float = 0.0) -> None:
        if not losses:
            raise ValueError("losses is empty: name at least one")
        for loss in losses:
            if not isinstance(loss, LossTerm) or not loss.needs_rollout or loss.needs_acceleration:
                raise ValueError(f"losses: {type(loss).__name__} does not judge a rollout alone: take another")
        if steps < len(losses):
            raise ValueError(f"steps is {steps}: give at least one a loss")
        if not 0 < rate < math.inf:
            raise ValueError(f"rate is {rate}: use cents above 0")
        if not 0 <= damping < math.inf:
            raise ValueError(f"damping is {damping}: use 0 or more")
        self.losses, self.steps, self.rate, self.damping = list(losses), steps, rate, damping

    def recover(self, clips: MistunedClips, cents: Tensor, generator: torch.Generator) -> Tensor:
        """See `Method.recover`."""
        at = cents.clone()
        first, second = torch.zeros_like(at), torch.zeros_like(at)
        for step in range(self.steps):
            loss = self.losses[step * len(self.losses) // self.steps]
            extra = self.damping * max(0.0, 1 - 2 * step / self.steps)
            variable = at.detach().requires_grad_()
            values = loss(clips.sing(variable, extra))
            (slope,) = torch.autograd.grad(values.sum(), variable)
            slope = torch.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0)
            first = BETAS[0] * first + (1 - BETAS[0]) * slope
            second = BETAS[1] * second + (1 - BETAS[1]) * slope.square()
            unbiased = first / (1 - BETAS[0] ** (step + 1))
            scale = (second / (1 - BETAS[1] ** (step + 1))).sqrt() + _TINY
            at = at - self.rate * 0.5 * (1 + math.cos(math.pi * step / self.steps)) * unbiased / scale
        return at.detach()


class Search(Method):
    """The best of some offsets around the start by a loss, then `Descent` from there.

    losses      the first one judges; all descend, one after another
    candidates  rollouts of the search, spread evenly over `reach` to either side of the start, and moved at random
    reach       cents
    steps, rate of the descent
    Raises ValueError for values out of range.
    """

    def __init__(
        self,
        losses: Sequence[LossTerm],
        candidates: int = 50,
        reach: float = 1200.0,
        steps: int = 50,
        rate: float = 20.0,
    ) -> None:
        if candidates < 2:
            raise ValueError(f"candidates is {candidates}: use 2 or more")
        if not 0 < reach < math.inf:
            raise ValueError(f"reach is {reach}: use cents above 0")
        self.descent = Descent(losses, steps, rate)
        self.loss, self.candidates, self.reach = losses[0], candidates, reach

    @torch.no_grad()
    def _best(self, clips: MistunedClips, cents: Tensor, generator: torch.Generator) -> Tensor:
        spacing = 2 * self.reach / (self.candidates - 1)
        best, lowest = cents, torch.full_like(cents, math.inf)
        for number in range(self.candidates):
            moved = spacing * (number + torch.rand(cents.shape, generator=generator) - 0.5) - self.reach
            value = torch.nan_to_num(self.loss(clips.sing(cents + moved)), nan=math.inf)
            better = value < lowest
            best, lowest = torch.where(better, cents + moved, best), torch.where(better, value, lowest)
        return best

    def recover(self, clips: MistunedClips, cents: Tensor, generator: torch.Generator) -> Tensor:
        """See `Method.recover`."""
        return self.descent.recover(clips, self._best(clips, cents, generator), generator)
