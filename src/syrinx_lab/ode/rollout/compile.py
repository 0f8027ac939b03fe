"""The rollout as a Python loop over one step that torch.compile has fused."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from ..control_rate import at_audio_rate
from . import cudagraph
from .advance import Advance
from .compiling import Compiler, code_is_generated_for, compile_apart, in_one_line
from .problem import InitialValueProblem

COMPILER: Compiler = "inductor"


def integrate(problem: InitialValueProblem) -> tuple[Tensor, Tensor]:
    """The trajectory as one compiled step after another.

    Two graphs, of the step and of its adjoint, serve every horizon, and after the second batch size every larger one.
    The first call of a setting compiles for half a minute. Where the device cannot, one warning is given and the
    `cudagraph` backend computes.
    """
    ic, horizon = problem.ic, problem.horizon
    if not runs_on(ic[0].device):
        return cudagraph.integrate(problem)
    if horizon == 1:
        return ic[0].unsqueeze(1), ic[1].unsqueeze(1)
    drives = at_audio_rate(problem.drives, horizon - 1)
    every = (drives.stiffness, drives.gamma, drives.weights, *problem.data)
    # time first: else the strides of a sample were those of the horizon, and each horizon asked for a graph of its own
    samples = zip(*(y[:, : horizon - 1].movedim(1, 0).contiguous().unbind() for y in every))
    forced = problem.forcing is not None
    rate = (torch.full((), problem.rate, dtype=ic[0].dtype, device=ic[0].device),) if forced else ()
    advance = _compiled(problem.advance, drives.weights.shape[-1], COMPILER)
    # The first step is to be like the others, whose state carries a gradient, or it would get graphs of its own.
    learns = torch.is_grad_enabled() and any(y.requires_grad for y in (*every, *ic))
    x, v = (y.contiguous() if y.requires_grad or not learns else y.clone().requires_grad_() for y in ic)
    xs, vs = [x], [v]
    for sample in samples:
        x, v = advance(x, v, *sample, *rate)
        xs.append(x)
        vs.append(v)
    return torch.stack(xs, 1), torch.stack(vs, 1)


def runs_on(device: torch.device) -> bool:
    """Whether a step compiles on this device, by trying it once on a small one; warns when it does not."""
    return _compiles(device, COMPILER)


@lru_cache(maxsize=16)
def _compiles(device: torch.device, compiler: Compiler) -> bool:
    try:
        if device.type == "cuda" and not code_is_generated_for(device):
            raise RuntimeError("it takes Triton and a capability of 7.0")
        y = torch.full((2,), 0.5, device=device, requires_grad=True)
        advance = _compiled(Advance(1.0, None), 2, compiler)
        x, v = advance(y, y, y, y, y[:, None, None].expand(2, 2, 2).contiguous())
        (x + v).sum().backward()
    except Exception as error:  # what a compiler throws is not one family
        warnings.warn(
            f"backend compile falls back to cudagraph on {device}: torch cannot compile a step ({in_one_line(error)})",
            stacklevel=3,
        )
        return False
    return True


@lru_cache(maxsize=16)
def _compiled(advance: Advance, side: int, compiler: Compiler) -> Callable[..., tuple[Tensor, Tensor]]:
    """The step for polynomials of `side` powers."""

    def one_step(x: Tensor, v: Tensor, *sample: Tensor) -> tuple[Tensor, Tensor]:
        return advance(x, v, *sample)

    return compile_apart(one_step, compiler)
