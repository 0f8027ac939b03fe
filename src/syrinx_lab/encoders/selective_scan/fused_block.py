"""A whole Mamba block on a CPU by compiled kernels, with a hand-written backward pass.

At the published sizes (d_model 2, 20 channels) the scan is a small part of a block: most of the time goes into moving
arrays between the operations around it. Here a chunk of samples goes through all of them while it is in the cache.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .kernels.block_backward import GradientWork, block_backward, gradient_workspace
from .kernels.block_forward import Weights, Work, block_forward, workspace
from .kernels.lanes import CHUNK
from .threads import run_each

_kept = threading.local()


def _scratch(weights: Weights) -> tuple[Work, GradientWork]:
    # Kept from call to call: the system clears every page that it hands out, which took longer than short recordings.
    sizes = (weights.A.dtype, *(array.shape for array in weights))
    if getattr(_kept, "sizes", None) != sizes:
        _kept.rows = workspace(weights), gradient_workspace(weights)
        _kept.sizes = sizes
    return _kept.rows


def _cut(flat: np.ndarray, shapes: list[torch.Size]) -> Weights:
    """The weights' gradients as views of one row of numbers."""
    edges = itertools.pairwise(itertools.accumulate(map(prod, shapes), initial=0))
    return Weights(*(flat[a:b].reshape(shape) for (a, b), shape in zip(edges, shapes)))


class _FusedBlock(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, keep: bool, wrapped: bool, eps: float, *tensors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, tail, carry, *weights = (tensor.contiguous() for tensor in tensors)
        batch, length, _ = x.shape
        chunks = -(-length // CHUNK) if keep else 0
        out, tail, carry = torch.empty_like(x), tail.clone(), carry.clone()
        tails = tail.new_empty(batch, chunks, *tail.shape[1:])
        carries = carry.new_empty(batch, chunks, *carry.shape[1:])
        arrays = Weights(*(weight.detach().numpy() for weight in weights))
        items = [t.detach().numpy() for t in (x, tail, carry, tails, carries, out)]
        small = items[0].dtype.type(eps)

        def task(b: int, scratch: tuple[Work, GradientWork]) -> None:
            source, *rest = (array[b] for array in items)
            block_forward(source, arrays, small, wrapped, *rest, scratch[0])

        run_each(task, batch, lambda: _scratch(arrays))
        ctx.save_for_backward(x, tails, carries, *weights)
        ctx.wrapped, ctx.eps = wrapped, eps
        return out, tail, carry

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, tails, carries, *weights = ctx.saved_tensors
        batch = x.shape[0]
        arrays = Weights(*(weight.detach().numpy() for weight in weights))
        d_x, d_out = torch.empty_like(x), grads[0].contiguous()
        d_tail, d_carry = (grad.clone(memory_format=torch.contiguous_format) for grad in grads[1:])
        shapes = [weight.shape for weight in weights]
        sums = np.zeros((batch, sum(map(prod, shapes))))
        items = [t.detach().numpy() for t in (x, tails, carries, d_out, d_tail, d_carry, d_x)]
        small = items[0].dtype.type(ctx.eps)

        def task(b: int, scratch: tuple[Work, GradientWork]) -> None:
            source, *rest = (array[b] for array in items)
            block_backward(source, arrays, small, ctx.wrapped, *rest, _cut(sums[b], shapes), *scratch)

        run_each(task, batch, lambda: _scratch(arrays))
        totals = _cut(sums.sum(0).astype(items[0].dtype), shapes)
        return None, None, None, d_x, d_tail, d_carry, *(torch.from_numpy(total) for total in totals)


def fused_block(
    x: Tensor, tail: Tensor, carry: Tensor, weights: Sequence[Tensor], norm: Tensor | None = None, eps: float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Run a Mamba block, with the normalisation before it and the sum around it where `norm` is given.

    out = mixer(x), or x + mixer(norm x / sqrt(mean(x^2) + eps)); see `kernels.block_forward` for the mixer

    x        (B, L, d)      on a CPU, float32 or float64
    tail     (B, i, K - 1)  what entered the convolution before x, oldest first
    carry    (B, i, N)      the state of the scan before x
    weights                 those of `kernels.block_forward.Weights` from in_proj on, in its order and shapes
    Returns out (B, L, d) and the tail and carry after x; gradients reach every tensor, from all three.
    """
    scale = x.new_ones(x.shape[-1]) if norm is None else norm
    tensors = (x, tail, carry, scale, *weights)
    keep = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    return _FusedBlock.apply(keep, norm is not None, eps, *tensors)
