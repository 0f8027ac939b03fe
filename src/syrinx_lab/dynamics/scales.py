"""At which amplitudes a field without a clamp can have cycles, whatever the unit of x."""

from __future__ import annotations

import numpy as np
from scipy.special import comb

from .field import Array
from .fixed_points import FixedPoints

_BELOW, _ABOVE = 1e-2, 30.0  # of the smallest and of the largest amplitude at which two terms are equal
_ROUNDING = 1e-13  # of a coefficient, of the terms that it is the sum of
_SPREAD = 10.0  # of the distance between the outermost fixed points


def amplitudes(points: FixedPoints) -> tuple[Array, Array]:
    """The smallest and the largest distance from each fixed point at which cycles are looked for, (K, M) each.

    About the fixed point, with y = x - x*, a(x, v) = -sum c_ij y^i v^j. With v of the size omega y two terms of orders
    n and m = i + j are equal at the amplitude

        A = (|c| omega^j / |c'| omega^j')^(1 / (m - n)),   omega = sqrt(|c_10|) or |c_01|

    Terms even in v, which restore, are compared with one another, and odd ones, which damp. From a hundredth of the
    smallest A to thirty times the largest; ten times the spread of the fixed points at least. Far beyond all A one
    order rules, so that orbits do there what they do for ever after. A linear field has no A: 1 stands for it.

    points  of K fields without a clamp
    Source: dominant balance, as of Newton's polygon.
    """
    if not points.x.size:
        return points.x, points.x
    orders = _by_order(points)
    n = np.arange(orders.shape[-1])
    above = n[:, None] < n
    with np.errstate(all="ignore"):
        logs = np.log(orders)
        apart = (logs[..., :, None] - logs[..., None, :]) / np.where(above, n - n[:, None], 1)
        apart = np.where(above & np.isfinite(apart), apart, np.nan).reshape(2, 2, *points.x.shape, -1)
    known = np.isfinite(apart)
    axes = (0, 1, 4)
    low = np.where(known, apart, np.inf).min(axes)
    high = np.where(known, apart, -np.inf).max(axes)
    low, high = (np.exp(np.clip(np.where(np.isfinite(y), y, 0.0), -300, 300)) for y in (low, high))
    x = points.x
    spread = np.nan_to_num(np.fmax.reduce(x, -1, initial=-np.inf) - np.fmin.reduce(x, -1, initial=np.inf), neginf=0.0)
    return _BELOW * low, np.maximum(_ABOVE * high, _SPREAD * spread[:, None])


def _by_order(points: FixedPoints) -> Array:
    """(2, 2, K, M, n): the largest |c_ij| omega^j of each order, for both omega, of terms even and odd in v."""
    field, x = points.field, np.nan_to_num(points.x)
    side = max(field.degree + 1, 2)
    w = np.zeros((len(field), side, side))
    w[:, : field.degree + 1, : field.degree + 1] = field.weights
    w[:, 1, 0] += field.stiffness
    w[:, 0, 1] += field.gamma
    i = np.arange(side)
    power = i - i[:, None]  # m - i of the term x^m that gives y^i
    shift = np.where(power >= 0, comb(i, i[:, None]) * x[..., None, None] ** np.maximum(power, 0), 0.0)
    c, size = shift @ w[:, None], np.abs(shift) @ np.abs(w)[:, None]
    c = np.where(np.abs(c) > _ROUNDING * size, np.abs(c), 0.0)
    c[..., 0, 0] = 0  # the fixed point's own condition
    omegas = np.sqrt(c[..., 1, 0]), c[..., 0, 1]
    found = np.zeros((2, 2, *x.shape, 2 * side - 1))
    for which, omega in enumerate(omegas):
        scaled = c * np.where(omega > 0, omega, 1.0)[..., None, None] ** i
        for order in range(1, 2 * side - 1):
            for j in range(max(0, order - side + 1), min(order, side - 1) + 1):
                slot = found[which, j % 2, ..., order]
                np.maximum(slot, scaled[..., order - j, j], out=slot)
    return found
