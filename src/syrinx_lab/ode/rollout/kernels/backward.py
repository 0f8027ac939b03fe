# mypy: disable-error-code="call-arg, var-annotated"
"""The gradient of a tile's trajectory: the exact adjoint of the RK4 steps, from the last to the first."""

from __future__ import annotations

from numba import njit

from ....simd.functions import flush_subnormals, restore_mode
from ....simd.lanes import fma, gather, scatter, splat, store
from . import SOURCES, entry
from .polynomial import clamp_derivative
from .steps import pulled, step_backward
from .tiles import clear, from_lanes, move, ramp, room, scratch, to_lanes
from .weight_gradient import GROUP, add_group, forget_step, group_room, note_step, write_weight_gradient


@njit
def _backward_samples(first, xs, vs, drives, data, plan, like, x_grad, v_grad, start_grads, grads):
    """Every step has drives of its own."""
    steps, horizon, count, width = drives.stiffness.shape[1], xs.shape[1], plan.side**2, len(like)
    keep = splat(plan.keep, like)
    lanes, base = scratch(count if width > 1 else 0, xs, like)
    tables, start = scratch(4 * plan.side, xs, like)
    row = first * horizon
    last = row + horizon - 1
    end_x, end_v = gather(xs, last, horizon, like), gather(vs, last, horizon, like)
    lx, lv = gather(x_grad, last, horizon, like), gather(v_grad, last, horizon, like)
    for t in range(horizon - 2, -1, -1):
        dx, dv = clamp_derivative(end_x, end_v, plan, like)
        end_x, end_v = gather(xs, row + t, horizon, like), gather(vs, row + t, horizon, like)
        sample = first * steps + t
        k, g = gather(drives.stiffness, sample, steps, like), gather(drives.gamma, sample, steps, like)
        w, place = drives.weights, first * plan.item_stride + t * plan.step_stride
        if width > 1:
            to_lanes(w, place, plan.item_stride, lanes, base, count, like)
            w, place = lanes, base
        x, v = pulled(end_x, end_v, data, row + t, horizon, plan, like)
        lx, lv, by_k, by_g, m, p, q = step_backward(x, v, lx * dx, lv * dv, k, g, w, place, plan, like)
        lx = fma(keep, lx, gather(x_grad, row + t, horizon, like))
        lv = fma(keep, lv, gather(v_grad, row + t, horizon, like))
        scatter(grads.stiffness, sample, steps, by_k)
        scatter(grads.gamma, sample, steps, by_g)
        if grads.weights.size:
            if width > 1:  # the lanes hold the weights no longer needed: their gradient takes the place
                write_weight_gradient(m, p, q, tables, start, lanes, base, plan, like)
                from_lanes(lanes, base, grads.weights, sample * count, steps * count, count, like)
            else:
                write_weight_gradient(m, p, q, tables, start, grads.weights, sample * count, plan, like)
    store(start_grads[0], first, lx)
    store(start_grads[1], first, lv)


