"""What may be done to a rollout between its steps: the state pulled towards data, the adjoint scaled down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Forcing:
    """Generalised teacher forcing: before every step the state is pulled towards data.

    y_t <- y_t + rate (data_t - y_t) for y = (x, v), t = 0 .. H - 2; the trajectory holds y_t as it was before the pull

    x, v  (B, H) data, dimensionless; constants: no gradient flows to them
    rate  0 leaves the free run, 1 is teacher forcing
    Raises ValueError when the rate is not in [0, 1].

    The gradient that flows back through the state shrinks by 1 - rate a step, which bounds it for chaotic systems.

    Source: Hess, Monfared, Brenner and Durstewitz 2023, Generalized teacher forcing, equation 6.
    """

    x: Tensor
    v: Tensor
    rate: float

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise ValueError(f"forcing.rate is {self.rate}: use 0 (a free run) to 1 (teacher forcing)")


def pull(y: Tensor, data: Tensor, rate: float | Tensor) -> Tensor:
    """y + rate (data - y), the data being constants."""
    return y + rate * (data.detach() - y)


def scale_gradient(y: Tensor, decay: float) -> Tensor:
    """y itself, whose gradient is multiplied by `decay`."""
    return y if decay == 1 else _ScaleGradient.apply(y, decay)


class _ScaleGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: Tensor, decay: float) -> Tensor:
        ctx.decay = decay
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad * ctx.decay, None
