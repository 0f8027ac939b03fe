"""The fast CPU backend: the whole rollout as one compiled loop, and its whole gradient as another."""

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

from ...types import Drives
from ..oscillator import SoftClamp
from .kernels import Arrays, Plan
from .kernels.backward import backward as backward_kernel
from .kernels.forward import forward as forward_kernel

_LINE = 64  # bytes of a cache line, and of the widest vector register


def integrate(
    drives: Drives, ic: tuple[Tensor, Tensor], horizon: int, step: float, clamp: SoftClamp | None
) -> tuple[Tensor, Tensor]:
    """The trajectory by Numba kernels, the batch in parallel; arguments and result as in `rollout`.

    Forward keeps the trajectory alone; backward recomputes the stages of each step and returns the exact gradient of
    every drive and of the initial condition (first derivatives only). The first call for a dtype and a width of the
    batch compiles for some seconds; the result is cached on disk.

    Raises ValueError when the tensors are not float32 or float64 on the CPU.
    """
    if drives.gamma.device.type != "cpu" or drives.gamma.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"backend fused takes float32 or float64 on the CPU, got {drives.gamma.dtype} on {drives.gamma.device}: "
            "choose backend=auto"
        )
    return _Fused.apply(drives.stiffness, drives.gamma, drives.weights, *ic, horizon, step, clamp)


def lane_width(batch: int, dtype: torch.dtype, threads: int) -> int:
    """How many items share a vector register: a power of two, enough for `threads` tiles, at most one cache line."""
    widest = min(batch, _LINE // dtype.itemsize)
    width = 1
    while 2 * width <= widest and width * threads < batch:
        width *= 2
    return width


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx, stiffness, gamma, weights, x_start, v_start, horizon, step, clamp):
        if weights.stride()[-2:] != (weights.shape[-1], 1):
            weights = weights.contiguous()
        stiffness, gamma = stiffness.contiguous(), gamma.contiguous()
        xs = gamma.new_empty(len(gamma), horizon)
        vs = torch.empty_like(xs)
        ctx.plan = _plan(weights, step, clamp)
        starts = x_start.contiguous().numpy(), v_start.contiguous().numpy()
        _run(
            forward_kernel, xs, starts, _arrays(stiffness, gamma, weights), ctx.plan, _like(xs), xs.numpy(), vs.numpy()
        )
        ctx.save_for_backward(stiffness, gamma, weights, xs, vs)
        return xs, vs

    @staticmethod
    @once_differentiable
    def backward(ctx, x_grad, v_grad):
        stiffness, gamma, weights, xs, vs = ctx.saved_tensors
        unused = xs.shape[1] - 1  # the steps from here on have no influence
        starts = xs.new_empty(len(xs)), xs.new_empty(len(xs))
        grads = [torch.empty_like(stiffness), torch.empty_like(gamma)]
        grads.append(_empty(weights.shape, xs.dtype) if ctx.needs_input_grad[2] else xs.new_empty(0))
        _run(
            backward_kernel,
            xs,
            xs.numpy(),
            vs.numpy(),
            _arrays(stiffness, gamma, weights),
            ctx.plan,
            _like(xs),
            x_grad.contiguous().numpy(),
            v_grad.contiguous().numpy(),
            tuple(start.numpy() for start in starts),
            _arrays(*grads),
        )
        for grad in grads:
            if grad.numel():
                grad[:, unused:] = 0
        return *grads[:2], grads[2] if ctx.needs_input_grad[2] else None, *starts, None, None, None


def _plan(weights: Tensor, step: float, clamp: SoftClamp | None) -> Plan:
    x, v = (clamp.x, clamp.v) if clamp else (1.0, 1.0)
    real = np.float32 if weights.dtype == torch.float32 else np.float64
    numbers: list[np.floating] = list(map(real, (x, 1 / x, v, 1 / v, step, step / 2, step / 3, step / 6, 0, 1)))
    item_stride, step_stride = weights.stride()[:2]
    return Plan(weights.shape[-1], item_stride, step_stride, clamp is not None, *numbers)


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


def _empty(shape: torch.Size, dtype: torch.dtype) -> Tensor:
    """A tensor in memory from numpy, which asks for huge pages: page faults would cost more than the arithmetic."""
    pad = _LINE // dtype.itemsize
    memory = torch.from_numpy(np.empty(shape.numel() + pad, np.float32 if dtype == torch.float32 else np.float64))
    first = -(memory.data_ptr() // dtype.itemsize) % pad
    return memory[first : first + shape.numel()].view(shape)
