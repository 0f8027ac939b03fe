# mypy: disable-error-code="call-arg, var-annotated"
"""Chains of multiply-adds on a CPU: many side by side for the peak rate, one alone for the latency."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numba import njit

from ..encoders.selective_scan.threads import run_each
from ..simd.lanes import fma, load, splat, store

_CHAINS = 12  # latency times issue width is 8 to 10 on today's processors; 16 registers hold them
_LINE = 64  # bytes of the widest vector register
_STEPS = 2_000_000
_DEPENDENT_STEPS = 5_000_000

Shortest = Callable[[Callable[[], object]], float]


@njit(nogil=True)
def _many(numbers, steps, like):
    factor, term = splat(numbers[0], like), splat(numbers[1], like)
    a, b, c, d = load(numbers, 0, like), load(numbers, 1, like), load(numbers, 2, like), load(numbers, 3, like)
    e, f, g, h = load(numbers, 4, like), load(numbers, 5, like), load(numbers, 6, like), load(numbers, 7, like)
    k, m, n, o = load(numbers, 8, like), load(numbers, 9, like), load(numbers, 10, like), load(numbers, 11, like)
    for _ in range(steps):
        a, b, c = fma(a, factor, term), fma(b, factor, term), fma(c, factor, term)
        d, e, f = fma(d, factor, term), fma(e, factor, term), fma(f, factor, term)
        g, h, k = fma(g, factor, term), fma(h, factor, term), fma(k, factor, term)
        m, n, o = fma(m, factor, term), fma(n, factor, term), fma(o, factor, term)
    store(numbers, 0, a + b + c + d + e + f + g + h + k + m + n + o)


@njit(nogil=True)
def _one(numbers, steps, like):
    factor, term = splat(numbers[0], like), splat(numbers[1], like)
    value = load(numbers, 0, like)
    for _ in range(steps):
        value = fma(value, factor, term)
    store(numbers, 0, value)


def independent_chains(dtype: torch.dtype, shortest: Shortest) -> float:
    """Multiply-adds a second over all of torch's threads; `shortest` gives the best time of a function in s."""
    like = (0,) * (_LINE // dtype.itemsize)
    threads = torch.get_num_threads()

    def run() -> None:
        run_each(lambda _, numbers: _many(numbers, _STEPS, like), threads, lambda: _numbers(dtype, len(like)))

    return threads * _STEPS * _CHAINS * len(like) / shortest(run)


def dependent_chain(dtype: torch.dtype, shortest: Shortest) -> float:
    """Seconds from one multiply-add to the next that needs it."""
    numbers = _numbers(dtype, 1)
    return shortest(lambda: _one(numbers, _DEPENDENT_STEPS, (0,))) / _DEPENDENT_STEPS


def _numbers(dtype: torch.dtype, width: int) -> np.ndarray:
    """Starts that differ, for equal chains would be computed once; all stay finite and none becomes subnormal."""
    return np.linspace(0.4, 0.6, width + _CHAINS, dtype=np.float32 if dtype == torch.float32 else np.float64)
