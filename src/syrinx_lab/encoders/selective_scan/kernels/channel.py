# mypy: disable-error-code="call-arg, var-annotated"
"""The scan of one channel over one chunk, forward and backward, on rows laid out by `lanes`.

    h_t[n] = exp(delta_t A[n]) h_{t-1}[n] + delta_t u_t B_t[n],   y_t = sum_n h_t[n] C_t[n]

Rows hold T = LANES * S samples. h[n] has one vector more, at its beginning: the state that enters every lane; so
h[n, i] is the state before sample i and h[n, i + LANES] the state after it. Gradients: with g_t = dL/dh_t,
g_t = dy_t C_t + a_{t+1} g_{t+1}, the same recurrence run backwards.

Four states go through each pass side by side, what is left of a number that four does not divide one by one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ....simd.functions import exp
from ....simd.lanes import fma, load, splat, store
from ....simd.recurrence import entering_downward, entering_upward
from ....simd.rows import add_products, add_totals, each, load_rows, repeat, store_rows
from . import POINTWISE
from .lanes import FOUR, LANES, ONE, Row, Rows, empty_rows


class Scan(NamedTuple):
    """What is known of the N states of one channel; of four states together, a vector of each in turn."""

    a: Rows  # (N, T) exp(delta A)
    h: Rows  # (N, T + LANES)
    spans: Rows  # (N, LANES) each lane's product of a
    ends: Rows  # (N, LANES) what leaves every lane at the end of a pass


@njit(**POINTWISE)
def _states(n, rates, delta, du, B, C, size, carry, y, s, keep, like):  # type: ignore[no-untyped-def]
    rate = each(rates, n, 1, ONE, like)
    count, stride = len(like) // LANES, B.shape[1]
    a_block, h_block, row = n * s.a.shape[1], n * s.h.shape[1], n * stride
    h, elapsed = splat(delta.dtype.type(0), like), splat(delta.dtype.type(0), ONE)
    for i in range(0, size, LANES):
        d = load(delta, i, ONE)
        a = exp(repeat(d, like) * rate)
        h = fma(a, h, repeat(load(du, i, ONE), like) * load_rows(B, row + i, stride, ONE, like))
        elapsed = elapsed + d
        store(s.a, a_block + i * count, a)
    span = exp(repeat(elapsed, like) * rate)
    store(s.spans, n * LANES, span)
    h = entering_upward(span, h, each(carry, n, 1, ONE, like), ONE)
    if keep:
        store(s.h, h_block, h)
    for i in range(0, size, LANES):
        a = load(s.a, a_block + i * count, like)
        h = fma(a, h, repeat(load(du, i, ONE), like) * load_rows(B, row + i, stride, ONE, like))
        if keep:
            store(s.h, h_block + (i + LANES) * count, h)
        store(y, i, add_products(h, load_rows(C, row + i, stride, ONE, like), load(y, i, ONE)))
    store(s.ends, n * LANES, h)
    for m in range(n, n + count):
        carry[m] = s.ends[m, LANES - 1]


@njit(**POINTWISE)
def scan(rates: Row, delta: Row, du: Row, B: Rows, C: Rows, size: int, carry: Row, y: Row, s: Scan, keep: bool) -> None:
    """Add sum_n h[n] C[n] to y (T,), fill s, its h only with `keep`, and take `carry` (N,) to after the chunk.

    rates = A[n] (N,); delta, du = delta u (T,); B, C (N, T).
    """
    n = 0
    while n + 4 <= rates.shape[0]:
        _states(n, rates, delta, du, B, C, size, carry, y, s, keep, FOUR)
        n += 4
    while n < rates.shape[0]:
        _states(n, rates, delta, du, B, C, size, carry, y, s, keep, ONE)
        n += 1


class ScanGradients(NamedTuple):
    """Gradients of what `scan` was given: rows that are added to."""

    delta: Row  # (T,) of delta in exp(delta A) alone
    du: Row  # (T,)
    B: Rows  # (N, T)
    C: Rows  # (N, T)


@njit(**POINTWISE)
def _gradients(n, rates, delta, du, B, C, size, d_y, d_carry, d_rates, s, into, like):  # type: ignore[no-untyped-def]
    rate = each(rates, n, 1, ONE, like)
    count, stride, d_stride = len(like) // LANES, B.shape[1], into.B.shape[1]
    a_block, h_block, row, d_row = n * s.a.shape[1], n * s.h.shape[1], n * stride, n * d_stride
    zero = splat(delta.dtype.type(0), like)
    back = zero  # a g of the sample after
    for i in range(size - LANES, -1, -LANES):
        a = load(s.a, a_block + i * count, like)
        c = load_rows(C, row + i, stride, ONE, like)
        back = fma(a, back, a * (repeat(load(d_y, i, ONE), like) * c))
    back = entering_downward(load(s.spans, n * LANES, like), back, each(d_carry, n, 1, ONE, like), ONE)
    d_rate = zero
    after = load(s.h, h_block + size * count, like)
    for i in range(size - LANES, -1, -LANES):
        dy = repeat(load(d_y, i, ONE), like)
        d_c = load_rows(into.C, d_row + i, d_stride, ONE, like)
        store_rows(into.C, d_row + i, d_stride, ONE, fma(dy, after, d_c))
        g = fma(dy, load_rows(C, row + i, stride, ONE, like), back)
        d_b = load_rows(into.B, d_row + i, d_stride, ONE, like)
        store_rows(into.B, d_row + i, d_stride, ONE, fma(g, repeat(load(du, i, ONE), like), d_b))
        store(into.du, i, add_products(g, load_rows(B, row + i, stride, ONE, like), load(into.du, i, ONE)))
        back = g * load(s.a, a_block + i * count, like)
        after = load(s.h, h_block + i * count, like)
        slope = back * after
        d_rate = fma(slope, repeat(load(delta, i, ONE), like), d_rate)
        store(into.delta, i, add_products(slope, rate, load(into.delta, i, ONE)))
    store(s.ends, n * LANES, back)
    for m in range(n, n + count):
        d_carry[m] = s.ends[m, 0]
    add_totals(d_rates, n, 1, ONE, d_rate)


@njit(**POINTWISE)
def scan_gradients(
    rates: Row,
    delta: Row,
    du: Row,
    B: Rows,
    C: Rows,
    size: int,
    d_y: Row,
    d_carry: Row,
    d_rates: NDArray[np.float64],
    s: Scan,
    into: ScanGradients,
) -> None:
    """Add the gradients of a chunk to `into` and d_rates (N,), a sum over time, and take d_carry to before the chunk.

    d_y (T,) is the gradient of y; s is as `scan` with `keep` left it, and loses its ends.
    """
    n = 0
    while n + 4 <= rates.shape[0]:
        _gradients(n, rates, delta, du, B, C, size, d_y, d_carry, d_rates, s, into, FOUR)
        n += 4
    while n < rates.shape[0]:
        _gradients(n, rates, delta, du, B, C, size, d_y, d_carry, d_rates, s, into, ONE)
        n += 1


def scan_rows(state: int, taps: int, dtype: Any) -> Scan:
    """Uninitialised rows for the states of a channel, in chunks for a convolution of `taps` taps."""
    ends = np.empty((2, state, LANES), dtype)
    return Scan(empty_rows(state, taps, dtype), empty_rows(state, taps, dtype), ends[0], ends[1])
