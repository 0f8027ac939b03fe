"""A core between two linear maps: what is trained on a task."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from ..encoders.core import MakeCore, make_core


class Reader(nn.Module):
    """y = V norm(core(W x)), for sequences (B, L, I) -> (B, L, O).

    core                what makes the core of (d_model, n_layers)
    inputs, outputs     I and O
    d_model, n_layers   channels and layers of the core
    Raises ValueError as `make_core`.
    """

    def __init__(self, core: MakeCore, inputs: int, outputs: int, d_model: int, n_layers: int) -> None:
        super().__init__()
        self.into = nn.Linear(inputs, d_model)
        self.core = make_core(core, d_model, n_layers)
        self.norm = nn.RMSNorm(d_model, eps=1e-5)
        self.out = nn.Linear(d_model, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Read x (B, L, I); returns (B, L, O)."""
        return cast(Tensor, self.out(self.norm(self.core(self.into(x)))))
