"""Rows of samples laid out so that a recurrence in time runs on vector lanes.

A chunk of LANES * S samples is cut into LANES pieces of S consecutive samples, and piece j is lane j: sample t of the
chunk lies at s * LANES + j with j = t // S, s = t % S. Everything that is pointwise in time does not care about the
order; a linear recurrence becomes h[i + LANES] = a[i] h[i] + b[i], whose LANES neighbours are independent. It is run
twice: from zero, which with each lane's product of a gives the state at every lane's start, and then from those states.

Every function works on one row (one channel) of a chunk, on arrays that the caller owns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from . import POINTWISE, SUMS
from .elementary import exp, log1p_unit

LANES = 16
CHUNK = 1024  # samples in a chunk: long enough to make light of the calls, short enough for the second-level cache

Row = NDArray[np.floating]


@njit(**POINTWISE)
def spread(column: Row, start: int, count: int, steps: int, row: Row) -> None:
    """Lay samples start .. start + count of a column out over the lanes, zeros after them."""
    zero = row.dtype.type(0)
    for j in range(LANES):
        for s in range(steps):
            t = j * steps + s
            row[s * LANES + j] = column[start + t] if t < count else zero


@njit(**POINTWISE)
def gather(row: Row, start: int, count: int, steps: int, column: Row) -> None:
    """The inverse of `spread`: write the first `count` samples of a row back in order."""
    for t in range(count):
        column[start + t] = row[(t % steps) * LANES + t // steps]


@njit(**POINTWISE)
def copy(row: Row, out: Row) -> None:
    """out = row, over the length of row."""
    for i in range(row.shape[0]):
        out[i] = row[i]


@njit(**POINTWISE)
def times(left: Row, right: Row, out: Row) -> None:
    """out = left right, over the length of out."""
    for i in range(out.shape[0]):
        out[i] = left[i] * right[i]


@njit(**POINTWISE)
def scaled(out: Row, w: float, row: Row) -> None:
    """out = w row."""
    for i in range(out.shape[0]):
        out[i] = w * row[i]


@njit(**POINTWISE)
def add(out: Row, w: float, row: Row) -> None:
    """out += w row."""
    for i in range(out.shape[0]):
        out[i] += w * row[i]


@njit(**POINTWISE)
def add_product(out: Row, left: Row, right: Row) -> None:
    """out += left right."""
    for i in range(out.shape[0]):
        out[i] += left[i] * right[i]


@njit(**POINTWISE)
def _add4(out: Row, w: Row, r0: Row, r1: Row, r2: Row, r3: Row) -> None:
    w0, w1, w2, w3 = w[0], w[1], w[2], w[3]
    for i in range(out.shape[0]):
        out[i] += (w0 * r0[i] + w1 * r1[i]) + (w2 * r2[i] + w3 * r3[i])


@njit(**POINTWISE)
def mix(out: Row, weights: Row, rows: NDArray[np.floating]) -> None:
    """out += sum_c weights[c] rows[c], four rows a pass so that `out` is loaded and stored less often."""
    size = out.shape[0]
    count = weights.shape[0]
    c = 0
    while c + 4 <= count:
        _add4(out, weights[c : c + 4], rows[c, :size], rows[c + 1, :size], rows[c + 2, :size], rows[c + 3, :size])
        c += 4
    while c < count:
        add(out, weights[c], rows[c, :size])
        c += 1


@njit(**SUMS)
def total(row: Row) -> Any:
    """The sum of a row."""
    acc = row.dtype.type(0)
    for i in range(row.shape[0]):
        acc += row[i]
    return acc


@njit(**SUMS)
def dot(left: Row, right: Row) -> Any:
    """sum_i left[i] right[i]."""
    acc = left.dtype.type(0)
    for i in range(left.shape[0]):
        acc += left[i] * right[i]
    return acc


@njit(**SUMS)
def _dot4(left: Row, r0: Row, r1: Row, r2: Row, r3: Row) -> tuple[Any, Any, Any, Any]:
    zero = left.dtype.type(0)
    a, b, c, d = zero, zero, zero, zero
    for i in range(left.shape[0]):
        a += left[i] * r0[i]
        b += left[i] * r1[i]
        c += left[i] * r2[i]
        d += left[i] * r3[i]
    return a, b, c, d


@njit(**POINTWISE)
def add_dots(out: Row, left: Row, rows: NDArray[np.floating]) -> None:
    """out[c] += sum_i left[i] rows[c, i]."""
    size = left.shape[0]
    count = out.shape[0]
    c = 0
    while c + 4 <= count:
        p, q, r, s = _dot4(left, rows[c, :size], rows[c + 1, :size], rows[c + 2, :size], rows[c + 3, :size])
        out[c] += p
        out[c + 1] += q
        out[c + 2] += r
        out[c + 3] += s
        c += 4
    while c < count:
        out[c] += dot(left, rows[c, :size])
        c += 1


@njit(**POINTWISE)
def sigmoid(row: Row, out: Row) -> None:
    """out = 1 / (1 + exp(-row))."""
    one = row.dtype.type(1)
    for i in range(row.shape[0]):
        out[i] = one / (one + exp(-row[i]))


@njit(**POINTWISE)
def softplus(row: Row, out: Row, slope: Row) -> None:
    """out = log(1 + exp(row)) = max(row, 0) + log(1 + exp(-|row|)); slope = its derivative."""
    one, zero = row.dtype.type(1), row.dtype.type(0)
    for i in range(row.shape[0]):
        p = row[i]
        e = exp(-abs(p))
        out[i] = log1p_unit(e) + (zero if p < zero else p)
        slope[i] = (e if p < zero else one) / (one + e)
