"""The selective scan in a number of tensor operations that grows as log(L): plain PyTorch, for any device and dtype.

The linear recurrence h_t = a_t h_{t-1} + b_t is cut into blocks of _BLOCK steps. All blocks run side by side from zero,
keeping their running products of a; the states at the blocks' ends obey the same recurrence, _BLOCK times shorter, and
then correct every step. Only products of a <= 1 appear, so nothing overflows whatever the length (a cumulative sum of
logarithms with its exponential would).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_BLOCK = 16


def _pad(x: Tensor, extra: int, value: float) -> Tensor:
    return torch.cat([x, x.new_full((x.shape[0], extra, *x.shape[2:]), value)], dim=1) if extra else x


def _recur(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    length = a.shape[1]
    if length <= _BLOCK:
        steps = []
        for t in range(length):
            h = a[:, t] * h + b[:, t]
            steps.append(h)
        return torch.stack(steps, dim=1)
    extra = -length % _BLOCK
    shape = (a.shape[0], (length + extra) // _BLOCK, _BLOCK, *a.shape[2:])
    a, b = _pad(a, extra, 1).view(shape), _pad(b, extra, 0).view(shape)
    product, local = a[:, :, 0], b[:, :, 0]
    products, locals_ = [product], [local]
    for t in range(1, _BLOCK):
        product, local = a[:, :, t] * product, a[:, :, t] * local + b[:, :, t]
        products.append(product)
        locals_.append(local)
    ends = _recur(product, local, h)
    enters = torch.cat([h[:, None], ends[:, :-1]], dim=1)
    whole = torch.stack(locals_, dim=2) + torch.stack(products, dim=2) * enters[:, :, None]
    return whole.flatten(1, 2)[:, :length]


class _Recurrence(torch.autograd.Function):
    """h_t = a_t h_{t-1} + b_t from h, whose gradient is the same recurrence run backwards; keeps a and h alone."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, h: Tensor) -> Tensor:
        states = _recur(a, b, h)
        ctx.save_for_backward(a, h, states)
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, h, states = ctx.saved_tensors
        following = torch.cat([a[:, 1:], torch.ones_like(a[:, :1])], dim=1)
        g = _Recurrence.apply(following.flip(1), grads[0].flip(1), torch.zeros_like(h)).flip(1)
        before = torch.cat([h[:, None], states[:, :-1]], dim=1)
        return g * before, g, a[:, 0] * g[:, 0]


def parallel_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run the recurrence of `selective_scan` in blocks; shapes and results are those of `sequential_scan`.

    Memory: about three arrays of (B, L, i, N) where gradients are wanted. Differentiable any number of times.
    """
    if state is None:
        state = u.new_zeros(u.shape[0], *A.shape)
    a = torch.exp(delta[..., None] * A)
    b = (delta * u)[..., None] * B[:, :, None]
    states = _Recurrence.apply(a, b, state)
    y = torch.einsum("blin,bln->bli", states, C) + D * u
    return y, states[:, -1]
