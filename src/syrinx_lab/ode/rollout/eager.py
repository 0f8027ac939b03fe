"""The reference backend: a Python loop over the steps."""

from __future__ import annotations

import torch
from torch import Tensor

from ...types import Drives
from ..oscillator import SoftClamp
from .rk4 import rk4_step


def integrate(
    drives: Drives, ic: tuple[Tensor, Tensor], horizon: int, step: float, clamp: SoftClamp | None
) -> tuple[Tensor, Tensor]:
    """The trajectory as one RK4 step after another; arguments and result as in `rollout`.

    The drives are unbound once: indexing them inside the loop would make the backward pass quadratic in the horizon.
    """
    steps = slice(horizon - 1)
    x, v = ic
    xs, vs = [x], [v]
    for stiffness, gamma, weights in zip(
        drives.stiffness[:, steps].unbind(1), drives.gamma[:, steps].unbind(1), drives.weights[:, steps].unbind(1)
    ):
        x, v = rk4_step(x, v, stiffness, gamma, weights, step, clamp)
        xs.append(x)
        vs.append(v)
    return torch.stack(xs, 1), torch.stack(vs, 1)
