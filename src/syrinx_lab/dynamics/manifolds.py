"""Where the orbits go that leave a saddle or a saddle-node, and whence those come that enter it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .field import Array, PlanarField
from .half_returns import half_returns

LOOPS = ("left", "right", "around by the left", "around by the right")
_OFF = 1e-5  # distance from the point at which an orbit is begun, relative to its size
_AWAY = 1e-2
_NEAR = 0.05  # of the way that an orbit has gone: where it ends at the point
_FAR = 1e3


def splittings(
    field: PlanarField, x: Array, size: Array, loops: Sequence[int] = (0, 1, 2, 3), tolerance: float = 1e-11
) -> Array:
    """How far the unstable orbits of a saddle pass by its stable ones, on v = 0: zero on a homoclinic orbit.

    left                  leaves to the left, below v = 0, and crosses it at x_u; the orbit that comes in from the
                          left, above, crossed it at x_s: x_u - x_s. A loop around what lies left of the saddle
    right                 the same to the right
    around by the left    leaves to the left, and comes in from below on the right, after one more turn above everything
    around by the right   its mirror image

    field  (n,)
    x      (n,) a saddle of each; NaN gives NaN
    size   (n,) of the region that matters, in x
    loops  which of `LOOPS`
    tolerance  of `half_returns`
    Returns (n, len(loops)); NaN where an orbit does not cross, since it rests or leaves.
    """
    _, a_x, a_v, a_xx, _, _ = field.derivatives(x, np.zeros_like(x), 2)
    root, far = np.sqrt(a_v**2 / 4 + np.maximum(a_x, 0)), _FAR * size
    with np.errstate(divide="ignore", invalid="ignore"):
        off = _OFF * np.fmin(size, np.abs(a_x / a_xx))  # near a saddle-node its partner is 2 a_x / a_xx away

    def follow(side: float, backward: bool) -> Array:
        v = side * off * (root - a_v / 2 if backward else root + a_v / 2)  # backward the half-plane is u = -v
        start = np.where(root > 0, x + side * off, np.nan)
        return half_returns(field, start[:, None], far, v=v[:, None], backward=backward, tolerance=tolerance).x[:, 0]

    followed, found = cache(follow), []
    for loop in loops:
        leaves = -1.0 if loop in (0, 2) else 1.0
        entered = followed(leaves if loop < 2 else -leaves, True)
        if loop >= 2:
            entered = half_returns(field, entered[:, None], far, backward=True, tolerance=tolerance).x[:, 0]
        found.append(followed(leaves, False) - entered)
    return np.stack(found, -1)


def on_a_circle(field: PlanarField, x: Array, size: Array) -> NDArray[np.bool_]:
    """Whether the orbit that leaves a saddle-node comes back to it: then a cycle of infinite period is born there.

    On the centre manifold v = -a_xx dx^2 / (2 a_v) nearby. The orbit leaves on the side where dx grows; where a_v > 0
    that manifold repels, and time is run backward for the circle on which a repelling cycle is born.

    field  (n,), at the bifurcation
    x      (n,) the saddle-node of each
    size   (n,) of the region that matters, in x
    Source: Kuznetsov (2004), Elements of Applied Bifurcation Theory, section 7.1 (Shilnikov's theorem).
    """
    _, _, a_v, a_xx, _, _ = field.derivatives(x, np.zeros_like(x), 2)
    found = np.zeros(x.shape, dtype=bool)
    for backward in (False, True):
        of = np.nonzero((a_v > 0) if backward else (a_v < 0))[0]
        if not len(of):
            continue
        part, home, trace = field[of], x[of], a_v[of]
        side, off = np.sign(a_xx[of]), _AWAY * size[of]
        u = -a_xx[of] * off**2 / (2 * trace) * (-1 if backward else 1)
        far = _FAR * size[of]
        orbit = half_returns(part, (home + side * off)[:, None], far, v=u[:, None], backward=backward)
        way = np.abs(orbit.end[:, 0] - home)
        second = half_returns(part, orbit.x, far, backward=backward)
        third = half_returns(part, second.x, far, backward=backward)
        ends = np.abs(third.end[:, 0] - home) < _NEAR * way
        found[of] = np.isfinite(second.x[:, 0]) & ~np.isfinite(third.x[:, 0]) & ~third.left[:, 0] & ends
    return found
