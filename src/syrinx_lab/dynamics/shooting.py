"""Closed orbits by shooting: Newton's method on the flow over a period and its variational equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

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

    def slope(_time: float, y: Array) -> Array:
        x, v, m_xx, m_xv, m_vx, m_vv, _ = y.reshape(7, n)
        a, a_x, a_v = field.derivatives(x, v, 1)
        rows = (v, a, m_vx, m_vv, a_x * m_xx + a_v * m_vx, a_x * m_xv + a_v * m_vv, a_v)
        return (np.stack(rows) * duration).reshape(-1)

    start = np.zeros((7, n))
    start[0], start[2], start[5] = x_0, 1, 1
    times = np.linspace(0, 1, samples + 1)
    with np.errstate(all="ignore"):
        done = solve_ivp(slope, (0, 1), start.reshape(-1), "DOP853", times, rtol=_TOLERANCE, atol=_TOLERANCE / 100)
    if not done.success or done.y.shape[-1] != samples + 1 or not np.isfinite(done.y[:, -1]).all():
        return None
    return done.y.reshape(7, n, -1).transpose(1, 0, 2)
