# mypy: disable-error-code="call-arg, var-annotated"
"""The trajectory of a tile: classical RK4, step after step."""

from __future__ import annotations

from numba import njit

from . import SOURCES, entry
from .functions import flush_subnormals, restore_mode
from .lanes import fma, gather, load, scatter, splat
from .polynomial import clamp, slope
from .tiles import scratch, to_lanes


@njit
def _forward_tile(first, starts, drives, plan, like, xs, vs):
    steps, horizon, count, width = drives.stiffness.shape[1], xs.shape[1], plan.side**2, len(like)
    h, half, sixth = splat(plan.step, like), splat(plan.half, like), splat(plan.sixth, like)
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
        a1 = slope(x, v, k, g, w, place, plan, like)
        v2 = v - half * a1
        a2 = slope(fma(half, v, x), v2, k, g, w, place, plan, like)
        v3 = v - half * a2
        a3 = slope(fma(half, v2, x), v3, k, g, w, place, plan, like)
        v4 = v - h * a3
        a4 = slope(fma(h, v3, x), v4, k, g, w, place, plan, like)
        x = fma(sixth, v + v2 + v2 + v3 + v3 + v4, x)
        v = v - sixth * (a1 + a2 + a2 + a3 + a3 + a4)
        x, v = clamp(x, v, plan, like)
        scatter(xs, row + t + 1, horizon, x)
        scatter(vs, row + t + 1, horizon, v)


def _forward(sources: str):
    def forward(tiles, starts, drives, plan, like, xs, vs):
        """Integrate the tiles from tiles[0] up to tiles[1].

        starts   x and v (batch,)
        drives   `Arrays` of T steps, of which H - 1 are used
        like     a tuple as long as a tile is wide
        xs, vs   (batch, H), to be filled
        """
        _ = sources
        mode = flush_subnormals()
        for tile in range(tiles[0], tiles[1]):
            first = min(tile * len(like), xs.shape[0] - len(like))
            _forward_tile(first, starts, drives, plan, like, xs, vs)
        restore_mode(mode)

    return entry(forward)


forward = _forward(SOURCES)
