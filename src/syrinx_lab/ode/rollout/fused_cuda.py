"""The fast CUDA backend: the whole rollout as one Triton kernel, and its whole gradient as three others.

Without a GPU the kernels run in Triton's interpreter, on the CPU and very slowly: that is how they are tested.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import lru_cache
from typing import Any

import torch
import triton
from torch import Tensor
from torch.autograd.function import once_differentiable

from .problem import InitialValueProblem
from .triton_kernels.backward import adjoint_states, drive_gradients, jacobians
from .triton_kernels.forward import trajectory

_SCAN = 128  # samples that are scanned at once


def integrate(problem: InitialValueProblem) -> tuple[Tensor, Tensor]:
    """The trajectory by Triton kernels, one warp an item.

    Forward keeps the trajectory alone; backward computes the stages of every step again, all steps at once, and
    returns the exact gradient of every drive and of the initial condition (first derivatives only).
    """
    drives, ic, clamp = problem.drives, problem.ic, problem.clamp
    x, v = (clamp.x, clamp.v) if clamp else (1.0, 1.0)
    numbers = (problem.step, x, 1 / x, v, 1 / v, problem.rate, problem.adjoint_decay)
    inputs = (drives.stiffness, drives.gamma, drives.weights, *ic, *(problem.data or ic))
    switches = clamp is not None, problem.forcing is not None
    return _Fused.apply(*inputs, drives.hop, problem.horizon, numbers, *switches)


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        stiffness: Tensor,
        gamma: Tensor,
        weights: Tensor,
        x_start: Tensor,
        v_start: Tensor,
        x_data: Tensor,
        v_data: Tensor,
        hop: int,
        horizon: int,
        numbers: tuple[float, ...],
        clamped: bool,
        forced: bool,
    ) -> tuple[Tensor, Tensor]:
        if weights.stride()[-2:] != (weights.shape[-1], 1):
            weights = weights.contiguous()
        drives = stiffness.contiguous(), gamma.contiguous(), weights
        data = x_data.contiguous(), v_data.contiguous(), _on_device(numbers, gamma.dtype, gamma.device)
        batch, knots, side, _ = weights.shape
        xs, vs = gamma.new_empty(batch, horizon), gamma.new_empty(batch, horizon)
        ctx.sizes = horizon, knots, hop, *weights.stride()[:2]
        ctx.constants = dict(
            SIDE=side,
            BLOCK=triton.next_power_of_2(max(side, 2)),
            KNOTS=hop > 1,
            CLAMPED=clamped,
            FORCED=forced,
            num_warps=1,
            num_stages=1,
        )
        with _device_of(xs):
            trajectory[(batch,)](
                x_start.contiguous(), v_start.contiguous(), *drives, *data, xs, vs, *ctx.sizes, **ctx.constants
            )
        ctx.save_for_backward(*drives, *data, xs, vs)
        return xs, vs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, x_grad: Tensor, v_grad: Tensor) -> tuple[Tensor | None, ...]:
        _, gamma, weights, *_, xs, vs = inputs = ctx.saved_tensors
        batch, horizon = xs.shape
        matrices = xs.new_empty(4, batch, horizon - 1)
        lxs, lvs = torch.empty_like(xs), torch.empty_like(vs)
        grads: list[Tensor | None] = [None, None, None]
        with _device_of(xs):
            if horizon > 1:
                jacobians[(horizon - 1, batch)](*inputs, matrices, *ctx.sizes, **ctx.constants)
            scan = min(_SCAN, triton.next_power_of_2(horizon))
            adjoint_states[(batch,)](
                matrices, x_grad.contiguous(), v_grad.contiguous(), lxs, lvs, horizon, SCAN=scan, num_warps=1
            )
            wanted = ctx.needs_input_grad[:3]
            if any(wanted):
                grads = [torch.empty_like(gamma), torch.empty_like(gamma), None]
                if wanted[2]:
                    grads[2] = torch.empty_like(weights, memory_format=torch.contiguous_format)
                drive_gradients[(gamma.shape[1], batch)](
                    *inputs,
                    lxs,
                    lvs,
                    *grads[:2],
                    grads[2] if wanted[2] else gamma,
                    *ctx.sizes,
                    WEIGHTS=wanted[2],
                    **ctx.constants,
                )
        return *grads, lxs[:, 0], lvs[:, 0], *(None,) * 7


@lru_cache(maxsize=16)
def _on_device(numbers: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(numbers, dtype=dtype, device=device)


def _device_of(tensor: Tensor) -> Any:
    """Triton starts its kernels on the current device."""
    return torch.cuda.device(tensor.device) if tensor.is_cuda else nullcontext()
