"""Nine-point central differences along the last axis, for numpy arrays and torch tensors alike."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Signal = TypeVar("Signal", np.ndarray, Tensor)

REACH = 4
"""Samples that the stencil needs on either side."""

# Coefficients of x[n + k] -/+ x[n - k] for k = 1 .. 4, and of x[n]; written as whole numbers over a common denominator.
FIRST = (672.0, -168.0, 32.0, -3.0)
FIRST_DENOMINATOR = 840.0
SECOND = (8064.0, -1008.0, 128.0, -9.0)
SECOND_CENTRE = -14350.0
SECOND_DENOMINATOR = 5040.0


def derivatives(x: Signal) -> tuple[Signal, Signal]:
    """First and second derivative of a sampled signal, in units of the sample interval dt.

        dx[n]  = dt x'   = (1 / 840)  sum_{k=1..4} a_k (x[n+k] - x[n-k]),                a = 672, -168, 32, -3
        d2x[n] = dt^2 x'' = (1 / 5040) (-14350 x[n] + sum_{k=1..4} b_k (x[n+k] + x[n-k])), b = 8064, -1008, 128, -9

    Both are of eighth order. The ends are reflected about the end sample, which is not repeated: x[-k] = x[k] and
    x[N-1+k] = x[N-1-k] (`mode="reflect"` of numpy.pad), so that dx is exactly zero on the first and the last sample.

    x (..., N) floating point, any unit. Returns dx and d2x, both (..., N), of the kind, dtype and device of x, in the
    unit of x. Raises ValueError when N < 5.

    Fornberg (1988), Generation of finite difference formulas on arbitrarily spaced grids, table 1.
    """
    length = x.shape[-1]
    if length <= REACH:
        raise ValueError(
            f"a signal of {length} samples is too short for nine-point differences: give {REACH + 1} or more"
        )
    return inner_derivatives(reflect(x, REACH, REACH))


def inner_derivatives(x: Signal) -> tuple[Signal, Signal]:
    """The differences of `derivatives` where the whole stencil fits: no sample is invented.

    x (..., N + 8). Returns dx and d2x, both (..., N), at the samples 4 .. N + 3 of x. Raises ValueError when x has
    fewer than nine samples.
    """
    size = x.shape[-1] - 2 * REACH
    if size < 1:
        raise ValueError(f"a signal of {x.shape[-1]} samples holds no whole nine-point stencil: give 9 or more")

    def shifted(k: int) -> Signal:
        return x[..., REACH + k : REACH + k + size]

    dx = FIRST[0] * (shifted(1) - shifted(-1))
    d2x = SECOND_CENTRE * shifted(0) + SECOND[0] * (shifted(1) + shifted(-1))
    for k in (2, 3, 4):
        dx = dx + FIRST[k - 1] * (shifted(k) - shifted(-k))
        d2x = d2x + SECOND[k - 1] * (shifted(k) + shifted(-k))
    return dx / FIRST_DENOMINATOR, d2x / SECOND_DENOMINATOR


def reflect(x: Signal, before: int, after: int) -> Signal:
    """The signal with `before` and `after` samples mirrored about its first and its last sample.

    x (..., N) with N > max(before, after). Returns (..., before + N + after).
    """
    last = x.shape[-1] - 1
    assert last >= max(before, after) >= 0, (x.shape, before, after)
    head = list(range(before, 0, -1))
    tail = list(range(last - 1, last - 1 - after, -1))
    if not head and not tail:
        return x
    if isinstance(x, Tensor):
        return torch.cat([x[..., head], x, x[..., tail]], dim=-1)
    return np.concatenate([x[..., head], x, x[..., tail]], axis=-1)
