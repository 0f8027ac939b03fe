# mypy: disable-error-code="call-arg, var-annotated"
"""The gradients of a whole Mamba block on a CPU core: the backward pass of `block_forward`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ....simd.functions import flush_subnormals, restore_mode
from ....simd.lanes import fma, load, splat, store
from ....simd.rows import add_totals
from . import POINTWISE, SOURCES, entry
from .activations import sigmoid
from .block_forward import Weights, Work, front, scan_channel
from .channel import ScanGradients, scan_gradients
from .convolution import convolution_gradients
from .lanes import CHUNK, FOUR, LANES, ONE, Row, Rows, copy, empty_rows, gather, place, spread
from .products import add_dots, project


class GradientWork(NamedTuple):
    """Rows of one chunk for the gradients of what the forward pass computed there; `Work` takes some of them too."""

    tail: Rows  # (i, K - 1)
    carry: Rows  # (i, N)
    out: Rows  # (d, T)
    normed: Rows  # (d, T)
    proj: Rows  # (R + 2N, T)
    active: Rows  # (i, T + (K - 1) LANES): see `convolution`
    pre: Rows  # (i, T) of the argument of softplus; before, of y silu(z)
    y: Row  # (T,)
    scan: ScanGradients


def gradient_workspace(w: Weights) -> GradientWork:
    """Uninitialised rows for the gradients of blocks of the sizes and the type of w."""
    (model, inner), taps, rank, state = w.out_proj.shape, w.conv.shape[1], w.dt_proj.shape[1], w.A.shape[1]

    def rows(count: int, more: int = 0) -> Rows:
        return empty_rows(count, taps, w.A.dtype, more)

    proj = rows(w.x_proj.shape[0])
    return GradientWork(
        tail=np.empty((inner, taps - 1), w.A.dtype),
        carry=np.empty((inner, state), w.A.dtype),
        out=rows(model),
        normed=rows(model),
        proj=proj,
        active=rows(inner, taps - 1),
        pre=rows(inner),
        y=rows(1)[0],
        scan=ScanGradients(rows(1)[0], rows(1)[0], proj[rank : rank + state], proj[rank + state :]),
    )


@njit(**POINTWISE)
def _through_gate(w: Weights, c: int, size: int, d_D: NDArray[np.float64], k: Work, q: GradientWork) -> None:
    """From y silu(z) in q.pre to y and, in the place of z, z; the share of D y in q.active; y silu(z) in k.gated."""
    one, gain = splat(k.y.dtype.type(1), FOUR), splat(w.D[c], FOUR)
    zero = total = one - one
    z_row, gated, active, d_active, d_gated = k.z[c], k.gated[c], k.active[c], q.active[c], q.pre[c]
    for i in range(0, size, len(FOUR)):
        z, y, d = load(z_row, i, FOUR), load(k.y, i, FOUR), load(d_gated, i, FOUR)
        gate = sigmoid(z, one)
        silu = z * gate
        d_y = d * silu
        total = fma(d_y, load(active, i, FOUR), total)
        store(gated, i, y * silu)
        store(z_row, i, d * y * fma(silu, one - gate, gate))
        store(q.y, i, d_y)
        store(d_active, i, d_y * gain)
        store(q.scan.delta, i, zero)
        store(q.scan.du, i, zero)
    add_totals(d_D, c, 0, ONE, total)


@njit(**POINTWISE)
def _through_step_size(c: int, size: int, d_bias: NDArray[np.float64], k: Work, q: GradientWork) -> None:
    """From delta and delta active to what enters softplus, in q.pre, and to active."""
    total = splat(k.y.dtype.type(0), FOUR)
    active, d_active, d_pre = k.active[c], q.active[c], q.pre[c]
    for i in range(0, size, len(FOUR)):
        d_du = load(q.scan.du, i, FOUR)
        store(d_active, i, fma(d_du, load(k.delta, i, FOUR), load(d_active, i, FOUR)))
        d_delta = fma(d_du, load(active, i, FOUR), load(q.scan.delta, i, FOUR))
        pre = d_delta * load(k.slope, i, FOUR)
        total = total + pre
        store(d_pre, i, pre)
    add_totals(d_bias, c, 0, ONE, total)


@njit(**POINTWISE)
def _through_norm(k: Work, norm: Row, size: int, q: GradientWork, d_norm: NDArray[np.float64]) -> None:
    """Add to q.out, the gradient of what is added to the mixer, that of what the norm takes."""
    model, stride = k.x.shape
    share, zero = splat(norm.dtype.type(1 / model), FOUR), splat(norm.dtype.type(0), FOUR)
    for d in range(model):
        total, row = zero, d * stride
        for i in range(0, size, len(FOUR)):
            total = fma(load(q.normed, row + i, FOUR) * load(k.x, row + i, FOUR), load(k.scale, i, FOUR), total)
        add_totals(d_norm, d, 0, ONE, total)
    for i in range(0, size, len(FOUR)):
        scale, along = load(k.scale, i, FOUR), zero
        for d in range(model):
            d_scaled = splat(norm[d], FOUR) * load(q.normed, d * stride + i, FOUR)
            along = fma(d_scaled, load(k.x, d * stride + i, FOUR), along)
        along = along * share * scale * scale
        for d in range(model):
            at = d * stride + i
            d_scaled = splat(norm[d], FOUR) * load(q.normed, at, FOUR)
            store(q.out, at, fma(d_scaled - along * load(k.x, at, FOUR), scale, load(q.out, at, FOUR)))


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
        mode = flush_subnormals()
        length, model = x.shape
        inner, taps = w.conv.shape
        rank, state, past = w.dt_proj.shape[1], w.A.shape[1], (taps - 1) * LANES
        B, C = k.proj[rank : rank + state], k.proj[rank + state :]
        for m in range(tails.shape[0] - 1, -1, -1):
            start = m * CHUNK
            count = min(CHUNK, length - start)
            copy(tails[m].reshape(-1), q.tail.reshape(-1))
            copy(carries[m].reshape(-1), q.carry.reshape(-1))
            steps = front(x, w, eps, wrapped, start, count, q.tail, k, True)
            size = steps * LANES
            for d in range(model):
                spread(d_out[:, d], start, count, steps, q.out[d])
            project(w.out_proj.T, q.out, 0, q.pre, 0, size, False)
            q.proj[rank:, :size] = 0
            for c in range(inner):
                scan_channel(w, c, count, steps, q.carry[c], k, True)
                _through_gate(w, c, size, g.D, k, q)
                scan_gradients(w.A[c], k.delta, k.du, B, C, size, q.y, d_carry[c], g.A[c], k.scan, q.scan)
                _through_step_size(c, size, g.dt_bias, k, q)
            add_dots(g.out_proj, q.out, 0, k.gated, 0, size)
            add_dots(g.dt_proj.T, k.proj, 0, q.pre, 0, size)
            project(w.dt_proj.T, q.pre, 0, q.proj, 0, size, False)
            add_dots(g.x_proj, q.proj, 0, k.active, 0, size)
            project(w.x_proj.T, q.proj, 0, q.active, 0, size, True)
            last = place(count - 1, steps)
            for c in range(inner):
                convolution_gradients(
                    w.conv[c],
                    k.silu_slope[c],
                    count,
                    steps,
                    last,
                    q.active[c],
                    k.u[c],
                    d_tail[c],
                    g.conv[c],
                    g.conv_bias[c : c + 1],
                )
            add_dots(g.in_proj[:inner].T, k.normed, 0, k.u, past, size)
            add_dots(g.in_proj[inner:].T, k.normed, 0, k.z, 0, size)
            project(w.in_proj[:inner].T, k.u, past, q.normed, 0, size, False)
            project(w.in_proj[inner:].T, k.z, 0, q.normed, 0, size, True)
            if wrapped:
                _through_norm(k, w.norm, size, q, g.norm)
            for d in range(model):
                gather(q.out[d] if wrapped else q.normed[d], start, count, steps, d_x[:, d])
        restore_mode(mode)

    return entry(block_backward)


block_backward = _entry(SOURCES)
