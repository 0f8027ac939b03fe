# mypy: disable-error-code="call-arg, var-annotated"
"""The trajectory of a tile: classical RK4, step after step."""

from __future__ import annotations

from numba import njit

from ....simd.functions import flush_subnormals, restore_mode
from ....simd.lanes import fma, gather, load, scatter, splat
from . import SOURCES, entry
from .steps import pulled, step_forward
from .tiles import move, ramp, room, scratch, to_lanes


@njit
def _forward_samples(first, starts, drives, data, plan, like, xs, vs):
    """Every step has drives of its own."""
    steps, horizon, count, width = drives.stiffness.shape[1], xs.shape[1], plan.side**2, len(like)
    lanes, base = scratch(count if width > 1 else 0, xs, like)
    x, v = load(starts[0], first, like), load(starts[1], first, like)
    row = first * horizon
    scatter(xs, row, horizon, x)
    scatter(vs, row, horizon, v)
    for t in range(horizon - 1):
        k = gather(drives.stiffness, first * steps + t, steps, like)
        g = gather(drives.gamma, first * steps + t, steps, like)
        w, place = drives.weights, first * plan.item_stride + t * plan.step_stride
        if width > 1:
            to_lanes(w, place, plan.item_stride, lanes, base, count, like)
            w, place = lanes, base
        x, v = pulled(x, v, data, row + t, horizon, plan, like)
        x, v = step_forward(x, v, k, g, w, place, plan, like)
        scatter(xs, row + t + 1, horizon, x)
        scatter(vs, row + t + 1, horizon, v)


@njit
def _forward_knots(first, starts, drives, data, plan, like, xs, vs):
    """The drives of a step lie between two knots, a and b."""
    knots, horizon, count = drives.stiffness.shape[1], xs.shape[1], plan.side**2
    size = room(count, like)
    lanes, base = scratch(4 * size // len(like), xs, like)
    wa, wb, now, rise = base, base + size, base + 2 * size, base + 3 * size
    x, v = load(starts[0], first, like), load(starts[1], first, like)
    row, place, knot = first * horizon, first * plan.item_stride, first * knots
    scatter(xs, row, horizon, x)
    scatter(vs, row, horizon, v)
    kb, gb = gather(drives.stiffness, knot, knots, like), gather(drives.gamma, knot, knots, like)
    to_lanes(drives.weights, place, plan.item_stride, lanes, wb, count, like)
    gone = plan.zero  # steps since knot a
    for t in range(horizon - 1):
        if t % plan.hop == 0:
            knot, place = knot + 1, place + plan.step_stride
            wa, wb, ka, ga = wb, wa, kb, gb
            kb, gb = gather(drives.stiffness, knot, knots, like), gather(drives.gamma, knot, knots, like)
            to_lanes(drives.weights, place, plan.item_stride, lanes, wb, count, like)
            ramp(lanes, wa, wb, now, rise, plan.spacing, plan.zero, size)
            gone = plan.zero
        else:
            move(lanes, now, rise, plan.one, size)
            gone += plan.one
        f = splat(gone * plan.spacing, like)
        x, v = pulled(x, v, data, row + t, horizon, plan, like)
        x, v = step_forward(x, v, fma(f, kb - ka, ka), fma(f, gb - ga, ga), lanes, now, plan, like)
        scatter(xs, row + t + 1, horizon, x)
        scatter(vs, row + t + 1, horizon, v)


def _samples(sources: str):
    def forward_samples(tiles, starts, drives, data, plan, like, xs, vs):
        """Integrate the tiles from tiles[0] up to tiles[1], where every step has drives of its own (hop 1).

        starts   x and v (batch,)
        drives   `Arrays` whose knots reach over H - 1 steps
        data     x and v (batch, H) that the state is pulled to; empty where it is not
        like     a tuple as long as a tile is wide
        xs, vs   (batch, H), to be filled
        """
        _ = sources
        mode = flush_subnormals()
        for tile in range(tiles[0], tiles[1]):
            first = min(tile * len(like), xs.shape[0] - len(like))
            _forward_samples(first, starts, drives, data, plan, like, xs, vs)
        restore_mode(mode)

    return entry(forward_samples)


def _knots(sources: str):
    def forward_knots(tiles, starts, drives, data, plan, like, xs, vs):
        """As `forward_samples`, at control rate. A kernel of its own: whoever needs one compiles one."""
        _ = sources
        mode = flush_subnormals()
        for tile in range(tiles[0], tiles[1]):
            first = min(tile * len(like), xs.shape[0] - len(like))
            _forward_knots(first, starts, drives, data, plan, like, xs, vs)
        restore_mode(mode)

    return entry(forward_knots)


forward_samples = _samples(SOURCES)
forward_knots = _knots(SOURCES)
