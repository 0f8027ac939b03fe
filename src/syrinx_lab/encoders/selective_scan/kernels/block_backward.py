"""The gradients of a whole Mamba block on a CPU core: the backward pass of `block_forward`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from . import POINTWISE, SOURCES, entry
from .block_forward import Weights, Work, front, scan_channel
from .channel import Rows, state_gradients
from .lanes import (
    CHUNK,
    LANES,
    Row,
    add,
    add_dots,
    add_product,
    copy,
    dot,
    gather,
    scaled,
    sigmoid,
    spread,
    times,
    total,
)


class GradientWork(NamedTuple):
    """Rows of one chunk for the gradients of what the forward pass computed there."""

    tail: Rows  # (i, K - 1)
    carry: Rows  # (i, N)
    out: Rows  # (d, T)
    normed: Rows  # (d, T)
    proj: Rows  # (R + 2N, T)
    active: Rows  # (i, T)
    conv: Row  # (T + (K - 1) LANES,)
    u: Row  # (T,)
    z: Row  # (T,)
    y: Row  # (T,)
    gated: Row  # (T,)
    du: Row  # (T,)
    delta: Row  # (T,)
    g: Row  # (T + LANES,)


def gradient_workspace(w: Weights) -> GradientWork:
    """Uninitialised rows for the gradients of blocks of the sizes and the type of w."""
    (model, inner), taps, state = w.out_proj.shape, w.conv.shape[1], w.A.shape[1]
    wide = CHUNK + LANES

    def rows(*shape: int) -> Rows:
        return np.empty(shape, w.A.dtype)

    return GradientWork(
        tail=rows(inner, taps - 1),
        carry=rows(inner, state),
        out=rows(model, wide),
        normed=rows(model, wide),
        proj=rows(w.x_proj.shape[0], wide),
        active=rows(inner, wide),
        conv=rows((taps - 1) * LANES + wide),
        u=rows(wide),
        z=rows(wide),
        y=rows(wide),
        gated=rows(wide),
        du=rows(wide),
        delta=rows(wide),
        g=rows(wide),
    )


@njit(**POINTWISE)
def _gate_gradients(d_gated: Row, y: Row, z: Row, s: Row, d_y: Row, d_z: Row, gated: Row) -> None:
    one = z.dtype.type(1)
    for i in range(gated.shape[0]):
        d = d_gated[i]
        swish = z[i] * s[i]
        d_y[i] = d * swish
        d_z[i] = d * y[i] * s[i] * (one + z[i] * (one - s[i]))
        gated[i] = y[i] * swish


@njit(**POINTWISE)
def _silu_gradient(d_active: Row, conv: Row, gate: Row, d_conv: Row) -> None:
    one = conv.dtype.type(1)
    for i in range(d_active.shape[0]):
        d_conv[i] = d_active[i] * gate[i] * (one + conv[i] * (one - gate[i]))


@njit(**POINTWISE)
def _channel(w: Weights, c: int, size: int, carry: Row, d_carry: Row, g: Weights, k: Work, q: GradientWork) -> None:
    """Gradients of gate, scan and step size of channel c: fills q.active[c], adds to q.proj, q.normed and g."""
    model, inner = w.out_proj.shape
    rank, state = w.dt_proj.shape[1], w.A.shape[1]
    sigmoid(k.z[c, :size], k.swish)
    d_gated = q.u[:size]
    d_gated[:] = 0
    for d in range(model):
        add(d_gated, w.out_proj[d, c], q.out[d])
    _gate_gradients(d_gated, k.y, k.z[c], k.swish, q.y, q.z, q.gated[:size])
    for d in range(model):
        g.out_proj[d, c] += dot(q.gated[:size], q.out[d])
        add(q.normed[d, :size], w.in_proj[inner + c, d], q.z)
    add_dots(g.in_proj[inner + c], q.z[:size], k.normed)
    g.D[c] += dot(q.y[:size], k.active[c])
    scaled(q.active[c, :size], w.D[c], q.y)
    q.du[:size] = 0
    q.delta[:size] = 0
    state_gradients(
        w.A[c],
        k.delta[:size],
        k.du[:size],
        k.proj[rank : rank + state],
        k.proj[rank + state :],
        q.y[:size],
        k.a,
        k.h,
        d_carry,
        g.A[c],
        q.du[:size],
        q.delta[:size],
        q.proj[rank : rank + state],
        q.proj[rank + state :],
        q.g,
        k.b[:size],
        k.run,
        k.lane,
    )
    add_product(q.active[c, :size], q.du, k.delta)
    add_product(q.delta[:size], q.du, k.active[c])
    times(q.delta, k.slope, q.delta[:size])
    g.dt_bias[c] += total(q.delta[:size])
    add_dots(g.dt_proj[c], q.delta[:size], k.proj)
    for r in range(rank):
        add(q.proj[r, :size], w.dt_proj[c, r], q.delta)


@njit(**POINTWISE)
def _convolution(w: Weights, c: int, count: int, size: int, d_tail: Row, k: Work, q: GradientWork, g: Weights) -> None:
    """Gradient q.u of what enters the convolution of channel c; takes d_tail (K - 1,) back over the chunk."""
    taps = w.conv.shape[1]
    steps = size // LANES
    for e in range(taps - 1):  # the rows after every lane: the beginning of the next lane, nothing after the last
        for j in range(LANES):
            t = (j + 1) * steps + e
            q.conv[size + e * LANES + j] = q.conv[(t % steps) * LANES + t // steps] if t < size else 0
    q.u[:size] = 0
    for tap in range(taps):
        g.conv[c, tap] += dot(q.conv[:size], k.u[c, tap * LANES :])
        add(q.u[:size], w.conv[c, tap], q.conv[(taps - 1 - tap) * LANES :])
    g.conv_bias[c] += total(q.conv[:size])
    for m in range(taps - 1):
        t = count - (taps - 1) + m
        if t >= 0:
            q.u[(t % steps) * LANES + t // steps] += d_tail[m]
    for m in range(taps - 2, -1, -1):
        passed = d_tail[m - count] if m >= count else d_tail.dtype.type(0)
        for tap in range(m + 1):
            t = m - tap
            if t < count:
                passed += w.conv[c, tap] * q.conv[(t % steps) * LANES + t // steps]
        d_tail[m] = passed


@njit(**POINTWISE)
def _norm_gradient(x: Rows, scale: Row, norm: Row, size: int, q: GradientWork, g: Weights) -> None:
    model = x.shape[0]
    q.y[:size] = 0
    for d in range(model):
        times(q.normed[d], x[d], q.z[:size])
        g.norm[d] += dot(q.z[:size], scale)
        add(q.y[:size], norm[d], q.z)
    share = scale.dtype.type(1 / model)
    for i in range(size):
        q.y[i] *= scale[i] * scale[i] * scale[i] * share
    for d in range(model):
        times(q.normed[d], scale, q.z[:size])
        add(q.out[d, :size], norm[d], q.z)
        times(x[d], q.y, q.z[:size])
        add(q.out[d, :size], scale.dtype.type(-1), q.z)


def _entry(sources: str) -> Any:
    def block_backward(
        x: NDArray[np.floating],
        w: Weights,
        eps: float,
        wrapped: bool,
        tails: NDArray[np.floating],
        carries: NDArray[np.floating],
        d_out: NDArray[np.floating],
        d_tail: Rows,
        d_carry: Rows,
        d_x: NDArray[np.floating],
        g: Weights,
        k: Work,
        q: GradientWork,
    ) -> None:
        """One item: d_x (L, d) from d_out (L, d) and the states that `block_forward` kept; adds to g, sums in float64.

        d_tail (i, K - 1) and d_carry (i, N) enter as gradients of the states after x and leave as those before it.
        """
        _ = sources  # in the closure, for the cache's key
        length, model = x.shape
        inner = w.D.shape[0]
        for m in range(tails.shape[0] - 1, -1, -1):
            start = m * CHUNK
            count = min(CHUNK, length - start)
            copy(tails[m].reshape(-1), q.tail.reshape(-1))
            copy(carries[m].reshape(-1), q.carry.reshape(-1))
            size = front(x, w, eps, wrapped, start, count, q.tail, k)
            steps = size // LANES
            for d in range(model):
                spread(d_out[:, d], start, count, steps, q.out[d])
                q.normed[d, :size] = 0
            for j in range(q.proj.shape[0]):
                q.proj[j, :size] = 0
            for c in range(inner):
                scan_channel(w, c, count, size, q.carry[c], k)
                _channel(w, c, size, q.carry[c], d_carry[c], g, k, q)
            for j in range(q.proj.shape[0]):
                add_dots(g.x_proj[j], q.proj[j, :size], k.active)
            for c in range(inner):
                for j in range(q.proj.shape[0]):
                    add(q.active[c, :size], w.x_proj[j, c], q.proj[j])
                _silu_gradient(q.active[c, :size], k.conv[c], k.gate[c], q.conv)
                _convolution(w, c, count, size, d_tail[c], k, q, g)
                add_dots(g.in_proj[c], q.u[:size], k.normed)
                for d in range(model):
                    add(q.normed[d, :size], w.in_proj[c, d], q.u)
            if wrapped:
                _norm_gradient(k.x, k.scale, w.norm, size, q, g)
            for d in range(model):
                gather(q.out[d] if wrapped else q.normed[d], start, count, steps, d_x[:, d])

    return entry(block_backward)


block_backward = _entry(SOURCES)
