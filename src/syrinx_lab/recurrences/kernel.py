"""Piecewise-linear recurrences on a CPU by compiled loops, with a hand-written backward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import njit
from torch import Tensor
from torch.autograd.function import once_differentiable

from .pieces import Pieces, Pull


def runs_compiled(start: Tensor) -> bool:
    """Whether the loops can run: on a CPU, in float32 or float64."""
    return start.device.type == "cpu" and start.dtype in (torch.float32, torch.float64)


def run_compiled(start: Tensor, pieces: Pieces, horizon: int, pull: Pull | None = None, decay: float = 1.0) -> Tensor:
    """The states (B, H, M) from `start` (B, M), which is the first; as `steps.run_by_operations`."""
    if pull is None:
        data, rate = start.new_zeros(len(start), 1, 0), start.new_zeros(horizon)
    else:
        data, rate = pull.data.detach(), pull.rate.to(start)
    states: Tensor = _Recurrence.apply(
        start,
        pieces.transition,
        pieces.out,
        pieces.into,
        pieces.threshold,
        pieces.offset,
        data,
        rate,
        horizon,
        pieces.clipped,
        decay,
    )
    return states


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, start: Tensor, *given: Any) -> Tensor:
        *tensors, horizon, clipped, decay = given
        kept = [one.detach().contiguous() for one in tensors]
        states = start.new_empty(len(start), horizon, start.shape[1])
        states[:, 0] = start.detach()
        _forward(states.numpy(), *(one.numpy() for one in kept), clipped)  # type: ignore[call-arg]
        ctx.save_for_backward(states, *kept)
        ctx.clipped, ctx.decay = clipped, decay
        return states.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor | None, ...]:
        states, *kept = ctx.saved_tensors
        found = [torch.zeros_like(one) for one in kept[:5]]
        slope = given[0].contiguous().clone()  # becomes the adjoint
        arrays = (slope, states, *kept, *found)
        _backward(*(one.numpy() for one in arrays), ctx.clipped, ctx.decay)  # type: ignore[call-arg]
        return slope[:, 0], *found, None, None, None, None, None


@njit(cache=True, fastmath=True)
def _forward(  # type: ignore[no-untyped-def]
    states: np.ndarray,
    a: np.ndarray,
    w1: np.ndarray,
    w2: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    data: np.ndarray,
    rate: np.ndarray,
    clipped: bool,
):
    batch, horizon, size = states.shape
    units, seen = w2.shape[0], data.shape[2]
    by_column = w2.T.copy()
    y = np.empty(size, states.dtype)
    pre = np.empty(units, states.dtype)
    for i in range(batch):
        of_b, of_c = min(i, b.shape[0] - 1), min(i, c.shape[0] - 1)
        for t in range(horizon - 1):
            at_b, at_c = min(t, b.shape[1] - 1), min(t, c.shape[1] - 1)
            for m in range(size):
                y[m] = states[i, t, m]
            for m in range(seen):
                y[m] += rate[t] * (data[i, t, m] - y[m])
            pre[:] = 0
            for m in range(size):
                for k in range(units):
                    pre[k] += by_column[m, k] * y[m]
            for k in range(units):
                above = max(pre[k] + b[of_b, at_b, k], 0)
                pre[k] = above - max(pre[k], 0) if clipped else above
            for m in range(size):
                total = c[of_c, at_c, m]
                for n in range(size):
                    total += a[m, n] * y[n]
                for k in range(units):
                    total += w1[m, k] * pre[k]
                states[i, t + 1, m] = total


@njit(cache=True, fastmath=True)
def _backward(  # type: ignore[no-untyped-def]
    slope: np.ndarray,
    states: np.ndarray,
    a: np.ndarray,
    w1: np.ndarray,
    w2: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    data: np.ndarray,
    rate: np.ndarray,
    d_a: np.ndarray,
    d_w1: np.ndarray,
    d_w2: np.ndarray,
    d_b: np.ndarray,
    d_c: np.ndarray,
    clipped: bool,
    decay: float,
):
    batch, horizon, size = states.shape
    units, seen = w2.shape[0], data.shape[2]
    by_column = w2.T.copy()
    d_by_column = np.zeros_like(by_column)
    y = np.empty(size, states.dtype)
    back = np.empty(size, states.dtype)
    pre = np.empty(units, states.dtype)
    unit = np.empty(units, states.dtype)
    up = np.empty(units, states.dtype)
    for i in range(batch):
        of_b, of_c = min(i, b.shape[0] - 1), min(i, c.shape[0] - 1)
        for t in range(horizon - 2, -1, -1):
            at_b, at_c = min(t, b.shape[1] - 1), min(t, c.shape[1] - 1)
            for m in range(size):
                y[m] = states[i, t, m]
            for m in range(seen):
                y[m] += rate[t] * (data[i, t, m] - y[m])
            pre[:] = 0
            up[:] = 0
            for m in range(size):
                for k in range(units):
                    pre[k] += by_column[m, k] * y[m]
                    up[k] += w1[m, k] * slope[i, t + 1, m]
            for k in range(units):
                shifted = pre[k] + b[of_b, at_b, k]
                above, plain = max(shifted, 0), max(pre[k], 0)
                unit[k] = above - plain if clipped else above
                through = up[k] if shifted > 0 else 0
                d_b[of_b, at_b, k] += through
                up[k] = through - up[k] if clipped and pre[k] > 0 else through
            back[:] = 0
            for m in range(size):
                adjoint = slope[i, t + 1, m]
                d_c[of_c, at_c, m] += adjoint
                for n in range(size):
                    d_a[m, n] += adjoint * y[n]
                    back[n] += a[m, n] * adjoint
                for k in range(units):
                    d_w1[m, k] += adjoint * unit[k]
            for m in range(size):
                total = back[m]
                for k in range(units):
                    d_by_column[m, k] += y[m] * up[k]
                    total += by_column[m, k] * up[k]
                if m < seen:
                    total *= 1 - rate[t]
                slope[i, t, m] += decay * total
    for m in range(size):
        for k in range(units):
            d_w2[k, m] += d_by_column[m, k]
