"""The shallow piecewise-linear RNN: one hidden layer of rectified units beside a diagonal linear term."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .pieces import Pieces
from .recurrence import Recurrence, _uniform, positive_definite


class ShallowPlrnn(Recurrence):
    """z_{t+1} = A z_t + W1 phi(W2 z_t, h2 + U s_t) + h1 + C s_t, A diagonal, phi as in `Pieces`.

    observed, size, inputs  N, M and K, see `Recurrence`
    hidden                  L, rectified units
    clipped                 phi = relu(y + h) - relu(y): orbits are bounded where |A| < 1

    The published inputs are added, C s_t. U s_t, which is ours, moves the units' thresholds too: without it inputs
    would shift the state and never change how fast it turns.

    Raises ValueError for sizes out of range.
    Source: Hess, Monfared, Brenner and Durstewitz (2023), Generalized teacher forcing for learning chaotic dynamics,
    ICML, equations 3 and 5; beginnings of the weights as in its published code.
    """

    def __init__(self, observed: int, size: int, hidden: int, clipped: bool = True, inputs: int = 0) -> None:
        super().__init__(observed, size, inputs)
        if hidden < 1:
            raise ValueError(f"hidden is {hidden}: use 1 rectified unit or more")
        self.clipped = clipped
        self.diagonal = nn.Parameter(positive_definite(size).diagonal().clone())
        self.out = nn.Parameter(_uniform(size, hidden))
        self.into = nn.Parameter(_uniform(hidden, size))
        self.threshold = nn.Parameter(_uniform(1, hidden)[0] * hidden**-0.5 if clipped else torch.zeros(hidden))
        self.offset = nn.Parameter(torch.zeros(size))
        if inputs:
            self.from_inputs = nn.Linear(inputs, hidden + size, bias=False)

    def pieces(self, given: Tensor | None = None) -> Pieces:
        """The map under inputs (B, H, K)."""
        b, c = self.threshold[None, None], self.offset[None, None]
        if given is not None:
            moved = self.from_inputs(given)
            b, c = b + moved[..., : b.shape[-1]], c + moved[..., b.shape[-1] :]
        return Pieces(torch.diag(self.diagonal), self.out, self.into, b, c, self.clipped)