@njit
def _backward_knots(first, xs, vs, drives, data, plan, like, x_grad, v_grad, start_grads, grads):
    """The drives of a step lie between two knots, a and b, which share its gradient."""
    knots, horizon, count, width = drives.stiffness.shape[1], xs.shape[1], plan.side**2, len(like)
    keep, one, zero = splat(plan.keep, like), splat(plan.one, like), splat(plan.zero, like)
    size = room(count, like)
    lanes, base = scratch(6 * size // width, xs, like)
    wa, wb, now, rise = base, base + size, base + 2 * size, base + 3 * size
    into_a, into_b = base + 4 * size, base + 5 * size
    clear(lanes, into_a, size, plan.zero)
    tables, start = scratch(group_room(plan.side), xs, like)
    slot = 0
    row = first * horizon
    last = row + horizon - 1
    end_x, end_v = gather(xs, last, horizon, like), gather(vs, last, horizon, like)
    lx, lv = gather(x_grad, last, horizon, like), gather(v_grad, last, horizon, like)
    knot = first * knots - (1 - horizon) // plan.hop  # b: the first that is not before the last sample
    place = first * plan.item_stride - (1 - horizon) // plan.hop * plan.step_stride
    ka, ga = gather(drives.stiffness, knot, knots, like), gather(drives.gamma, knot, knots, like)
    to_lanes(drives.weights, place, plan.item_stride, lanes, wa, count, like)
    k_into_a = g_into_a = kb = gb = k_into_b = g_into_b = zero
    gone = plan.zero  # steps since knot a
    for t in range(horizon - 2, -1, -1):
        if t == horizon - 2 or t % plan.hop == plan.hop - 1:  # on to the segment before: what was a is b
            wa, wb, kb, gb = wb, wa, ka, ga
            into_a, into_b, k_into_b, g_into_b = into_b, into_a, k_into_a, g_into_a
            knot, place = knot - 1, place - plan.step_stride
            ka, ga = gather(drives.stiffness, knot, knots, like), gather(drives.gamma, knot, knots, like)
            to_lanes(drives.weights, place, plan.item_stride, lanes, wa, count, like)
            clear(lanes, into_a, size, plan.zero)
            k_into_a = g_into_a = zero
            gone = plan.zero
            for _ in range(t % plan.hop):
                gone += plan.one
            ramp(lanes, wa, wb, now, rise, plan.spacing, gone, size)
        else:
            move(lanes, now, rise, -plan.one, size)
            gone -= plan.one
        dx, dv = clamp_derivative(end_x, end_v, plan, like)
        end_x, end_v = gather(xs, row + t, horizon, like), gather(vs, row + t, horizon, like)
        f = splat(gone * plan.spacing, like)
        x, v = pulled(end_x, end_v, data, row + t, horizon, plan, like)
        k, g = fma(f, kb - ka, ka), fma(f, gb - ga, ga)
        lx, lv, by_k, by_g, m, p, q = step_backward(x, v, lx * dx, lv * dv, k, g, lanes, now, plan, like)
        lx = fma(keep, lx, gather(x_grad, row + t, horizon, like))
        lv = fma(keep, lv, gather(v_grad, row + t, horizon, like))
        k_into_a, k_into_b = fma(one - f, by_k, k_into_a), fma(f, by_k, k_into_b)
        g_into_a, g_into_b = fma(one - f, by_g, g_into_a), fma(f, by_g, g_into_b)
        if grads.weights.size:
            note_step(slot, m, p, q, f, tables, start, plan, like)
            slot += 1
            if slot == GROUP or t % plan.hop == 0:
                for empty in range(slot, GROUP):
                    forget_step(empty, tables, start, plan, like)
                add_group(tables, start, lanes, into_a, into_b, plan, like)
                slot = 0
        if t % plan.hop == 0:  # b is done with, and at the very first sample so is a
            scatter(grads.stiffness, knot + 1, knots, k_into_b)
            scatter(grads.gamma, knot + 1, knots, g_into_b)
            if grads.weights.size:
                from_lanes(lanes, into_b, grads.weights, (knot + 1) * count, knots * count, count, like)
    scatter(grads.stiffness, knot, knots, k_into_a)
    scatter(grads.gamma, knot, knots, g_into_a)
    if grads.weights.size:
        from_lanes(lanes, into_a, grads.weights, knot * count, knots * count, count, like)
    store(start_grads[0], first, lx)
    store(start_grads[1], first, lv)


def _samples(sources: str):
    def backward_samples(tiles, xs, vs, drives, data, plan, like, x_grad, v_grad, start_grads, grads):
        """Carry gradients through the tiles from tiles[0] up to tiles[1], where every step has drives of its own.

        xs, vs          (batch, H) what `forward_samples` filled
        drives          `Arrays` whose knots reach over H - 1 steps
        data            x and v (batch, H) that the state was pulled to; empty where it was not
        like            a tuple as long as a tile is wide
        x_grad, v_grad  (batch, H) gradients of xs and vs
        start_grads     x and v (batch,), to be filled
        grads           contiguous `Arrays`, filled for the knots that H - 1 steps touch; empty weights are left alone
        """
        _ = sources
        mode = flush_subnormals()
        for tile in range(tiles[0], tiles[1]):
            first = min(tile * len(like), xs.shape[0] - len(like))
            _backward_samples(first, xs, vs, drives, data, plan, like, x_grad, v_grad, start_grads, grads)
        restore_mode(mode)

    return entry(backward_samples)


def _knots(sources: str):
    def backward_knots(tiles, xs, vs, drives, data, plan, like, x_grad, v_grad, start_grads, grads):
        """As `backward_samples`, of what `forward_knots` filled."""
        _ = sources
        mode = flush_subnormals()
        for tile in range(tiles[0], tiles[1]):
            first = min(tile * len(like), xs.shape[0] - len(like))
            _backward_knots(first, xs, vs, drives, data, plan, like, x_grad, v_grad, start_grads, grads)
        restore_mode(mode)

    return entry(backward_knots)


backward_samples = _samples(SOURCES)
backward_knots = _knots(SOURCES)
