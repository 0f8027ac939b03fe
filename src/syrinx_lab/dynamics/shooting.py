"""Closed orbits by shooting: Newton's method on the flow over a period and its variational equations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from ..simd.compiling import kept
from .field import Array, PlanarField

_TOLERANCE = 1e-11
_CLOSED = 1e-9
_NEWTON = 12


@dataclass(frozen=True, eq=False)
class ClosedOrbits:
    """n closed orbits, one of each of n fields.

    x_0         (n,) largest x, where v = 0
    period      (n,) in rescaled time
    monodromy   (n, 2, 2) the flow's derivative over one period, backward in time where `backward`
    divergence  (n,) integral of the divergence over one period, forward in time
    residual    (n,) distance of the orbit's ends over its size
    x, v        (n, N) at equal times from (x_0, 0) on, the period's end left out
    """

    x_0: Array
    period: Array
    monodromy: Array
    divergence: Array
    residual: Array
    x: Array
    v: Array


def close_orbits(
    field: PlanarField, x_0: Array, period: Array, backward: NDArray[np.bool_], samples: int
) -> ClosedOrbits:
    """Find the closed orbits near (x_0, 0) of n fields, all at once, each in its own time.

        y(T; x_0) - (x_0, 0) = 0    for x_0 and T, with   y' = f(y),  M' = Df(y) M,  D' = div f(y)

    The phase is fixed by v = 0 at the start: a Poincare section. Time is measured in periods, so that one adaptive
    integration (Dormand and Prince, order 8, 1e-11) serves all. Strongly unstable cycles are followed backward.

    field      (n,)
    x_0        (n,) first guess of the largest x
    period     (n,) first guess, rescaled time
    backward   (n,) bool, which are integrated against time
    samples    N, points kept of each
    An orbit that does not close has a residual above 1e-9, or NaN.
    Source: Seydel (2010), Practical Bifurcation and Stability Analysis, section 7.
    """
    n = len(x_0)
    x_0, period = x_0.astype(float), np.abs(period)
    monodromy, divergence, residual = np.full((n, 2, 2), np.nan), np.full(n, np.nan), np.full(n, np.inf)
    x, v = np.full((n, samples), np.nan), np.full((n, samples), np.nan)
    sense = np.where(backward, -1.0, 1.0)
    open_ = np.arange(n)
    for round_ in range(_NEWTON):
        if not len(open_):
            break
        part = field[open_]
        orbit = _flow(part, x_0[open_], sense[open_] * period[open_], samples)
        if orbit is None:
            break
        end, m, grown = orbit[:, :2, -1], orbit[:, 2:6, -1].reshape(-1, 2, 2), orbit[:, 6, -1]
        miss = end - np.stack((x_0[open_], np.zeros(len(open_))), -1)
        size = np.ptp(orbit[:, 0], -1) + np.ptp(orbit[:, 1], -1)
        residual[open_] = np.linalg.norm(miss, axis=-1) / size
        x[open_], v[open_] = orbit[:, 0, :-1], orbit[:, 1, :-1]
        monodromy[open_], divergence[open_] = m, sense[open_] * grown
        x_slope, v_slope = part(end[:, 0], end[:, 1])
        matrix = m.copy()
        matrix[:, 0, 0] -= 1
        matrix[:, :, 1] = np.stack((x_slope, v_slope), -1) * sense[open_, None]
        going = (residual[open_] > _CLOSED / 100) & np.isfinite(matrix).all((1, 2)) & np.isfinite(miss).all(1)
        going &= np.abs(np.linalg.det(np.where(going[:, None, None], matrix, np.eye(2)))) > 1e-300
        if not going.any() or round_ == _NEWTON - 1:
            break
        change = np.linalg.solve(matrix[going], -miss[going][..., None])[..., 0]
        open_ = open_[going]
        change *= np.minimum(1, 0.2 * np.stack((size[going], period[open_]), -1) / (np.abs(change) + 1e-300)).min(
            -1, keepdims=True
        )
        x_0[open_] += change[:, 0]
        period[open_] += change[:, 1]
    return ClosedOrbits(x_0, period, monodromy, divergence, residual, x, v)


def _flow(field: PlanarField, x_0: Array, duration: Array, samples: int) -> Array | None:
    """(n, 7, samples + 1): x, v, M by rows, and the integral of the divergence, from (x_0, 0) over `duration` (n,)."""
    n = len(x_0)

    clamp = field.clamp
    bounds = (0.0, 0.0) if clamp is None else (clamp.x, clamp.v)
    drives = field.stiffness, field.gamma, field.weights

    def slope(_time: float, y: Array) -> Array:
        return _slopes(y, duration, *drives, *bounds)

    start = np.zeros((7, n))
    start[0], start[2], start[5] = x_0, 1, 1
    times = np.linspace(0, 1, samples + 1)
    with np.errstate(all="ignore"):
        done = solve_ivp(slope, (0, 1), start.reshape(-1), "DOP853", times, rtol=_TOLERANCE, atol=_TOLERANCE / 100)
    if not done.success or done.y.shape[-1] != samples + 1 or not np.isfinite(done.y[:, -1]).all():
        return None
    return done.y.reshape(7, n, -1).transpose(1, 0, 2)


@kept(nogil=True, error_model="numpy")
def _slopes(y, duration, stiffness, gamma, weights, bound_x, bound_v):  # type: ignore[no-untyped-def]
    """d/d(share of the duration) of x, v, M by rows and the integral of the divergence, (7 n,), of n orbits."""
    n, side = len(duration), weights.shape[-1]
    slope = np.empty(7 * n)
    for k in range(n):
        x, v = y[k], y[n + k]
        p, q, to_p, to_q = x, v, 1.0, 1.0
        if bound_x > 0:
            p, q = bound_x * math.tanh(x / bound_x), bound_v * math.tanh(v / bound_v)
            to_p, to_q = 1 - (p / bound_x) ** 2, 1 - (q / bound_v) ** 2
        value, by_p, by_q = 0.0, 0.0, 0.0
        for i in range(side - 1, -1, -1):
            row, row_by_q = 0.0, 0.0
            for j in range(side - 1, -1, -1):
                row_by_q = row_by_q * q + row
                row = row * q + weights[k, i, j]
            by_p = by_p * p + value
            value = value * p + row
            by_q = by_q * p + row_by_q
        a_x, a_v = -stiffness[k] - by_p * to_p, -gamma[k] - by_q * to_q
        d = duration[k]
        slope[k], slope[n + k] = d * v, d * (-stiffness[k] * x - gamma[k] * v - value)
        for i in range(2):
            upper, lower = y[(2 + i) * n + k], y[(4 + i) * n + k]
            slope[(2 + i) * n + k], slope[(4 + i) * n + k] = d * lower, d * (a_x * upper + a_v * lower)
        slope[6 * n + k] = d * a_v
    return slope
