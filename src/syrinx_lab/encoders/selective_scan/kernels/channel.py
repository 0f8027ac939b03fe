"""The scan of one channel over one chunk, forward and backward, on rows laid out by `lanes`.

    h_t[n] = exp(delta_t A[n]) h_{t-1}[n] + delta_t u_t B_t[n],   y_t = sum_n h_t[n] C_t[n]

Rows hold T = LANES * S samples. h[n] has one row of LANES more, at its beginning: the state that enters every lane; so
h[n, i] is the state before sample i and h[n, i + LANES] the state after it. Gradients: with g_t = dL/dh_t,
g_t = dy_t C_t + a_{t+1} g_{t+1}, the same recurrence run backwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from . import POINTWISE, SUMS
from .elementary import exp
from .lanes import LANES, Row, times

Rows = NDArray[np.floating]


@njit(**POINTWISE)
def _sum_lanes(delta: Row, run: Row) -> None:
    run[:LANES] = 0
    for i in range(delta.shape[0]):
        run[i + LANES] = run[i] + delta[i]


@njit(**POINTWISE)
def _decay(delta: Row, rate: float, a: Row) -> None:
    for i in range(delta.shape[0]):
        a[i] = exp(delta[i] * rate)


@njit(**POINTWISE)
def _begin(delta: Row, rate: float, du: Row, B: Row, a: Row, b: Row, h: Row) -> None:
    for i in range(delta.shape[0]):
        decay = exp(delta[i] * rate)
        enters = du[i] * B[i]
        a[i] = decay
        b[i] = enters
        h[i + LANES] = decay * h[i] + enters


@njit(**POINTWISE)
def _recur(a: Row, b: Row, h: Row) -> None:
    for i in range(b.shape[0]):
        h[i + LANES] = a[i] * h[i] + b[i]


@njit(**POINTWISE)
def _recur_back(a: Row, b: Row, g: Row) -> None:
    for i in range(b.shape[0] - 1, -1, -1):
        g[i] = a[i + LANES] * g[i + LANES] + b[i]


@njit(**POINTWISE)
def states(A: Row, delta: Row, du: Row, B: Rows, carry: Row, a: Rows, h: Rows, b: Row, run: Row, lane: Row) -> None:
    """Fill a[n, i] = exp(delta A[n]) and the states h, and advance `carry` (N,) from before the chunk to after it.

    delta, du = delta u (T,); B (N, T); a, h (N, T + LANES). b (T,), run (T + LANES,) and lane (LANES,) are scratch.
    """
    size = delta.shape[0]
    _sum_lanes(delta, run)
    for n in range(A.shape[0]):
        h[n, :LANES] = 0
        _begin(delta, A[n], du, B[n], a[n], b, h[n])
        _decay(run[size : size + LANES], A[n], lane)  # each lane's product of a
        enters = carry[n]
        for j in range(LANES):
            leaves = h[n, size + j] + lane[j] * enters
            h[n, j] = enters
            enters = leaves
        _recur(a[n, :size], b, h[n])
        carry[n] = h[n, size + LANES - 1]


@njit(**SUMS)
def _state_gradients(
    g: Row, a: Row, before: Row, delta: Row, du: Row, B: Row, rate: float, d_B: Row, d_du: Row, d_delta: Row
) -> Any:
    d_rate = g.dtype.type(0)
    for i in range(delta.shape[0]):
        slope = g[i] * a[i] * before[i]
        d_rate += slope * delta[i]
        d_delta[i] += slope * rate
        d_du[i] += g[i] * B[i]
        d_B[i] += g[i] * du[i]
    return d_rate


@njit(**POINTWISE)
def state_gradients(
    A: Row,
    delta: Row,
    du: Row,
    B: Rows,
    C: Rows,
    d_y: Row,
    a: Rows,
    h: Rows,
    d_carry: Row,
    d_A: NDArray[np.float64],
    d_du: Row,
    d_delta: Row,
    d_B: Rows,
    d_C: Rows,
    g: Row,
    b: Row,
    run: Row,
    lane: Row,
) -> None:
    """Add the gradients of a chunk, given d_y (T,) and `states`' a and h, and take d_carry back to before the chunk.

    d_A (N,) is a sum over time; d_du, d_delta (T,), d_B, d_C (N, T) are added to; d_delta is that of delta in
    exp(delta A) alone. g (T + LANES,), b (T,), run (T + LANES,) and lane (LANES,) are scratch.
    """
    size = delta.shape[0]
    _sum_lanes(delta, run)
    for n in range(A.shape[0]):
        _decay(run[size : size + LANES], A[n], lane)
        times(d_y, C[n, :size], b)
        for i in range(size):
            d_C[n, i] += d_y[i] * h[n, i + LANES]
        a[n, size:] = 1
        g[size:] = 0
        _recur_back(a[n], b, g)
        enters = d_carry[n]
        for j in range(LANES - 1, -1, -1):
            leaves = a[n, j] * g[j] + lane[j] * enters
            g[size + j] = enters
            enters = leaves
        _recur_back(a[n], b, g)
        d_carry[n] = a[n, 0] * g[0]
        d_A[n] += _state_gradients(
            g[:size], a[n, :size], h[n, :size], delta, du, B[n, :size], A[n], d_B[n, :size], d_du, d_delta
        )
