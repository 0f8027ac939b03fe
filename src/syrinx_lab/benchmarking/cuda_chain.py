# mypy: disable-error-code="no-untyped-def"
"""A chain of multiply-adds on a CUDA device, for the latency; triton comes with torch for CUDA."""

from __future__ import annotations

from collections.abc import Callable

import torch
import triton
import triton.language as tl

_STEPS = 200_000


@triton.jit
def chain(numbers, steps):
    value, factor, term = tl.load(numbers), tl.load(numbers + 1), tl.load(numbers + 2)
    for _ in range(steps):
        value = value * factor + term
    tl.store(numbers, value)


def dependent_chain(
    device: torch.device, dtype: torch.dtype, shortest: Callable[[Callable[[], object]], float], steps: int = _STEPS
) -> float:
    """Seconds from one multiply-add to the next that needs it; `shortest` gives the best time of a function in s."""
    numbers = torch.tensor([0.25, 0.5, 0.5], device=device, dtype=dtype)
    return shortest(lambda: chain[(1,)](numbers, steps, num_warps=1)) / steps
