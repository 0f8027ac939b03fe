"""The reference backend: a Python loop over the steps."""

from __future__ import annotations

import torch
from torch import Tensor

from ...types import Drives
from ..control_rate import at_audio_rate
from ..right_hand_side import SoftClamp
from .advance import Advance
from .steering import Forcing


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
    data, rate = ((), ()) if forcing is None else ((forcing.x, forcing.v), (forcing.rate,))
    every = (drives.stiffness, drives.gamma, drives.weights, *data)
    advance = Advance(step, clamp, adjoint_decay)
    x, v = ic
    xs, vs = [x], [v]
    for sample in zip(*(y[:, : horizon - 1].unbind(1) for y in every)):
        x, v = advance(x, v, *sample, *rate)
        xs.append(x)
        vs.append(v)
    return torch.stack(xs, 1), torch.stack(vs, 1)
