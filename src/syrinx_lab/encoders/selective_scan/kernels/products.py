# mypy: disable-error-code="call-arg, var-annotated"
"""Products of small matrices with rows of samples, and their gradients, in tiles that stay in registers."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ....simd.lanes import fma, load, splat, store
from ....simd.rows import add_totals, load_rows, repeat
from . import POINTWISE
from .lanes import FOUR, LANES, ONE, Rows


@njit(**POINTWISE)
def project(w: Rows, rows: Rows, at: int, out: Rows, to: int, size: int, add: bool) -> None:
    """out[j, to + i] = sum_c w[j, c] rows[c, at + i] for i < size; with `add`, added to what is there.

    Two rows of the result at a time; of an odd number, the last is computed twice.
    """
    count, terms = w.shape
    stride, out_stride = rows.shape[1], out.shape[1]
    zero = splat(rows.dtype.type(0), FOUR)
    for j in range(0, count, 2):
        k = min(j + 1, count - 1)
        for i in range(0, size, len(FOUR)):
            p = q = zero
            if add:
                p, q = load(out, j * out_stride + to + i, FOUR), load(out, k * out_stride + to + i, FOUR)
            for c in range(terms):
                row = load(rows, c * stride + at + i, FOUR)
                p, q = fma(splat(w[j, c], FOUR), row, p), fma(splat(w[k, c], FOUR), row, q)
            store(out, j * out_stride + to + i, p)
            store(out, k * out_stride + to + i, q)


@njit(**POINTWISE)
def _dots(g, j, k, c, left, left_at, rows, rows_at, size, like):  # type: ignore[no-untyped-def]
    stride = rows.shape[1]
    first, second = j * left.shape[1] + left_at, k * left.shape[1] + left_at
    third = c * stride + rows_at
    p = q = splat(rows.dtype.type(0), like)
    for i in range(0, size, LANES):
        row = load_rows(rows, third + i, stride, ONE, like)
        p = fma(repeat(load(left, first + i, ONE), like), row, p)
        q = fma(repeat(load(left, second + i, ONE), like), row, q)
    down, across = g.strides[0] // g.itemsize, g.strides[1] // g.itemsize
    add_totals(g, j * down + c * across, across, ONE, p)
    if k != j:
        add_totals(g, k * down + c * across, across, ONE, q)


@njit(**POINTWISE)
def add_dots(g: NDArray[np.float64], left: Rows, left_at: int, rows: Rows, rows_at: int, size: int) -> None:
    """g[j, c] += sum over i < size of left[j, left_at + i] rows[c, rows_at + i]: the gradient of w in `project`.

    Rows are taken by fours, those of `left` by twos: the longer matrix is better the second, with g transposed.
    """
    count, terms = g.shape
    for j in range(0, count, 2):
        k = min(j + 1, count - 1)
        c = 0
        while c + 4 <= terms:
            _dots(g, j, k, c, left, left_at, rows, rows_at, size, FOUR)
            c += 4
        while c < terms:
            _dots(g, j, k, c, left, left_at, rows, rows_at, size, ONE)
            c += 1
