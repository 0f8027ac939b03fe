"""The fast CPU backend: the whole rollout, and its whole gradient, as one compiled loop each."""

from __future__ import annotations

import numba
import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ...types import Drives
from ..oscillator import SoftClamp
from . import kernels


def integrate(
    drives: Drives, ic: tuple[Tensor, Tensor], horizon: int, step: float, clamp: SoftClamp | None
) -> tuple[Tensor, Tensor]:
    out = _Fused.apply(drives.stiffness, drives.gamma, drives.weights, *ic, horizon, step, clamp)
    return out


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx, stiffness, gamma, weights, x_start, v_start, horizon, step, clamp):
        batch = len(x_start)
        if weights.stride()[-2:] != (weights.shape[-1], 1):
            weights = weights.contiguous()
        stiffness, gamma = stiffness.contiguous(), gamma.contiguous()
        xs = stiffness.new_empty(batch, horizon)
        vs = torch.empty_like(xs)
        settings = _settings(weights, step, clamp)
        kernels.forward(x_start.contiguous().numpy(), v_start.contiguous().numpy(), stiffness.detach().numpy(), gamma.detach().numpy(), _flat(weights), *settings, xs.numpy(), vs.numpy())
        ctx.save_for_backward(stiffness, gamma, weights, xs, vs)
        ctx.settings = settings
        return xs, vs

    @staticmethod
    @once_differentiable
    def backward(ctx, x_grad, v_grad):
        stiffness, gamma, weights, xs, vs = ctx.saved_tensors
        batch, horizon = xs.shape
        starts = xs.new_empty(2, batch)
        sg, gg = torch.empty_like(stiffness), torch.empty_like(gamma)
        with_weights = ctx.needs_input_grad[2]
        wg = torch.from_numpy(np.empty(weights.shape if with_weights else (0,), xs.numpy().dtype))
        kernels.backward(xs.numpy(), vs.numpy(), stiffness.detach().numpy(), gamma.detach().numpy(), _flat(weights), *ctx.settings, x_grad.contiguous().numpy(), v_grad.contiguous().numpy(), starts[0].numpy(), starts[1].numpy(), sg.numpy(), gg.numpy(), wg.flatten().numpy(), with_weights)
        sg[:, horizon-1:] = 0
        gg[:, horizon-1:] = 0
        if with_weights: wg[:, horizon-1:] = 0
        return sg, gg, wg if with_weights else None, starts[0], starts[1], None, None, None


def _flat(weights):
    extent = 1 + sum((n - 1) * s for n, s in zip(weights.shape, weights.stride()))
    return weights.detach().as_strided((extent,), (1,)).numpy()


def _settings(weights, step, clamp):
    real = np.float32 if weights.dtype == torch.float32 else np.float64
    b = clamp or SoftClamp(1.0, 1.0)
    sizes = tuple(map(real, (step, step / 2, step / 3, step / 6, 0, 1)))
    bounds = tuple(map(real, (b.x, b.v, 1 / b.x, 1 / b.v)))
    return weights.stride()[:2], weights.shape[-1], sizes, clamp is not None, bounds, _like(weights.shape[0], 16 if real == np.float32 else 8)


def _like(batch, widest):
    width = 1
    while 2 * width <= min(batch, widest) and width * numba.get_num_threads() < batch:
        width *= 2
    return (0,) * width
