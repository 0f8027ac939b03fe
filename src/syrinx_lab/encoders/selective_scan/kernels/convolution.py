# mypy: disable-error-code="call-arg, var-annotated"
"""The causal convolution over time with its silu, and the gradients of both, one channel and one chunk at a time.

    conv_t = bias + sum_m w[m] u_{t - (K - 1) + m},   active = conv sigmoid(conv)

A row of u has K - 1 vectors at its beginning: vector -k holds the sample k steps before every lane, which is another
lane's, or one of the tail of samples before the chunk. A row of gradients has them at its end, for the samples after.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ....simd.lanes import fma, load, splat, store
from ....simd.rows import add_totals, load_rows, repeat
from . import POINTWISE
from .activations import sigmoid
from .lanes import FOUR, LANES, ONE, Row


@njit(**POINTWISE)
def _sample_before(at: int, steps: int) -> int:
    return at - LANES if at >= LANES else at + (steps - 1) * LANES - 1


@njit(**POINTWISE)
def fill_before(u: Row, tail: Row, count: int, steps: int, last: int) -> None:
    """Fill the vectors before the chunk in a row of u, and take tail (K - 1,) from before the chunk to after it.

    last = place(count - 1, steps).
    """
    past = tail.shape[0]
    base = past * LANES
    for k in range(1, past + 1):
        store(u, base - k * LANES, load(u, base + (steps - k) * LANES - 1, ONE))
        u[base - k * LANES] = tail[past - k]
    for m in range(past - count):
        tail[m] = tail[m + count]
    for m in range(past - 1, max(past - count, 0) - 1, -1):
        tail[m] = u[base + last]
        last = _sample_before(last, steps)


@njit(**POINTWISE)
def convolve(w: Row, bias: float, u: Row, size: int, active: Row, slope: Row, keep: bool) -> None:
    """Fill active (T,) and, with `keep`, slope (T,), the derivative of silu, from a row of u."""
    one = splat(u.dtype.type(1), FOUR)
    for i in range(0, size, len(FOUR)):
        conv = splat(bias, FOUR)
        for m in range(w.shape[0]):
            conv = fma(splat(w[m], FOUR), load(u, m * LANES + i, FOUR), conv)
        gate = sigmoid(conv, one)
        silu = conv * gate
        store(active, i, silu)
        if keep:
            store(slope, i, fma(silu, one - gate, gate))


@njit(**POINTWISE)
def _dots(d_conv: Row, u: Row, m: int, size: int, d_w: NDArray[np.float64], like: tuple[int, ...]) -> None:
    total = splat(u.dtype.type(0), like)
    for i in range(0, size, LANES):
        rows = load_rows(u, m * LANES + i, LANES, ONE, like)
        total = fma(repeat(load(d_conv, i, ONE), like), rows, total)
    add_totals(d_w, m, 1, ONE, total)


@njit(**POINTWISE)
def convolution_gradients(
    w: Row,
    slope: Row,
    count: int,
    steps: int,
    last: int,
    d: Row,
    u: Row,
    d_tail: Row,
    d_w: NDArray[np.float64],
    d_bias: NDArray[np.float64],
) -> None:
    """Given d (T + (K - 1) LANES,), the gradient of active, which is spoilt, add to d_w (K,) and d_bias (1,).

    The gradient of u takes the place of its chunk, and d_tail (K - 1,) goes from after the chunk to before it.
    last = place(count - 1, steps).
    """
    taps = w.shape[0]
    past, size = taps - 1, steps * LANES
    bias = splat(d.dtype.type(0), FOUR)
    for i in range(0, size, len(FOUR)):
        d_conv = load(d, i, FOUR) * load(slope, i, FOUR)
        bias = bias + d_conv
        store(d, i, d_conv)
    for e in range(past):  # after every lane comes the beginning of the next, after the last nothing
        store(d, size + e * LANES, load(d, e * LANES + 1, ONE))
        d[size + e * LANES + LANES - 1] = 0
    add_totals(d_bias, 0, 0, ONE, bias)
    m = 0
    while m + 4 <= taps:
        _dots(d, u, m, size, d_w, FOUR)
        m += 4
    while m < taps:
        _dots(d, u, m, size, d_w, ONE)
        m += 1
    for i in range(0, size, len(FOUR)):
        d_u = splat(d.dtype.type(0), FOUR)
        for m in range(taps):
            d_u = fma(splat(w[m], FOUR), load(d, (past - m) * LANES + i, FOUR), d_u)
        store(u, past * LANES + i, d_u)
    for m in range(past - 1, max(past - count, 0) - 1, -1):
        u[past * LANES + last] += d_tail[m]
        last = _sample_before(last, steps)
    for m in range(past - 1, -1, -1):
        passed = d_tail[m - count] if m >= count else d_tail.dtype.type(0)
        for tap in range(m + 1):
            t = m - tap
            if t < count:
                passed += w[tap] * d[t * LANES]
        d_tail[m] = passed
