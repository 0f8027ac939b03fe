"""The linear head of the polynomial's weights."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class WeightsHead(nn.Linear):
    """Weights of x^i v^j that are a linear function of a code; terms that do not exist are exactly zero.

    w_ij = sum_c A_ijc code_c + b_ij,   (i, j) not (1, 0) or (0, 1), which omega and gamma hold

    code_size   C, numbers in the code
    degree      P; output number i (P + 1) + j belongs to x^i v^j
    keep_const  whether w_00 exists; its row starts at zero
    Raises ValueError for a degree below 1.
    """

    _term_exists: Tensor

    def __init__(self, code_size: int, degree: int, keep_const: bool) -> None:
        if degree < 1:
            raise ValueError(f"degree is {degree}: it must be at least 1")
        super().__init__(code_size, (degree + 1) ** 2)
        self.degree = degree
        if keep_const:
            with torch.no_grad():
                self.weight[0] = 0
                self.bias[0] = 0
        exists = torch.ones(degree + 1, degree + 1)
        exists[1, 0] = exists[0, 1] = 0
        exists[0, 0] = float(keep_const)
        self.register_buffer("_term_exists", exists.flatten(), persistent=False)

    def forward(self, code: Tensor) -> Tensor:
        """code (B, T, C) -> weights (B, T, P+1, P+1), dimensionless."""
        flat = F.linear(code, self.weight * self._term_exists[:, None], self.bias * self._term_exists)
        return flat.unflatten(-1, (self.degree + 1, self.degree + 1))
