"""By how much a recurrence is pulled to its data in training, step by step."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from .recurrence import Recurrence
from .steps import jacobians


class Forcing(Protocol):
    """What a training asks before every update."""

    def rates(self, recurrence: Recurrence, data: Tensor) -> Tensor:
        """(H,) the pull at every step, 0 to 1, for data (B, H, N)."""


class SparseForcing:
    """The data in the place of the state at every `every`-th step.

    Raises ValueError for an `every` below 1.
    Source: Mikhaeil, Monfared and Durstewitz (2022), NeurIPS; Brenner et al. (2022), ICML.
    """

    def __init__(self, every: int) -> None:
        if every < 1:
            raise ValueError(f"every is {every}: use 1 step or more")
        self.every = every

    def rates(self, recurrence: Recurrence, data: Tensor) -> Tensor:
        """1 at steps 0, every, 2 every, ..., else 0."""
        return (torch.arange(data.shape[1]) % self.every == 0).to(data)


class GeneralisedForcing:
    """One share alpha at all steps, fixed, or as much as keeps gradients from growing.

    Adaptive: alpha* = max(0, 1 - 1 / s), s the largest over the batch of the geometric means, along a sequence, of the
    spectral norms of the Jacobians at the data; alpha = alpha* where that is more, else it comes down slowly,
    alpha <- g alpha + (1 - g) alpha*.

    alpha     the share, 0 to 1; adaptive: the first
    adaptive  whether it changes; for a recurrence of which all is observed
    every     updates from one estimate to the next
    decay     g
    Raises ValueError for numbers out of range.

    Source: Hess, Monfared, Brenner and Durstewitz (2023), ICML, sections 3.3 and 3.4; the estimate is the published
    code's default ("product upper bound"), with g = 0.999 and every 5 updates.
    """

    def __init__(self, alpha: float = 0.1, adaptive: bool = False, every: int = 5, decay: float = 0.999) -> None:
        if not 0 <= alpha <= 1 or not 0 <= decay <= 1:
            raise ValueError(f"alpha is {alpha} and decay {decay}: use shares from 0 to 1")
        if every < 1:
            raise ValueError(f"every is {every}: use 1 update or more")
        self.alpha, self.adaptive, self.every, self.decay = alpha, adaptive, every, decay
        self._updates = 0

    def rates(self, recurrence: Recurrence, data: Tensor) -> Tensor:
        """Alpha at all steps."""
        self._updates += 1
        if self.adaptive and self._updates % self.every == 0:
            wanted = needed_share(recurrence, data)
            self.alpha = wanted if wanted > self.alpha else self.decay * self.alpha + (1 - self.decay) * wanted
        return torch.full((data.shape[1],), self.alpha).to(data)


@torch.no_grad()
def needed_share(recurrence: Recurrence, data: Tensor, given: Tensor | None = None) -> float:
    """Alpha* for data (B, H, N) under inputs (B, H, K), see `GeneralisedForcing`; 1 where it is not finite."""
    norms = torch.linalg.matrix_norm(jacobians(recurrence.lifted(data), recurrence.pieces(given)), ord=2)
    largest = float(norms.clamp_min(1e-12).log().mean(1).exp().max())
    return max(0.0, 1 - 1 / largest) if largest < float("inf") else 1.0
