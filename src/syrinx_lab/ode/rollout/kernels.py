"""The Numba kernels of the fused backend: RK4 forward in time, and its hand-written adjoint backward in time.

A tile is `width` items of the batch, one a lane. Per-sample arrays (batch, steps) are read and written in place; the
weights of a step, which lie item by item in memory, are transposed into lanes once a step, and their gradient back.
Where the batch is no multiple of the width the last tile overlaps the one before and computes the same numbers again.

Numba's cache on disk watches the date of this file alone: touch it when `lanes.py` changes.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from .lanes import horner, spread, flush_subnormals, restore_mode, fma, gather, load, scatter, splat, store, tanh, transpose


@njit
def _scratch(count, like, array):
    """Memory for `count` lanes, and the offset of its first aligned element."""
    scratch = np.empty((count + 1) * len(like), array.dtype)
    return scratch, -(scratch.ctypes.data // scratch.itemsize) % len(like)


@njit
def _to_lanes(weights, offset, stride, scratch, base, count, like):
    """Bring the `count` weights of one step from items into lanes."""
    width = len(like)
    blocks = count - count % width
    for c in range(0, blocks, width):
        transpose(weights, offset + c, stride, scratch, base + c * width, width, like)
    for c in range(blocks, count):
        store(scratch, base + c * width, gather(weights, offset + c, stride, like))


@njit
def _from_lanes(scratch, base, weights, offset, stride, count, like):
    """The reverse of `_to_lanes`."""
    width = len(like)
    blocks = count - count % width
    for c in range(0, blocks, width):
        transpose(scratch, base + c * width, width, weights, offset + c, stride, like)
    for c in range(blocks, count):
        scatter(weights, offset + c, stride, load(scratch, base + c * width, like))


@njit
def _limits(bounds, like):
    """The bounds X, V of the clamp and their inverses in every lane."""
    return splat(bounds[0], like), splat(bounds[1], like), splat(bounds[2], like), splat(bounds[3], like)


@njit
def _clamp(x, v, clamped, limits):
    if clamped:
        return limits[0] * tanh(x * limits[2]), limits[1] * tanh(v * limits[3])
    return x, v


@njit
def _clamp_slope(x, v, clamped, limits, one):
    """The derivative of the clamp, from its results x and v."""
    if clamped:
        x, v = x * limits[2], v * limits[3]
        return one - x * x, one - v * v
    return one, one


COLUMNS = (0,) * 8
@njit
def _row_polynomial(weights, base, side, p, q, zero):
    """The polynomial of a single item, four columns at a time, where the number of columns allows it."""
    p4, z = spread(p, (0,0,0,0)), spread(zero, (0,0,0,0))
    q2 = q * q
    q4 = q2 * q2
    value = zero
    for j in range(side - 4, -1, -4):
        place = base + side * side + j
        column = z
        for _ in range(side):
            place -= side
            column = fma(column, p4, load(weights, place, (0,0,0,0)))
        value = fma(value, q4, horner(column, q))
    return value


@njit
def _slope(x, v, stiffness, gamma, weights, base, side, clamped, limits, zero, like):
    """Minus dv/ds, by Horner's rule in v within Horner's rule in x."""
    width = len(like)
    p, q = _clamp(x, v, clamped, limits)
    if width == 1 and side % 4 == 0:
        value = _row_polynomial(weights, base, side, p, q, zero)
        return fma(stiffness, x, fma(gamma, v, value))
    value = zero
    place = base + side * side * width
    for _ in range(side):
        row = zero
        for _ in range(side):
            place -= width
            row = fma(row, q, load(weights, place, like))
        value = fma(value, p, row)
    return fma(stiffness, x, fma(gamma, v, value))


@njit
def _slope_and_partials(x, v, stiffness, gamma, weights, base, side, clamped, limits, zero, one, like):
    """Minus dv/ds, its partial derivatives by x and by v, and the inputs of the polynomial."""
    width = len(like)
    p, q = _clamp(x, v, clamped, limits)
    value, by_p, by_q = zero, zero, zero
    place = base + side * side * width
    for _ in range(side):
        row, row_by_q = zero, zero
        for _ in range(side):
            place -= width
            row_by_q = fma(row_by_q, q, row)
            row = fma(row, q, load(weights, place, like))
        by_p = fma(by_p, p, value)
        value = fma(value, p, row)
        by_q = fma(by_q, p, row_by_q)
    dp, dq = _clamp_slope(p, q, clamped, limits, one)
    slope = fma(stiffness, x, fma(gamma, v, value))
    return slope, fma(by_p, dp, stiffness), fma(by_q, dq, gamma), p, q


@njit
def _powers(scratch, base, side, q, one, like):
    """Write 1, q, q^2, ... to the scratch memory."""
    power = one
    for j in range(side):
        store(scratch, base + j * len(like), power)
        power = power * q


@njit
def _outer(c1, c2, c3, c4, p1, p2, p3, p4, powers, start, side, out, base, like):
    """sum_s c_s p_s^i q_s^j for all i and j, from the four tables of powers of q_s."""
    width = len(like)
    place = base
    for _ in range(side):
        power = start
        for _ in range(side):
            term = c1 * load(powers, power, like)
            term = fma(c2, load(powers, power + side * width, like), term)
            term = fma(c3, load(powers, power + 2 * side * width, like), term)
            store(out, place, fma(c4, load(powers, power + 3 * side * width, like), term))
            power += width
            place += width
        c1, c2, c3, c4 = c1 * p1, c2 * p2, c3 * p3, c4 * p4


@njit
def _forward_tile(first, x_start, v_start, stiffness, gamma, weights, strides, side, sizes, clamped, bounds, like, xs, vs):
    steps, horizon, count, width = stiffness.shape[1], xs.shape[1], side * side, len(like)
    item_stride, step_stride = strides
    h, half, sixth = splat(sizes[0], like), splat(sizes[1], like), splat(sizes[3], like)
    zero, limits = splat(sizes[4], like), _limits(bounds, like)
    scratch, base = _scratch(count if width > 1 else 0, like, weights)
    x, v = load(x_start, first, like), load(v_start, first, like)
    scatter(xs, first * horizon, horizon, x)
    scatter(vs, first * horizon, horizon, v)
    for t in range(horizon - 1):
        sample = first * steps + t
        k, g = gather(stiffness, sample, steps, like), gather(gamma, sample, steps, like)
        w, origin = weights, first * item_stride + t * step_stride
        if width > 1:
            _to_lanes(weights, origin, item_stride, scratch, base, count, like)
            w, origin = scratch, base
        a1 = _slope(x, v, k, g, w, origin, side, clamped, limits, zero, like)
        v2 = v - half * a1
        a2 = _slope(fma(half, v, x), v2, k, g, w, origin, side, clamped, limits, zero, like)
        v3 = v - half * a2
        a3 = _slope(fma(half, v2, x), v3, k, g, w, origin, side, clamped, limits, zero, like)
        v4 = v - h * a3
        a4 = _slope(fma(h, v3, x), v4, k, g, w, origin, side, clamped, limits, zero, like)
        middle = v2 + v3
        x = fma(sixth, v + (middle + middle) + v4, x)
        middle = a2 + a3
        v = v - sixth * (a1 + (middle + middle) + a4)
        x, v = _clamp(x, v, clamped, limits)
        scatter(xs, first * horizon + t + 1, horizon, x)
        scatter(vs, first * horizon + t + 1, horizon, v)


@njit
def _backward_tile(
    first, xs, vs, stiffness, gamma, weights, strides, side, sizes, clamped, bounds, like, x_grad, v_grad,
    x_start_grad, v_start_grad, stiffness_grad, gamma_grad, weights_grad, with_weights,
):  # fmt: skip
    steps, horizon, count, width = stiffness.shape[1], xs.shape[1], side * side, len(like)
    item_stride, step_stride = strides
    h, half, third, sixth = splat(sizes[0], like), splat(sizes[1], like), splat(sizes[2], like), splat(sizes[3], like)
    zero, one, limits = splat(sizes[4], like), splat(sizes[5], like), _limits(bounds, like)
    scratch, base = _scratch(count if width > 1 else 0, like, weights)
    out, out_base = _scratch(count if width > 1 else 0, like, weights)
    powers, tables = _scratch(4 * side, like, weights)
    row = first * horizon
    last = row + horizon - 1
    x, v = gather(xs, last, horizon, like), gather(vs, last, horizon, like)
    lx, lv = gather(x_grad, last, horizon, like), gather(v_grad, last, horizon, like)
    for t in range(horizon - 2, -1, -1):
        sample = first * steps + t
        k, g = gather(stiffness, sample, steps, like), gather(gamma, sample, steps, like)
        w, origin = weights, first * item_stride + t * step_stride
        if width > 1:
            _to_lanes(weights, origin, item_stride, scratch, base, count, like)
            w, origin = scratch, base
        dx, dv = _clamp_slope(x, v, clamped, limits, one)
        lx, lv = lx * dx, lv * dv
        x, v = gather(xs, row + t, horizon, like), gather(vs, row + t, horizon, like)

        a, x1, v1, p1, q1 = _slope_and_partials(x, v, k, g, w, origin, side, clamped, limits, zero, one, like)
        xb, vb = fma(half, v, x), v - half * a
        a, x2, v2, p2, q2 = _slope_and_partials(xb, vb, k, g, w, origin, side, clamped, limits, zero, one, like)
        xc, vc = fma(half, vb, x), v - half * a
        a, x3, v3, p3, q3 = _slope_and_partials(xc, vc, k, g, w, origin, side, clamped, limits, zero, one, like)
        xd, vd = fma(h, vc, x), v - h * a
        a, x4, v4, p4, q4 = _slope_and_partials(xd, vd, k, g, w, origin, side, clamped, limits, zero, one, like)

        m, n4 = sixth * lx, sixth * lv
        sx, sv = zero - n4 * x4, m - n4 * v4
        m, n3 = fma(h, sx, third * lx), fma(h, sv, third * lv)
        ux, uv = zero - n3 * x3, m - n3 * v3
        m, n2 = fma(half, ux, third * lx), fma(half, uv, third * lv)
        sx, sv = sx + ux, sv + uv
        ux, uv = zero - n2 * x2, m - n2 * v2
        m, n1 = fma(half, ux, sixth * lx), fma(half, uv, sixth * lv)
        sx, sv = sx + ux, sv + uv
        lx = lx + (sx - n1 * x1) + gather(x_grad, row + t, horizon, like)
        lv = lv + (sv + (m - n1 * v1)) + gather(v_grad, row + t, horizon, like)

        n1, n2, n3, n4 = zero - n1, zero - n2, zero - n3, zero - n4
        scatter(stiffness_grad, sample, steps, fma(n1, x, fma(n2, xb, fma(n3, xc, n4 * xd))))
        scatter(gamma_grad, sample, steps, fma(n1, v, fma(n2, vb, fma(n3, vc, n4 * vd))))
        if with_weights:
            _powers(powers, tables, side, q1, one, like)
            _powers(powers, tables + side * width, side, q2, one, like)
            _powers(powers, tables + 2 * side * width, side, q3, one, like)
            _powers(powers, tables + 3 * side * width, side, q4, one, like)
            place = (first * steps + t) * count
            if width > 1:
                _outer(n1, n2, n3, n4, p1, p2, p3, p4, powers, tables, side, out, out_base, like)
                _from_lanes(out, out_base, weights_grad, place, steps * count, count, like)
            else:
                _outer(n1, n2, n3, n4, p1, p2, p3, p4, powers, tables, side, weights_grad, place, like)
    store(x_start_grad, first, lx)
    store(v_start_grad, first, lv)


@njit(parallel=True, cache=True)
def forward(x_start, v_start, stiffness, gamma, weights, strides, side, sizes, clamped, bounds, like, xs, vs):
    """Integrate every item and fill xs and vs (batch, horizon)."""
    batch, width = xs.shape[0], len(like)
    for tile in prange((batch + width - 1) // width):
        first = min(tile * width, batch - width)
        mode = flush_subnormals()
        _forward_tile(
            first, x_start, v_start, stiffness, gamma, weights, strides, side, sizes, clamped, bounds, like, xs, vs
        )
        restore_mode(mode)


@njit(parallel=True, cache=True)
def backward(
    xs, vs, stiffness, gamma, weights, strides, side, sizes, clamped, bounds, like, x_grad, v_grad,
    x_start_grad, v_start_grad, stiffness_grad, gamma_grad, weights_grad, with_weights,
):  # fmt: skip
    """Carry the gradients of xs and vs back to the start and to the drives of the first horizon - 1 steps."""
    batch, width = xs.shape[0], len(like)
    for tile in prange((batch + width - 1) // width):
        first = min(tile * width, batch - width)
        mode = flush_subnormals()
        _backward_tile(
            first, xs, vs, stiffness, gamma, weights, strides, side, sizes, clamped, bounds, like, x_grad, v_grad,
            x_start_grad, v_start_grad, stiffness_grad, gamma_grad, weights_grad, with_weights,
        )  # fmt: skip
        restore_mode(mode)
