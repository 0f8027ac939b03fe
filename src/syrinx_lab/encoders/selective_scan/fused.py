"""The selective scan on a CPU by compiled kernels, with a hand-written backward pass.

Threads share the items of the batch and, where there are fewer items than threads, groups of channels. Between the
passes only the state at every CHUNK-th sample is kept; the backward pass computes the others again.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .kernels.lanes import CHUNK
from .kernels.scan import (
    Inputs,
    ScanWork,
    scan_backward,
    scan_forward,
    scan_workspace,
)
from .threads import run_each


def require_cpu(x: Tensor) -> None:
    """Raise ValueError unless the fused kernels can run on x: on a CPU, in float32 or float64."""
    if x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"backend 'fused' runs on cpu in float32 or float64, not on {x.device.type} in {x.dtype}")


def _groups(batch: int, inner: int) -> list[tuple[int, int]]:
    count = min(inner, -(-torch.get_num_threads() // batch))
    edges = [round(inner * part / count) for part in range(count + 1)]
    return list(itertools.pairwise(edges))


def _item(arrays: list[np.ndarray], b: int) -> Inputs:
    u, delta, A, B, C, D = arrays
    return Inputs(u[b], delta[b], A, B[b], C[b], D)


class _FusedScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, keep: bool, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        *inputs, state = (tensor.contiguous() for tensor in tensors)
        arrays = [tensor.detach().numpy() for tensor in inputs]
        batch, length, inner = inputs[0].shape
        chunks = -(-length // CHUNK) if keep else 0
        y, last = torch.empty_like(inputs[0]), state.clone()
        carries = state.new_empty(batch, chunks, *state.shape[1:])
        y_array, last_array, carries_array = y.numpy(), last.numpy(), carries.numpy()
        groups = _groups(batch, inner)

        def task(index: int, scratch: ScanWork) -> None:
            b, group = divmod(index, len(groups))
            scan_forward(_item(arrays, b), *groups[group], last_array[b], carries_array[b], y_array[b], scratch)

        run_each(task, batch * len(groups), lambda: scan_workspace(state.shape[2], y_array.dtype))
        ctx.save_for_backward(*inputs, carries)
        return y, last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        *inputs, carries = ctx.saved_tensors
        arrays = [tensor.detach().numpy() for tensor in inputs]
        batch, length, inner = inputs[0].shape
        state = carries.shape[-1]
        groups = _groups(batch, inner)
        d_y, d_state = grads[0].contiguous(), grads[1].clone(memory_format=torch.contiguous_format)
        d_u, d_delta = torch.empty_like(inputs[0]), torch.empty_like(inputs[0])
        d_B, d_C = (d_u.new_empty(batch, len(groups), length, state) for _ in range(2))
        d_A = d_u.new_zeros(batch, inner, state, dtype=torch.float64)
        d_D = d_u.new_zeros(batch, inner, dtype=torch.float64)
        outputs = [t.numpy() for t in (d_u, d_delta, d_A, d_B, d_C, d_D, d_y, d_state, carries)]

        def task(index: int, scratch: ScanWork) -> None:
            b, group = divmod(index, len(groups))
            u, delta, A, B, C, D, y, last, kept = outputs
            into = Inputs(u[b], delta[b], arrays[2], B[b, group], C[b, group], arrays[5])
            scan_backward(_item(arrays, b), *groups[group], kept[b], y[b], last[b], into, A[b], D[b], scratch)

        run_each(task, batch * len(groups), lambda: scan_workspace(state, arrays[0].dtype))
        return None, d_u, d_delta, d_A.sum(0).to(d_u), d_B.sum(1), d_C.sum(1), d_D.sum(0).to(d_u), d_state


def fused_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run the recurrence of `selective_scan` in compiled kernels; shapes and results are those of `sequential_scan`.

    Raises ValueError off the CPU or in another type than float32 and float64.
    """
    require_cpu(u)
    if state is None:
        state = u.new_zeros(u.shape[0], *A.shape)
    tensors = (u, delta, A, B, C, D, state)
    return _FusedScan.apply(torch.is_grad_enabled() and any(t.requires_grad for t in tensors), *tensors)
