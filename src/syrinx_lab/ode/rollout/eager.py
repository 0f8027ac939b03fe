"""The reference backend: a Python loop over the steps."""

from __future__ import annotations

import torch
from torch import Tensor

from ...types import Drives
from ..control_rate import at_audio_rate
from ..oscillator import SoftClamp
from .rk4 import rk4_step
from .steering import Forcing, fade


def integrate(
    drives: Drives,
    ic: tuple[Tensor, Tensor],
    horizon: int,
    step: float,
    clamp: SoftClamp | None,
    forcing: Forcing | None,
    adjoint_decay: float,
) -> tuple[Tensor, Tensor]:
    """The trajectory as one RK4 step after another; arguments and result as in `rollout`.

    The drives are unbound once: indexing them inside the loop would make the backward pass quadratic in the horizon.
    """
    drives = at_audio_rate(drives, max(horizon - 1, 1))
    steps = slice(horizon - 1)
    x, v = ic
    xs, vs = [x], [v]
    samples = zip(
        drives.stiffness[:, steps].unbind(1), drives.gamma[:, steps].unbind(1), drives.weights[:, steps].unbind(1)
    )
    for t, (stiffness, gamma, weights) in enumerate(samples):
        if forcing is not None:
            x, v = forcing.pull(x, v, t)
        x, v = rk4_step(fade(x, adjoint_decay), fade(v, adjoint_decay), stiffness, gamma, weights, step, clamp)
        xs.append(x)
        vs.append(v)
    return torch.stack(xs, 1), torch.stack(vs, 1)
