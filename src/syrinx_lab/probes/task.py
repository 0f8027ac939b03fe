"""The contract of a memory task: sequences drawn from a seed, and when they count as understood."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from ..contracts import complete

Read = Callable[[Tensor], Tensor]
"""A trained reader without gradients: inputs (B, L, I) -> outputs (B, L, O)."""


@dataclass(frozen=True)
class Examples:
    """Sequences with what is asked of them.

    inputs   (B, L, I)
    targets  (B, L) of class numbers, or (B, L, O) of zeros and ones or of numbers
    asked    (B, L) bool, the steps at which an answer counts
    """

    inputs: Tensor
    targets: Tensor
    asked: Tensor


class Task(ABC):
    """A task with levels that rise; a subclass calls `super().__init__(...)` with every fact, none has a default.

    Args:
        inputs: I, numbers a step.
        outputs: O, numbers asked for a step.
        levels: how hard it may get; training goes a level up where `passing` is reached, and solves it on the last.
        passing: share that must be right.
        updates: of training, at most.
        criterion: the same in words.
        published: what was published with it.
        source: author, year, section.

    Raises:
        ValueError: one of them is out of range.
    """

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Check the class before its own constructor runs."""
        complete(cls, Task)
        return super().__new__(cls)

    def __init__(
        self,
        *,
        inputs: int,
        outputs: int,
        levels: int,
        passing: float,
        updates: int,
        criterion: str,
        published: str,
        source: str,
    ) -> None:
        for name, size in (("inputs", inputs), ("outputs", outputs), ("levels", levels), ("updates", updates)):
            if size < 1:
                raise ValueError(f"{name} is {size}: it must be at least 1")
        if not 0 < passing <= 1:
            raise ValueError(f"passing is {passing}: it must be above 0, and 1 at most")
        self.inputs, self.outputs, self.levels = inputs, outputs, levels
        self.passing, self.updates = passing, updates
        self.criterion, self.published, self.source = criterion, published, source

    @abstractmethod
    def draw(self, count: int, level: int, generator: torch.Generator) -> Examples:
        """So many sequences of a level, from 1 on."""

    @abstractmethod
    def right(self, outputs: Tensor, examples: Examples) -> Tensor:
        """Whether outputs (B, L, O) answer: bool of any shape, of which the share of True is the score."""

    def loss(self, outputs: Tensor, examples: Examples) -> Tensor:
        """Cross entropy of the steps that are asked: of classes, or of every number where targets are (B, L, O)."""
        given, wanted = outputs[examples.asked], examples.targets[examples.asked]
        if examples.targets.ndim == 2:
            return F.cross_entropy(given, wanted)
        return F.binary_cross_entropy_with_logits(given, wanted)

    def reach(self, read: Read) -> float:
        """How far beyond what was trained it goes, in the task's own unit; NaN where it is not asked."""
        return float("nan")


def one_hot(symbols: Tensor, count: int) -> Tensor:
    """(B, L) numbers -> (B, L, count) zeros and ones, single precision."""
    return F.one_hot(symbols, count).float()
