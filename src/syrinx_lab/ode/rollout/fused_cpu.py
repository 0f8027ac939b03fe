"""The fused backend on a CPU: Numba kernels, the batch shared among threads."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ...types import knot_count
from ..right_hand_side import SoftClamp
from .kernels import Arrays, Plan
from .kernels.backward import backward_knots, backward_samples
from .kernels.forward import forward_knots, forward_samples
from .memory import uninitialised
from .problem import InitialValueProblem
from .steering import Forcing

_LINE = 64  # bytes of a cache line, and of the widest vector register


def integrate(problem: InitialValueProblem) -> tuple[Tensor, Tensor]:
    """The trajectory by Numba kernels, for float32 or float64.

    The first call for a dtype and a width of the batch compiles for some seconds; the result is cached on disk.
    """
    drives = problem.drives
    settings = drives.hop, problem.horizon, problem.step, problem.clamp, problem.adjoint_decay
    return _Fused.apply(drives.stiffness, drives.gamma, drives.weights, *problem.ic, problem.forcing, *settings)


def lane_width(batch: int, dtype: torch.dtype, threads: int) -> int:
    """How many items share a vector register: a power of two, enough for `threads` tiles, at most one cache line."""
    widest = min(batch, _LINE // dtype.itemsize)
    width = 1
    while 2 * width <= widest and width * threads < batch:
        width *= 2
    return width


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx, stiffness, gamma, weights, x_start, v_start, forcing, hop, horizon, step, clamp, decay):
        if weights.stride()[-2:] != (weights.shape[-1], 1):
            weights = weights.contiguous()
        stiffness, gamma = stiffness.contiguous(), gamma.contiguous()
        xs = gamma.new_empty(len(gamma), horizon)
        vs = torch.empty_like(xs)
        ctx.plan = _plan(weights, hop, step, clamp, forcing, decay)
        ctx.data = tuple(y.detach().contiguous() for y in ((forcing.x, forcing.v) if forcing else 2 * (xs[:0],)))
        starts = x_start.contiguous().numpy(), v_start.contiguous().numpy()
        data = tuple(y.numpy() for y in ctx.data)
        drives = _arrays(stiffness, gamma, weights)
        kernel = forward_samples if hop == 1 else forward_knots
        _run(kernel, xs, starts, drives, data, ctx.plan, _like(xs), xs.numpy(), vs.numpy())
        ctx.save_for_backward(stiffness, gamma, weights, xs, vs)
        return xs, vs

    @staticmethod
    @once_differentiable
    def backward(ctx, x_grad, v_grad):
        stiffness, gamma, weights, xs, vs = ctx.saved_tensors
        steps = xs.shape[1] - 1
        touched = steps if ctx.plan.hop == 1 or not steps else knot_count(xs.shape[1], ctx.plan.hop)
        starts = xs.new_empty(len(xs)), xs.new_empty(len(xs))
        grads = [torch.empty_like(stiffness), torch.empty_like(gamma)]
        grads.append(uninitialised(weights.shape, xs.dtype) if ctx.needs_input_grad[2] else xs.new_empty(0))
        _run(
            backward_samples if ctx.plan.hop == 1 else backward_knots,
            xs,
            xs.numpy(),
            vs.numpy(),
            _arrays(stiffness, gamma, weights),
            tuple(y.numpy() for y in ctx.data),
            ctx.plan,
            _like(xs),
            x_grad.contiguous().numpy(),
            v_grad.contiguous().numpy(),
            tuple(start.numpy() for start in starts),
            _arrays(*grads),
        )
        for grad in grads:
            if grad.numel():
                grad[:, touched:] = 0
        return *grads[:2], grads[2] if ctx.needs_input_grad[2] else None, *starts, *6 * (None,)


def _plan(
    weights: Tensor, hop: int, step: float, clamp: SoftClamp | None, forcing: Forcing | None, decay: float
) -> Plan:
    x, v = (clamp.x, clamp.v) if clamp else (1.0, 1.0)
    rate = forcing.rate if forcing else 0.0
    real = np.float32 if weights.dtype == torch.float32 else np.float64
    state = x, 1 / x, v, 1 / v, step, step / 2, step / 3, step / 6
    numbers: list[np.floating] = list(map(real, (*state, rate, 1 / hop, decay * (1 - rate), 0, 1)))
    item_stride, step_stride = weights.stride()[:2]
    switches = forcing is not None, clamp is not None
    return Plan(weights.shape[-1], item_stride, step_stride, hop, *switches, *numbers)


def _run(kernel: Callable[..., None], xs: Tensor, *arguments: object) -> None:
    """Share the tiles of the batch among as many threads as torch uses."""
    tiles = math.ceil(len(xs) / len(_like(xs)))
    parts = min(torch.get_num_threads(), tiles)
    cuts = [tiles * part // parts for part in range(parts + 1)]
    others = [_pool(os.getpid()).submit(kernel, cut, *arguments) for cut in pairwise(cuts[1:])]
    kernel((0, cuts[1]), *arguments)
    for other in others:
        other.result()


@lru_cache(maxsize=1)
def _pool(process: int) -> ThreadPoolExecutor:
    """Waiting threads, started when first used; by process, for a forked child inherits none of its parent's.

    Plain threads rather than Numba's parallel loops: those end a process that was forked after their first use.
    """
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="rollout")


def _like(xs: Tensor) -> tuple[int, ...]:
    return (0,) * lane_width(len(xs), xs.dtype, torch.get_num_threads())


def _arrays(stiffness: Tensor, gamma: Tensor, weights: Tensor) -> Arrays:
    """The drives as numpy arrays that share their memory, the weights as the flat stretch from first to last."""
    flat = weights
    if weights.numel():
        flat = weights.as_strided((1 + sum((n - 1) * s for n, s in zip(weights.shape, weights.stride())),), (1,))
    return Arrays(stiffness.numpy(), gamma.numpy(), flat.numpy())
