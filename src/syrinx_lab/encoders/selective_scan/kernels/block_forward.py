"""A whole Mamba block forward on a CPU core, one item of the batch and one chunk of samples at a time.

    n = x / sqrt(mean(x^2) + eps) norm,          (u, z) = in_proj n,          c = silu(conv(u)),
    (r, B, C) = x_proj c,   delta = softplus(dt_proj r + bias),   y = scan(c, delta, A, B, C) + D c,
    out = x + out_proj (y silu(z))

Nothing but x, the output and the state at every chunk's beginning is kept for the whole recording; the backward pass
computes the rest again, chunk by chunk from the end. Without `wrapped` the norm and the `x +` are left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from . import POINTWISE, SOURCES, entry
from .channel import Rows, states
from .lanes import (
    CHUNK,
    LANES,
    Row,
    add,
    add_product,
    copy,
    gather,
    mix,
    scaled,
    sigmoid,
    softplus,
    spread,
    times,
)


class Weights(NamedTuple):
    """The arrays of a block, d = d_model, i = d_inner, N = d_state, K = d_conv, R = dt_rank; also their gradients."""

    norm: NDArray[np.floating]  # (d,)
    in_proj: NDArray[np.floating]  # (2i, d)
    conv: NDArray[np.floating]  # (i, K)
    conv_bias: NDArray[np.floating]  # (i,)
    x_proj: NDArray[np.floating]  # (R + 2N, i)
    dt_proj: NDArray[np.floating]  # (i, R)
    dt_bias: NDArray[np.floating]  # (i,)
    A: NDArray[np.floating]  # (i, N), negative
    D: NDArray[np.floating]  # (i,)
    out_proj: NDArray[np.floating]  # (d, i)


class Work(NamedTuple):
    """The rows of one chunk that the forward and the backward pass both need."""

    x: Rows  # (d, T)
    scale: Row  # (T,) 1 / root mean square
    normed: Rows  # (d, T)
    u: Rows  # (i, (K - 1) LANES + T): rows of the samples before every lane, then the chunk
    z: Rows  # (i, T)
    conv: Rows  # (i, T)
    gate: Rows  # (i, T) sigmoid of conv
    active: Rows  # (i, T) silu of conv
    proj: Rows  # (R + 2N, T)
    pre: Row  # (T,)
    delta: Row  # (T,)
    slope: Row  # (T,) derivative of softplus
    du: Row  # (T,)
    y: Row  # (T,)
    a: Rows  # (N, T + LANES)
    h: Rows  # (N, T + LANES)
    b: Row  # (T,)
    run: Row  # (T + LANES,)
    lane: Row  # (LANES,)
    mixed: Rows  # (d, T)
    swish: Row  # (T,)


def workspace(w: Weights) -> Work:
    """Uninitialised rows for blocks of the sizes and the type of w."""
    (model, inner), taps, state = w.out_proj.shape, w.conv.shape[1], w.A.shape[1]
    wide = CHUNK + LANES  # not a power of two, lest the rows fight for the same lines of the cache

    def rows(*shape: int) -> Rows:
        return np.empty(shape, w.A.dtype)

    return Work(
        x=rows(model, wide),
        scale=rows(wide),
        normed=rows(model, wide),
        u=rows(inner, (taps - 1) * LANES + wide),
        z=rows(inner, wide),
        conv=rows(inner, wide),
        gate=rows(inner, wide),
        active=rows(inner, wide),
        proj=rows(w.x_proj.shape[0], wide),
        pre=rows(wide),
        delta=rows(wide),
        slope=rows(wide),
        du=rows(wide),
        y=rows(wide),
        a=rows(state, wide),
        h=rows(state, wide),
        b=rows(wide),
        run=rows(wide),
        lane=rows(LANES),
        mixed=rows(model, wide),
        swish=rows(wide),
    )


@njit(**POINTWISE)
def _root_mean_square(x: Rows, eps: float, size: int, scale: Row) -> None:
    scale[:size] = 0
    for d in range(x.shape[0]):
        add_product(scale[:size], x[d, :size], x[d, :size])
    one, share = scale.dtype.type(1), scale.dtype.type(1 / x.shape[0])
    for i in range(size):
        scale[i] = one / np.sqrt(scale[i] * share + eps)


@njit(**POINTWISE)
def _fill_halo(u: Row, tail: Row, taps: int, count: int, steps: int) -> None:
    # Row -k of lane j is sample j * steps - k of the chunk: another lane's, or the tail of the samples before.
    base = (taps - 1) * LANES
    for k in range(1, taps):
        for j in range(LANES):
            t = j * steps - k
            value = tail[taps - 1 + t] if t < 0 else u[base + (t % steps) * LANES + t // steps]
            u[base - k * LANES + j] = value
    for q in range(taps - 1):
        t = count - (taps - 1) + q
        tail[q] = tail[taps - 1 + t] if t < 0 else u[base + (t % steps) * LANES + t // steps]


@njit(**POINTWISE)
def _normalise(x: Row, scale: Row, gain: float, out: Row) -> None:
    for i in range(out.shape[0]):
        out[i] = x[i] * scale[i] * gain


@njit(**POINTWISE)
def front(
    x: NDArray[np.floating], w: Weights, eps: float, wrapped: bool, start: int, count: int, tail: Rows, k: Work
) -> int:
    """Everything before the scan, samples start .. start + count of x (L, d); advances tail (i, K - 1); returns T."""
    steps = (count + LANES - 1) // LANES
    size = steps * LANES
    inner, taps = w.conv.shape
    halo = (taps - 1) * LANES
    for d in range(x.shape[1]):
        spread(x[:, d], start, count, steps, k.x[d, :size])
    if wrapped:
        _root_mean_square(k.x, eps, size, k.scale)
        for d in range(x.shape[1]):
            _normalise(k.x[d, :size], k.scale[:size], w.norm[d], k.normed[d, :size])
    else:
        for d in range(x.shape[1]):
            copy(k.x[d, :size], k.normed[d])
    for c in range(inner):
        k.u[c, halo : halo + size] = 0
        mix(k.u[c, halo : halo + size], w.in_proj[c], k.normed)
        _fill_halo(k.u[c], tail[c], taps, count, steps)
        k.z[c, :size] = 0
        mix(k.z[c, :size], w.in_proj[inner + c], k.normed)
        k.conv[c, :size] = w.conv_bias[c]
        for tap in range(taps):
            add(k.conv[c, :size], w.conv[c, tap], k.u[c, tap * LANES : tap * LANES + size])
        sigmoid(k.conv[c, :size], k.gate[c, :size])
        times(k.conv[c, :size], k.gate[c, :size], k.active[c, :size])
    for j in range(w.x_proj.shape[0]):
        k.proj[j, :size] = 0
        mix(k.proj[j, :size], w.x_proj[j], k.active)
    return size


@njit(**POINTWISE)
def scan_channel(w: Weights, c: int, count: int, size: int, carry: Row, k: Work) -> None:
    """The scan of channel c with its step size: fills k.delta, k.slope, k.du, k.a, k.h and k.y; advances carry (N,)."""
    rank, state = w.dt_proj.shape[1], w.A.shape[1]
    k.pre[:size] = w.dt_bias[c]
    mix(k.pre[:size], w.dt_proj[c], k.proj[:rank])
    softplus(k.pre[:size], k.delta[:size], k.slope[:size])
    steps = size // LANES
    for t in range(count, size):  # samples past the end leave the state alone
        i = (t % steps) * LANES + t // steps
        k.delta[i] = 0
        k.slope[i] = 0
    times(k.delta[:size], k.active[c, :size], k.du[:size])
    B, C = k.proj[rank : rank + state], k.proj[rank + state :]
    states(w.A[c], k.delta[:size], k.du[:size], B, carry, k.a, k.h, k.b[:size], k.run, k.lane)
    k.y[:size] = 0
    add(k.y[:size], w.D[c], k.active[c, :size])
    for n in range(state):
        add_product(k.y[:size], k.h[n, LANES : LANES + size], C[n, :size])


def _entry(sources: str) -> Any:
    def block_forward(
        x: NDArray[np.floating],
        w: Weights,
        eps: float,
        wrapped: bool,
        tail: Rows,
        carry: Rows,
        tails: NDArray[np.floating],
        carries: NDArray[np.floating],
        out: NDArray[np.floating],
        k: Work,
    ) -> None:
        """One item: out (L, d) from x (L, d), advancing tail (i, K - 1) and carry (i, N) from before x to after it.

        tails (M, i, K - 1) and carries (M, i, N) take the states before each chunk of CHUNK samples; M = 0 keeps none.
        """
        _ = sources  # in the closure, for the cache's key
        length, model = x.shape
        zero, one = x.dtype.type(0), x.dtype.type(1)
        for start in range(0, length, CHUNK):
            if tails.shape[0] > 0:
                copy(tail.reshape(-1), tails[start // CHUNK].reshape(-1))
                copy(carry.reshape(-1), carries[start // CHUNK].reshape(-1))
            count = min(CHUNK, length - start)
            size = front(x, w, eps, wrapped, start, count, tail, k)
            for d in range(model):
                scaled(k.mixed[d, :size], one if wrapped else zero, k.x[d])
            for c in range(w.D.shape[0]):
                scan_channel(w, c, count, size, carry[c], k)
                sigmoid(k.z[c, :size], k.swish)
                times(k.swish, k.z[c], k.swish[:size])
                times(k.swish, k.y, k.swish[:size])
                for d in range(model):
                    add(k.mixed[d, :size], w.out_proj[d, c], k.swish)
            for d in range(model):
                gather(k.mixed[d], start, count, size // LANES, out[:, d])

    return entry(block_forward)


block_forward = _entry(SOURCES)
