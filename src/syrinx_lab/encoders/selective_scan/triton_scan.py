"""The selective scan by Triton kernels, for CUDA without mamba_ssm or in double precision.

Time is cut into chunks that are worked on side by side; between the passes only the state at each chunk's start is
kept. Without a GPU the kernels run in Triton's interpreter, on the CPU and very slowly: that is how they are tested.
"""

from __future__ import annotations

from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_TILE = 4  # channels of a program
_BLOCK = 1024  # numbers of a block: channels, states and samples together
_SHORTEST = 16  # samples of a chunk at least
_SCAN, _COLUMNS = 128, 8  # chunks, and numbers of each state, that are scanned at once


def triton_usable(u: Tensor) -> bool:
    """Whether Triton is installed and can scan u: on CUDA, in float32 or float64."""
    return u.is_cuda and u.dtype in (torch.float32, torch.float64) and find_spec("triton") is not None


def triton_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run the recurrence of `selective_scan` by Triton; shapes and results are those of `sequential_scan`.

    Raises ValueError off CUDA, in another type than float32 and float64, or without Triton.
    """
    if not triton_usable(u):
        raise ValueError(
            f"backend 'triton' runs on cuda in float32 or float64 where triton is installed, not on {u.device.type} "
            f"in {u.dtype}: take backend 'auto'"
        )
    return scan(import_module(".triton_kernels", __package__), u, delta, A, B, C, D, state)


def scan(
    kernels: ModuleType, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, state: Tensor | None
) -> tuple[Tensor, Tensor]:
    """`triton_scan` with the kernels of a module, compiled or interpreted, wherever they can run."""
    if state is None:
        state = u.new_zeros(u.shape[0], *A.shape)
    return _TritonScan.apply(kernels, u, delta, A, B, C, D, state)


class _TritonScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernels: ModuleType, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        u, delta, A, B, C, D, state = (tensor.contiguous() for tensor in tensors)
        sizes = _Sizes(u, A)
        y = torch.empty_like(u)
        with sizes.device:
            entering = _carries(kernels, sizes, delta, A, u, B, state, reverse=False)
            kernels.outputs[sizes.grid](u, delta, A, B, C, D, entering, y, *sizes.lengths, **sizes.constants)
        ctx.kernels = kernels
        ctx.save_for_backward(u, delta, A, B, C, D, entering)
        return y, entering[:, -1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, y_grad: Tensor, last_grad: Tensor) -> tuple[Tensor | None, ...]:
        u, delta, A, B, C, D, entering = ctx.saved_tensors
        sizes = _Sizes(u, A)
        chunks, tiles, batch = sizes.grid
        length, inner, count = sizes.lengths
        y_grad = y_grad.contiguous()
        u_grad, delta_grad = torch.empty_like(u), torch.empty_like(u)
        A_grad, D_grad = u.new_empty(batch, chunks, inner, count), u.new_empty(batch, chunks, inner)
        B_grad, C_grad = (u.new_empty(batch, tiles, length, count) for _ in range(2))
        with sizes.device:
            leaving = _carries(ctx.kernels, sizes, delta, A, y_grad, C, last_grad.contiguous(), reverse=True)
            ctx.kernels.gradients[sizes.grid](
                *(u, delta, A, B, C, D, entering, y_grad, leaving),
                *(u_grad, delta_grad, A_grad, B_grad, C_grad, D_grad),
                *sizes.lengths,
                **sizes.constants,
            )
        shared = A_grad.sum((0, 1)), B_grad.sum(1), C_grad.sum(1), D_grad.sum((0, 1))
        return None, u_grad, delta_grad, *shared, leaving[:, -1]


class _Sizes:
    """How a scan is cut: grid (chunks, tiles of channels, batch) and the sizes that the kernels take."""

    def __init__(self, u: Tensor, A: Tensor) -> None:
        batch, length, inner = u.shape
        count = A.shape[1]
        states = _power_of_two(count)
        chunk = max(_SHORTEST, _BLOCK // (_TILE * states))
        self.lengths = length, inner, count
        self.grid = -(-length // chunk), -(-inner // _TILE), batch
        self.constants = dict(TILE=_TILE, STATES=states, CHUNK=chunk)
        self.device: Any = torch.cuda.device(u.device) if u.is_cuda else nullcontext()


def _carries(
    kernels: ModuleType,
    sizes: _Sizes,
    delta: Tensor,
    A: Tensor,
    enters: Tensor,
    weights: Tensor,
    start: Tensor,
    *,
    reverse: bool,
) -> Tensor:
    """The states between the chunks (batch, chunks + 1, i, N), or their adjoints from the last to the first."""
    chunks, _, batch = sizes.grid
    decay = start.new_empty(batch, chunks, *A.shape)
    local = torch.empty_like(decay)
    entering = start.new_empty(batch, chunks + 1, *A.shape)
    kernels.summaries[sizes.grid](
        delta, A, enters, weights, decay, local, *sizes.lengths, REVERSE=reverse, **sizes.constants
    )
    width = A.numel()
    tile, scan = min(_COLUMNS, _power_of_two(width)), min(_SCAN, _power_of_two(chunks))
    columns = -(-width // tile), batch
    kernels.carries[columns](decay, local, start, entering, chunks, width, REVERSE=reverse, TILE=tile, SCAN=scan)
    return entering


def _power_of_two(number: int) -> int:
    """The least power of two that is no less."""
    return 1 << (number - 1).bit_length()
