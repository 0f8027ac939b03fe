"""The almost-linear RNN: as few rectified units as possible in an otherwise linear recurrence."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .pieces import Pieces
from .recurrence import Recurrence, positive_definite


class AlmostLinearRnn(Recurrence):
    """z_{t+1} = A z_t + W Phi(z_t) + h + C s_t, A diagonal, Phi = (z_1, ..., z_{M-P}, relu(z_{M-P+1}), ..., relu(z_M)).

    Its state space falls into 2^P regions at most, in each of which it is linear; P = 0 is a linear recurrence, the
    state-space baseline.

    observed, size, inputs  N, M and K, see `Recurrence`
    rectified               P, 0 to M - N: what is observed is read off linear units
    Raises ValueError for sizes out of range.
    Source: Brenner, Hemmer, Monfared and Durstewitz (2024), Almost-linear RNNs yield highly interpretable symbolic
    codes in dynamical systems reconstruction, NeurIPS, equation 3.
    """

    def __init__(self, observed: int, size: int, rectified: int, inputs: int = 0) -> None:
        super().__init__(observed, size, inputs)
        if not 0 <= rectified <= size - observed:
            raise ValueError(
                f"rectified is {rectified}: use 0 (linear) to {size - observed}, the numbers that are hidden"
            )
        self.rectified = rectified
        both = positive_definite(size)
        self.diagonal = nn.Parameter(both.diagonal().clone())
        self.coupling = nn.Parameter(both - torch.diag(both.diagonal()))
        self.offset = nn.Parameter(torch.zeros(size))
        if inputs:
            self.from_inputs = nn.Linear(inputs, size, bias=False)

    def pieces(self, given: Tensor | None = None) -> Pieces:
        """The map under inputs (B, H, K)."""
        linear = self.size - self.rectified
        untouched = torch.cat((self.coupling[:, :linear], torch.zeros_like(self.coupling[:, linear:])), 1)
        into = torch.eye(self.size).to(self.offset)[linear:]
        c = self.offset[None, None]
        if given is not None:
            c = c + self.from_inputs(given)
        threshold = self.offset.new_zeros(1, 1, self.rectified)
        return Pieces(torch.diag(self.diagonal) + untouched, self.coupling[:, linear:], into, threshold, c)
