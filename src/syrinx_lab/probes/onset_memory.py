"""Onset memory: how long ago did the syllable begin, in a sound whose level says nothing about it?"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .task import Examples, Task

_SCALE = 3.0  # log2 of the steps, less this, is about one in size


class OnsetMemory(Task):
    """Bursts of noise, each of a level of its own, between silences: at every step of a burst, its age is asked.

    Bursts last 10 to 80 steps, silences 5 to 30; a level is uniform on 0.3 to 1 and what is heard of it fluctuates by
    a uniform factor of 0.5 to 1. The answer is log2 of the steps since the burst began, the first one being 1.

    tolerance  share of the age by which an answer may be wrong; half a step always
    steps      of a sequence
    updates    of training, at most
    Source: the lab's own.
    """

    def __init__(self, tolerance: float = 0.1, steps: int = 200, updates: int = 3000) -> None:
        self.tolerance, self.steps = tolerance, steps
        super().__init__(
            inputs=1,
            outputs=1,
            levels=1,
            passing=0.9,
            updates=updates,
            criterion=f"at 90 % of the steps the age of the burst within {100 * tolerance:g} %, or half a step",
            published="none: the lab's own",
            source="none: the lab's own",
        )

    def draw(self, count: int, level: int, generator: torch.Generator) -> Examples:
        """Sequences of `steps`."""
        most = self.steps // 15 + 1
        silences = torch.randint(5, 31, (count, most), generator=generator)
        bursts = torch.randint(10, 81, (count, most), generator=generator)
        levels = 0.3 + 0.7 * torch.rand(count, most, generator=generator)
        edges = torch.stack([silences, bursts], -1).flatten(1).cumsum(1)
        step = torch.arange(self.steps)
        begins, ends = edges[:, 0::2, None], edges[:, 1::2, None]
        within = (step >= begins) & (step < ends)
        age = (within * (step - begins + 1)).sum(1)
        heard = (within * levels[..., None]).sum(1)
        heard = heard * (0.5 + 0.5 * torch.rand(count, self.steps, generator=generator))
        return Examples(heard[..., None], age[..., None].float(), age > 0)

    def loss(self, outputs: Tensor, examples: Examples) -> Tensor:
        """Mean absolute error in octaves of the age."""
        return F.l1_loss(outputs[examples.asked] + _SCALE, torch.log2(examples.targets[examples.asked]))

    def right(self, outputs: Tensor, examples: Examples) -> Tensor:
        """Step by step."""
        wanted = examples.targets[examples.asked]
        given = torch.exp2(outputs[examples.asked] + _SCALE)
        return (given - wanted).abs() <= (self.tolerance * wanted).clamp_min(0.5)
