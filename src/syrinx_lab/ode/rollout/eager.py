"""The reference backend: a Python loop over the steps."""

from __future__ import annotations

import torch
from torch import Tensor

from ..control_rate import at_audio_rate
from .problem import InitialValueProblem


def integrate(problem: InitialValueProblem) -> tuple[Tensor, Tensor]:
    """The trajectory as one RK4 step after another.

    The drives are unbound once: indexing them inside the loop would make the backward pass quadratic in the horizon.
    """
    horizon, advance = problem.horizon, problem.advance
    drives = at_audio_rate(problem.drives, max(horizon - 1, 1))
    every = (drives.stiffness, drives.gamma, drives.weights, *problem.data)
    rate = () if problem.forcing is None else (problem.rate,)
    x, v = problem.ic
    xs, vs = [x], [v]
    for sample in zip(*(y[:, : horizon - 1].unbind(1) for y in every)):
        x, v = advance(x, v, *sample, *rate)
        xs.append(x)
        vs.append(v)
    return torch.stack(xs, 1), torch.stack(vs, 1)
