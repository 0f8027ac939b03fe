"""What a push does to the phase of a limit cycle, by pushing and by the adjoint equation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline

from .field import Array, PlanarField

POINTS = 32
KICK = 1e-4
SETTLED = 1e-4
MOST_PERIODS = 40
_TOLERANCE = 1e-10
_SPLINE = 1024


@dataclass(frozen=True, eq=False)
class PhaseResponse:
    """The phase response curve of a stable cycle.

    phase       (K,) cycles since the largest x, 0 to 1
    x, v        (K,) the states there
    by_kicks    (K, 2) cycles that a small push ahead in x, in v advances the phase by, per unit of x, of v
    by_adjoint  (K, 2) the same from the adjoint equation
    period_s    s
    settled     whether the pushed states came back to the cycle within the periods that they were followed; where not,
                `by_kicks` is what they had reached
    """

    phase: Array
    x: Array
    v: Array
    by_kicks: Array
    by_adjoint: Array
    period_s: float
    settled: bool

    @property
    def disagreement(self) -> float:
        """Largest difference of the two ways, over the largest response."""
        return float(np.abs(self.by_kicks - self.by_adjoint).max() / np.abs(self.by_adjoint).max())


def phase_response(
    field: PlanarField, x_0: float, period: float, *, points: int = POINTS, kick: float = KICK
) -> PhaseResponse:
    """The phase response curve of a stable limit cycle of a frozen field, by two ways that share nothing but the field.

    by kicks:   (phase(y + e) - phase(y - e)) / (2 e), phases read where the pushed states have come back to the cycle
    by adjoint: dZ/ds = -J' Z backward in time from the left eigenvector of the monodromy matrix, Z . f = 1 / period

    field   one field, of shape ()
    x_0     largest x of the cycle, where v = 0; from `limit_cycles`
    period  in rescaled time
    points  K phases
    kick    e, in half widths of the cycle in x and in v
    Raises ValueError with one line where the orbit through (x_0, 0) does not close after the period, or repels.

    Source: Ermentrout (1996), Neural Comput. 8, 979 (the adjoint); Winfree (1980), The Geometry of Biological Time.
    """
    if field.shape != ():
        raise ValueError(f"a field of shape {field.shape}: give one, as field[k]")
    orbit = _Orbit.through(field, x_0, period)
    phase = np.arange(points) / points
    x, v = orbit.at(phase)
    z = _adjoint(field, orbit, phase)
    periods = math.ceil(math.log(SETTLED) / min(orbit.log_multiplier, -1e-9))
    followed = min(max(periods, 1), MOST_PERIODS)
    sizes = kick * np.array([np.ptp(orbit.x_of(phase)), np.ptp(orbit.v_of(phase))]) / 2
    shifts = _shifts(field, orbit, phase, sizes, followed)
    return PhaseResponse(phase, x, v, shifts, z, period * field.tau, periods <= MOST_PERIODS)


@dataclass(frozen=True, eq=False)
class _Orbit:
    """The cycle as periodic splines over its phase, with its monodromy matrix."""

    x_of: CubicSpline
    v_of: CubicSpline
    period: float
    monodromy: Array
    log_multiplier: float

    @classmethod
    def through(cls, field: PlanarField, x_0: float, period: float) -> _Orbit:
        """Integrate the cycle once, with its variational equation and divergence."""

        def slope(_: float, y: Array) -> Array:
            a, a_x, a_v = (float(one) for one in field.derivatives(y[0], y[1], 1))
            jacobian = np.array(((0.0, 1.0), (a_x, a_v)))
            return np.concatenate(((y[1], a), (jacobian @ y[2:6].reshape(2, 2)).ravel(), (a_v,)))

        start = np.array((x_0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0))
        times = np.linspace(0, period, _SPLINE + 1)
        found = solve_ivp(slope, (0, period), start, "DOP853", times, rtol=_TOLERANCE, atol=1e-12)
        x, v = found.y[:2]
        size = np.ptp(x) if found.success else 0.0
        if not found.success or not abs(x[-1] - x_0) + abs(v[-1]) < 1e-5 * size:
            raise ValueError(f"the orbit through x = {x_0:g} does not close after s = {period:g}: it is no cycle")
        log_multiplier = float(found.y[6, -1])
        if log_multiplier >= 0:
            raise ValueError(f"the cycle through x = {x_0:g} repels: it has no phase response")
        x[-1], v[-1] = x[0], v[0]
        phase = np.linspace(0, 1, _SPLINE + 1)
        x_of, v_of = (CubicSpline(phase, y, bc_type="periodic") for y in (x, v))
        return cls(x_of, v_of, period, found.y[2:6, -1].reshape(2, 2), log_multiplier)

    def at(self, phase: Array) -> tuple[Array, Array]:
        return self.x_of(phase), self.v_of(phase)

    def nearest(self, x: Array, v: Array, phase: Array) -> Array:
        """The phases of states on the cycle, by Newton from nearby ones."""
        scale_x, scale_v = np.ptp(self.x_of.c[3]), np.ptp(self.v_of.c[3])
        for _ in range(8):
            along = self.x_of(phase, 1) / scale_x, self.v_of(phase, 1) / scale_v
            away = (x - self.x_of(phase)) / scale_x, (v - self.v_of(phase)) / scale_v
            phase = phase + (along[0] * away[0] + along[1] * away[1]) / (along[0] ** 2 + along[1] ** 2)
        return phase


def _adjoint(field: PlanarField, orbit: _Orbit, phase: Array) -> Array:
    """(K, 2) Z at the phases, in cycles per unit."""
    values, left = np.linalg.eig(orbit.monodromy.T)
    z = np.real(left[:, np.argmin(np.abs(values - 1))])
    x, v = orbit.at(np.zeros(1))
    along = np.array((v[0], float(field.acceleration(x[0], v[0]))))
    z = z / (z @ along) / orbit.period

    def slope(s: float, y: Array) -> Array:
        _, a_x, a_v = (float(one) for one in field.derivatives(*orbit.at(np.asarray(s / orbit.period)), 1))
        return -np.array((a_x * y[1], y[0] + a_v * y[1]))

    times = np.concatenate(([1.0], phase[:0:-1], [0.0])) * orbit.period
    found = solve_ivp(slope, (orbit.period, 0), z, "DOP853", times, rtol=_TOLERANCE, atol=1e-14)
    return np.concatenate((found.y[:, -1:], found.y[:, 1:-1][:, ::-1]), 1).T


def _shifts(field: PlanarField, orbit: _Orbit, phase: Array, sizes: Array, periods: int) -> Array:
    """(K, 2) cycles per unit that pushes of these sizes along x and v advance the phases, central differences."""
    pushes = np.array(((1, 0), (-1, 0), (0, 1), (0, -1))) * sizes  # (4, 2)
    start = np.stack(orbit.at(phase))[:, None] + pushes.T[..., None]  # (2, 4, K)

    def slope(_: float, y: Array) -> Array:
        dx, dv = field(*y.reshape(2, -1))
        return np.concatenate((dx, dv))

    found = solve_ivp(slope, (0, periods * orbit.period), start.ravel(), "DOP853", rtol=1e-9, atol=1e-12)
    x, v = found.y[:, -1].reshape(2, -1)
    phases = orbit.nearest(x, v, np.tile(phase, 4)).reshape(4, -1)
    return np.stack((phases[0] - phases[1], phases[2] - phases[3]), -1) / (2 * sizes)
