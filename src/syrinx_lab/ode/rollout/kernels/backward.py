# mypy: disable-error-code="call-arg, var-annotated"
"""The gradient of a tile's trajectory: the exact adjoint of the RK4 steps, from the last to the first."""

from __future__ import annotations

from numba import njit

from . import SOURCES, entry
from .functions import flush_subnormals, restore_mode
from .lanes import fma, gather, scatter, splat, store
from .polynomial import clamp_derivative, linearised, weight_gradient
from .tiles import from_lanes, scratch, to_lanes


@njit
def _backward_tile(first, xs, vs, drives, plan, like, x_grad, v_grad, start_grads, grads):
    steps, horizon, count, width = drives.stiffness.shape[1], xs.shape[1], plan.side**2, len(like)
    h, half, zero = splat(plan.step, like), splat(plan.half, like), splat(plan.zero, like)
    third, sixth = splat(plan.third, like), splat(plan.sixth, like)
    lanes, base = scratch(count if width > 1 else 0, xs, like)
    tables, start = scratch(4 * plan.side, xs, like)
    row = first * horizon
    last = row + horizon - 1
    x, v = gather(xs, last, horizon, like), gather(vs, last, horizon, like)
    lx, lv = gather(x_grad, last, horizon, like), gather(v_grad, last, horizon, like)
    for t in range(horizon - 2, -1, -1):
        dx, dv = clamp_derivative(x, v, plan, like)
        lx, lv = lx * dx, lv * dv  # the adjoint of the state before the clamp at the end of step t

        # The stages again, from the stored state.
        k = gather(drives.stiffness, first * steps + t, steps, like)
        g = gather(drives.gamma, first * steps + t, steps, like)
        w, place = drives.weights, first * plan.item_stride + t * plan.step_stride
        if width > 1:
            to_lanes(w, place, plan.item_stride, lanes, base, count, like)
            w, place = lanes, base
        x, v = gather(xs, row + t, horizon, like), gather(vs, row + t, horizon, like)
        a, ax1, av1, p1, q1 = linearised(x, v, k, g, w, place, plan, like)
        x2, v2 = fma(half, v, x), v - half * a
        a, ax2, av2, p2, q2 = linearised(x2, v2, k, g, w, place, plan, like)
        x3, v3 = fma(half, v2, x), v - half * a
        a, ax3, av3, p3, q3 = linearised(x3, v3, k, g, w, place, plan, like)
        x4, v4 = fma(h, v3, x), v - h * a
        a, ax4, av4, p4, q4 = linearised(x4, v4, k, g, w, place, plan, like)

        # (l, m): adjoint of a stage's slopes dx/ds and dv/ds; (rx, rv): what follows for the state at that stage.
        l4, m4 = sixth * lx, sixth * lv
        rx4, rv4 = zero - m4 * ax4, l4 - m4 * av4
        l3, m3 = fma(h, rx4, third * lx), fma(h, rv4, third * lv)
        rx3, rv3 = zero - m3 * ax3, l3 - m3 * av3
        l2, m2 = fma(half, rx3, third * lx), fma(half, rv3, third * lv)
        rx2, rv2 = zero - m2 * ax2, l2 - m2 * av2
        l1, m1 = fma(half, rx2, sixth * lx), fma(half, rv2, sixth * lv)
        rx1, rv1 = zero - m1 * ax1, l1 - m1 * av1
        lx = lx + rx1 + rx2 + rx3 + rx4 + gather(x_grad, row + t, horizon, like)
        lv = lv + rv1 + rv2 + rv3 + rv4 + gather(v_grad, row + t, horizon, like)

        m1, m2, m3, m4 = zero - m1, zero - m2, zero - m3, zero - m4
        sample = first * steps + t
        scatter(grads.stiffness, sample, steps, fma(m1, x, fma(m2, x2, fma(m3, x3, m4 * x4))))
        scatter(grads.gamma, sample, steps, fma(m1, v, fma(m2, v2, fma(m3, v3, m4 * v4))))
        if grads.weights.size:
            m, p, q = (m1, m2, m3, m4), (p1, p2, p3, p4), (q1, q2, q3, q4)
            if width > 1:  # the lanes hold the weights no longer needed: their gradient takes the place
                weight_gradient(m, p, q, tables, start, lanes, base, plan, like)
                from_lanes(lanes, base, grads.weights, sample * count, steps * count, count, like)
            else:
                weight_gradient(m, p, q, tables, start, grads.weights, sample * count, plan, like)
    store(start_grads[0], first, lx)
    store(start_grads[1], first, lv)


def _backward(sources: str):
    def backward(tiles, xs, vs, drives, plan, like, x_grad, v_grad, start_grads, grads):
        """Carry gradients through the tiles from tiles[0] up to tiles[1].

        xs, vs          (batch, H) what `forward` filled
        drives          `Arrays` of T steps
        like            a tuple as long as a tile is wide
        x_grad, v_grad  (batch, H) gradients of xs and vs
        start_grads     x and v (batch,), to be filled
        grads           contiguous `Arrays`, filled for the first H - 1 of T steps; empty weights are left alone
        """
        _ = sources
        mode = flush_subnormals()
        for tile in range(tiles[0], tiles[1]):
            first = min(tile * len(like), xs.shape[0] - len(like))
            _backward_tile(first, xs, vs, drives, plan, like, x_grad, v_grad, start_grads, grads)
        restore_mode(mode)

    return entry(backward)


backward = _backward(SOURCES)
