"""How fast an error of the state grows along data: what the rate of adaptive forcing follows."""

from __future__ import annotations

import torch
from torch import Tensor

from ...types import Drives
from ..right_hand_side import SoftClamp
from .rk4 import rk4_step

_POINTS = 64  # states of an item at which the derivative is taken, at most


@torch.no_grad()
def growth(drives: Drives, x: Tensor, v: Tensor, step: float, clamp: SoftClamp | None) -> Tensor:
    """N (B,): the norm of the mean Jacobian of one step at the states of the data, in its best coordinates.

        M = mean_t d y_{t+1} / d y_t at y_t = (x_t, v_t);   N = min_S ||S M S^-1||_2 = max |eigenvalue of M|

    The source takes ||M||_2 in the model's coordinates. That of an oscillator depends on the unit of v: a turn that
    neither grows nor shrinks has a norm of 1 in the right one and more in every other. At most 64 knots of the drives
    stand for all t.

    drives  (B, T) of the data's samples
    x, v    (B, H) states of the data, dimensionless
    step    h = dt / tau, dimensionless
    """
    last = min(drives.gamma.shape[1] - 1, (x.shape[1] - 1) // drives.hop)
    knots = torch.linspace(0, last, min(_POINTS, last + 1), device=x.device).round().long()
    at = drives.each(lambda y: y[:, knots])
    state = x[:, knots * drives.hop], v[:, knots * drives.hop]
    one, zero = torch.ones_like(state[0]), torch.zeros_like(state[0])

    def advance(x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        return rk4_step(x, v, at.stiffness, at.gamma, at.weights, step, clamp)

    columns = [torch.func.jvp(advance, state, tangent)[1] for tangent in ((one, zero), (zero, one))]
    (xx, vx), (xv, vv) = [[y.mean(1) for y in column] for column in columns]
    half, det = 0.5 * (xx + vv), xx * vv - xv * vx
    inside = half.square() - det
    return torch.where(inside < 0, det.abs().sqrt(), half.abs() + inside.clamp_min(0).sqrt())


def adaptive_rate(drives: Drives, x: Tensor, v: Tensor, step: float, clamp: SoftClamp | None) -> float:
    """The smallest rate of forcing that keeps an error from growing, alpha = max(0, 1 - 1 / max_b N_b), see `growth`.

    Arguments as `growth`; 1 where N is not finite. It follows from a batch alone, where the source lets it fall slowly
    from batch to batch: a run that stops and resumes is the run that never stopped.

    Source: Hess, Monfared, Brenner and Durstewitz 2023, Generalized teacher forcing, section 3.3, arithmetic mean.
    """
    largest = float(growth(drives, x, v, step, clamp).max())
    return max(0.0, 1 - 1 / largest) if largest < float("inf") else 1.0
