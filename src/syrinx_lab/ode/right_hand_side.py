"""The right-hand side of the driven oscillator: the only place where the polynomial is written for torch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class SoftClamp:
    """Smooth bounds of the state: x -> X tanh(x / X), v -> V tanh(v / V).

    x, v  the bounds X and V, dimensionless; near zero the state passes unchanged (error x^3 / (3 X^2)).
    Raises ValueError when a bound is not a positive finite number.
    """

    x: float = 0.5
    v: float = 1.0

    def __post_init__(self) -> None:
        for name, bound in (("x", self.x), ("v", self.v)):
            if not 0 < bound < float("inf"):
                raise ValueError(f"clamp.{name} is {bound}: give a positive, finite bound, or no clamp at all")

    def apply(self, x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """The clamped x and v, each of the shape that came in."""
        return self.x * torch.tanh(x / self.x), self.v * torch.tanh(v / self.v)


def acceleration(
    x: Tensor, v: Tensor, stiffness: Tensor, gamma: Tensor, weights: Tensor, clamp: SoftClamp | None = None
) -> Tensor:
    """The second derivative of the oscillator in rescaled time s = t / tau.

    dv/ds = -stiffness x - gamma v - sum_ij weights_ij p_x^i p_v^j

    with (p_x, p_v) = (x, v), or the softly clamped (x, v) when a clamp is given; the linear terms always see the
    unclamped state. On the data's own states and without a clamp this is the teacher-forced acceleration.

    x, v              (...,)           state: audio and tau dx/dt, dimensionless
    stiffness, gamma  (...,)           dimensionless
    weights           (..., P+1, P+1)  weights[..., i, j] multiplies x^i v^j
    Returns (...,) tau^2 d2x/dt2, dimensionless.

    Source: the polynomial Ouroboros, design section 1.
    """
    inputs = torch.stack((x, v) if clamp is None else clamp.apply(x, v))
    x_powers, v_powers = powers(inputs, weights.shape[-1]).unbind()
    polynomial = x_powers.unsqueeze(-2) @ weights @ v_powers.unsqueeze(-1)  # (..., 1, 1)
    return -stiffness * x - gamma * v - polynomial[..., 0, 0]


def powers(base: Tensor, count: int) -> Tensor:
    """The powers 0 to count - 1 of base (...) as (..., count), by repeated products: exact at zero, no branches."""
    powers = [torch.ones_like(base)]
    for _ in range(count - 1):
        powers.append(powers[-1] * base)
    return torch.stack(powers, -1)
