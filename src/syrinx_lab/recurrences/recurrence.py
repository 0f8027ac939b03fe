"""The contract of a recurrence: parameters that give the pieces of its map, and a state of which the first is seen."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from .pieces import Pieces, Pull
from .steps import run


class Recurrence(nn.Module, ABC):
    """z_{t+1} = F(z_t, s_t), of whose M numbers the first N are what is observed.

    A subclass has `pieces`, and calls `super().__init__(observed, size, inputs)`.

    observed  N
    size      M, N or more. The hidden M - N begin at a learned linear function of what is seen: z_0 = (x, L x)
    inputs    K, numbers in s_t; 0: the map does not change
    Raises ValueError for sizes out of range.

    Source of the linear beginning: Brenner et al. (2022), ICML, section 3.3.
    """

    def __init__(self, observed: int, size: int, inputs: int = 0) -> None:
        super().__init__()
        if observed < 1 or size < observed:
            raise ValueError(f"size is {size}: use {max(observed, 1)}, the numbers that are observed, or more")
        self.observed, self.size, self.inputs = observed, size, inputs
        self.beginning = nn.Parameter(_uniform(size - observed, observed))

    @abstractmethod
    def pieces(self, given: Tensor | None = None) -> Pieces:
        """The map under inputs `given` (B, H, K); None where it takes none."""

    def lifted(self, seen: Tensor) -> Tensor:
        """(B, M) the state where what is seen is (B, N)."""
        return torch.cat((seen, seen @ self.beginning.T), -1)

    def run(
        self,
        seen: Tensor,
        horizon: int,
        given: Tensor | None = None,
        pull: Pull | None = None,
        decay: float = 1.0,
    ) -> Tensor:
        """The states (B, H, M) that follow what is seen at first, (B, N); see `steps.run`."""
        return run(self.lifted(seen), self.pieces(given), horizon, pull, decay)


def _uniform(rows: int, columns: int) -> Tensor:
    """(rows, columns) between -1 and 1 over the root of the columns."""
    return (2 * torch.rand(rows, columns) - 1) / max(columns, 1) ** 0.5


def positive_definite(size: int) -> Tensor:
    """(M, M) a random positive definite matrix whose largest eigenvalue is 1.

    Source: Talathi and Vartak (2016), Improving performance of recurrent neural networks with ReLU nonlinearity.
    """
    draws = torch.randn(size, size)
    found = draws.T @ draws / size + torch.eye(size)
    return found / torch.linalg.eigvalsh(found)[-1]
