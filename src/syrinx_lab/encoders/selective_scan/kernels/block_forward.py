# mypy: disable-error-code="call-arg, var-annotated"
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

from ....simd.functions import flush_subnormals, restore_mode
from ....simd.lanes import fma, load, splat, sqrt, store
from . import POINTWISE, SOURCES, entry
from .activations import sigmoid, softplus
from .channel import Scan, scan, scan_rows
from .convolution import convolve, fill_before
from .lanes import CHUNK, FOUR, LANES, Row, Rows, clear_after, copy, empty_rows, gather, place, spread, steps_for
from .products import project


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
    u: Rows  # (i, (K - 1) LANES + T): see `convolution`
    z: Rows  # (i, T)
    active: Rows  # (i, T) silu of the convolution
    silu_slope: Rows  # (i, T) its derivative
    proj: Rows  # (R + 2N, T)
    delta: Row  # (T,)
    slope: Row  # (T,) derivative of softplus
    du: Row  # (T,) delta active
    y: Row  # (T,)
    scan: Scan
    gated: Rows  # (i, T) y silu(z)
    mixed: Rows  # (d, T)


def workspace(w: Weights) -> Work:
    """Uninitialised rows for blocks of the sizes and the type of w."""
    (model, inner), taps, state = w.out_proj.shape, w.conv.shape[1], w.A.shape[1]

    def rows(count: int, before: int = 0) -> Rows:
        return empty_rows(count, taps, w.A.dtype, before)

    return Work(
        x=rows(model),
        scale=rows(1)[0],
        normed=rows(model),
        u=rows(inner, taps - 1),
        z=rows(inner),
        active=rows(inner),
        silu_slope=rows(inner),
        proj=rows(w.x_proj.shape[0]),
        delta=rows(1)[0],
        slope=rows(1)[0],
        du=rows(1)[0],
        y=rows(1)[0],
        scan=scan_rows(state, taps, w.A.dtype),
        gated=rows(inner),
        mixed=rows(model),
    )


@njit(**POINTWISE)
def _normalise(x: Rows, norm: Row, eps: float, size: int, scale: Row, normed: Rows) -> None:
    model, stride = x.shape
    one, share = scale.dtype.type(1), scale.dtype.type(1 / x.shape[0])
    for i in range(0, size, len(FOUR)):
        mean = splat(scale.dtype.type(0), FOUR)
        for d in range(model):
            value = load(x, d * stride + i, FOUR)
            mean = fma(value, value, mean)
        inverse = splat(one, FOUR) / sqrt(fma(mean, splat(share, FOUR), splat(eps, FOUR)))
        store(scale, i, inverse)
        for d in range(model):
            store(normed, d * stride + i, load(x, d * stride + i, FOUR) * inverse * splat(norm[d], FOUR))


@njit(**POINTWISE)
def front(
    x: NDArray[np.floating],
    w: Weights,
    eps: float,
    wrapped: bool,
    start: int,
    count: int,
    tail: Rows,
    k: Work,
    keep: bool,
) -> int:
    """Everything before the scan, samples start .. start + count of x (L, d); advances tail (i, K - 1); returns S.

    k.silu_slope is filled with `keep` only.
    """
    inner, taps = w.conv.shape
    steps = steps_for(count, taps)
    size = steps * LANES
    for d in range(x.shape[1]):
        spread(x[:, d], start, count, steps, k.x[d])
    if wrapped:
        _normalise(k.x, w.norm, eps, size, k.scale, k.normed)
    else:
        for d in range(x.shape[1]):
            copy(k.x[d, :size], k.normed[d])
    project(w.in_proj[:inner], k.normed, 0, k.u, (taps - 1) * LANES, size, False)
    project(w.in_proj[inner:], k.normed, 0, k.z, 0, size, False)
    last = place(count - 1, steps)
    for c in range(inner):
        fill_before(k.u[c], tail[c], count, steps, last)
        convolve(w.conv[c], w.conv_bias[c], k.u[c], size, k.active[c], k.silu_slope[c], keep)
    project(w.x_proj, k.active, 0, k.proj, 0, size, False)
    return steps


@njit(**POINTWISE)
def _step_sizes(w: Weights, c: int, size: int, k: Work, keep: bool) -> None:
    rank, stride = w.dt_proj.shape[1], k.proj.shape[1]
    one, gain = splat(k.y.dtype.type(1), FOUR), splat(w.D[c], FOUR)
    active = k.active[c]
    for i in range(0, size, len(FOUR)):
        pre = splat(w.dt_bias[c], FOUR)
        for r in range(rank):
            pre = fma(splat(w.dt_proj[c, r], FOUR), load(k.proj, r * stride + i, FOUR), pre)
        delta, slope = softplus(pre, one)
        enters = load(active, i, FOUR)
        store(k.delta, i, delta)
        if keep:
            store(k.slope, i, slope)
        store(k.du, i, delta * enters)
        store(k.y, i, gain * enters)


@njit(**POINTWISE)
def scan_channel(w: Weights, c: int, count: int, steps: int, carry: Row, k: Work, keep: bool) -> None:
    """The scan of channel c with its step size: fills k.delta, k.du, k.scan and k.y; advances carry (N,).

    k.slope and the states in k.scan are filled with `keep` only.
    """
    rank, state, size = w.dt_proj.shape[1], w.A.shape[1], steps * LANES
    _step_sizes(w, c, size, k, keep)
    if count < size:  # samples past the end leave the state alone
        clear_after(count, steps, k.delta)
        clear_after(count, steps, k.slope)
        clear_after(count, steps, k.du)
    B, C = k.proj[rank : rank + state], k.proj[rank + state :]
    scan(w.A[c], k.delta, k.du, B, C, size, carry, k.y, k.scan, keep)


@njit(**POINTWISE)
def _gate(y: Row, z: Row, size: int, gated: Row) -> None:
    one = splat(y.dtype.type(1), FOUR)
    for i in range(0, size, len(FOUR)):
        value = load(z, i, FOUR)
        store(gated, i, load(y, i, FOUR) * value * sigmoid(value, one))


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
        mode = flush_subnormals()
        length, model = x.shape
        for start in range(0, length, CHUNK):
            if tails.shape[0] > 0:
                copy(tail.reshape(-1), tails[start // CHUNK].reshape(-1))
                copy(carry.reshape(-1), carries[start // CHUNK].reshape(-1))
            count = min(CHUNK, length - start)
            steps = front(x, w, eps, wrapped, start, count, tail, k, False)
            size = steps * LANES
            for c in range(w.D.shape[0]):
                scan_channel(w, c, count, steps, carry[c], k, False)
                _gate(k.y, k.z[c], size, k.gated[c])
            if wrapped:
                for d in range(model):
                    copy(k.x[d, :size], k.mixed[d])
            project(w.out_proj, k.gated, 0, k.mixed, 0, size, wrapped)
            for d in range(model):
                gather(k.mixed[d], start, count, steps, out[:, d])
        restore_mode(mode)

    return entry(block_forward)


block_forward = _entry(SOURCES)
