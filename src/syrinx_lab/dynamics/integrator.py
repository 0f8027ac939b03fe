"""What steps of Runge-Kutta make of the equation: the rollout's map, its pitch and its damping."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..simd.compiling import kept
from .cycles import Cycles
from .field import Array, PlanarField
from .half_returns import acceleration_at
from .rk4_map import rk4_jacobian, rk4_step

_SETTLE, _MEASURE = 3000, 2048  # steps
_NEWTON = 20
_HUGE = 1e150


@dataclass(frozen=True, eq=False)
class StepEffect:
    """Growth (1/s) and frequency (Hz) of K fixed points or cycles: of the equation, and of what is iterated instead.

    growth   of a fixed point: ln |mu| / dt of the largest eigenvalue mu of the map's Jacobian, or the largest real part
             of the equation's; of a cycle: mean of ln |det D Phi| / dt along it, or of the divergence / tau
    hz       of a fixed point: arg mu / (2 pi dt); of a cycle: its rotation number / dt

    growth_equation, hz_equation  (K,) of dx/ds = v, dv/ds = a
    growth_rk4, hz_rk4            (K,) of classical Runge-Kutta steps h
    growth_rollout, hz_rollout    (K,) of these steps with the soft clamp of the state after each, if there is one
    NaN where there is none, where the cycle repels, and where the steps put it out.
    """

    growth_equation: Array
    growth_rk4: Array
    growth_rollout: Array
    hz_equation: Array
    hz_rk4: Array
    hz_rollout: Array

    @property
    def damping_rk4(self) -> Array:
        """(K,) what the steps add to the growth, 1/s; negative where they damp."""
        return self.growth_rk4 - self.growth_equation

    @property
    def damping_clamp(self) -> Array:
        """(K,) what the clamp after each step adds to that, 1/s."""
        return self.growth_rollout - self.growth_rk4

    @property
    def cents(self) -> Array:
        """(K,) pitch of the rollout over that of the equation, cents."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1200 * np.log2(self.hz_rollout / self.hz_equation)


def fixed_point_under_rk4(field: PlanarField, x: Array) -> StepEffect:
    """What the steps make of the fixed point (x, 0) of each of K fields; x (K,), NaN gives NaN.

    Without a clamp the map has the same fixed point and mu = R(h lambda), R(z) = 1 + z + z^2/2 + z^3/6 + z^4/24. The
    clamp moves it a little towards 0: its place is found by Newton's method from there.

    Source: Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.2.
    """
    with np.errstate(all="ignore"):  # a step too long for the field leads anywhere
        exact = np.linalg.eigvals(np.nan_to_num(field.jacobian(x, np.zeros_like(x)))).astype(complex)
        growth, hz = [exact.real.max(-1) / field.tau], [np.abs(exact.imag).max(-1) / (2 * np.pi * field.tau)]
        for clamped in (False, True):
            at = _fixed(field, x) if clamped and field.clamp is not None else (x, np.zeros_like(x))
            jacobian = np.nan_to_num(rk4_jacobian(field, *at, clamped=clamped), posinf=_HUGE, neginf=-_HUGE)
            mu = _leading(np.linalg.eigvals(jacobian).astype(complex))
            growth.append(np.log(np.abs(mu)) * field.sample_rate)
            hz.append(np.abs(np.angle(mu)) * field.sample_rate / (2 * np.pi))
    missing = np.isnan(x)
    return StepEffect(*(np.where(missing, np.nan, y) for y in growth + hz))


def cycle_under_rk4(cycles: Cycles, stepped: PlanarField | None = None) -> StepEffect:
    """What the steps make of the cycle that each of K fields sings, from 2,048 steps after 3,000 to settle.

    stepped  the fields that the steps are taken of, where the cycles are of others, as of `step_damped`; None: the same

    The angle about the middle of the cycle turns, and ln |det| changes, by steps whose means converge faster than any
    power of their number under the weight exp(-1 / (t (1 - t))).

    Source: Das, Saiki, Sander and Yorke (2017), Quantitative quasiperiodicity, Nonlinearity 30.
    """
    field = cycles.field if stepped is None else stepped
    of = np.nonzero(cycles.sung >= 0)[0]
    result = StepEffect(*(np.full(len(field), np.nan) for _ in range(6)))
    if not len(of):
        return result
    result.growth_equation[of] = cycles.sung_values(cycles.contraction_per_second)[of]
    result.hz_equation[of] = cycles.sung_values(cycles.hz)[of]
    middle = cycles.sung_values((cycles.x_max + cycles.x_min) / 2)[of]
    shape = middle, cycles.sung_values(cycles.x_max)[of], cycles.sung_values(cycles.v_max)[of]
    result.growth_rk4[of], result.hz_rk4[of] = _turning(field[of], *shape, clamped=False)
    if field.clamp is None:
        result.growth_rollout[:], result.hz_rollout[:] = result.growth_rk4, result.hz_rk4
    else:
        result.growth_rollout[of], result.hz_rollout[of] = _turning(field[of], *shape, clamped=True)
    return result


def _turning(field: PlanarField, middle: Array, x_max: Array, v_max: Array, *, clamped: bool) -> tuple[Array, Array]:
    """Mean contraction (1/s) and turns (Hz) of the map from (x_max, 0); NaN where it stops turning."""
    clamp, weights = field.clamp, _bump(_MEASURE)
    bounds = (0.0, 0.0) if clamp is None else (clamp.x, clamp.v)
    drives = field.stiffness, field.gamma, field.weights
    states = _iterated(*drives, *bounds, clamped and clamp is not None, field.step, x_max, _SETTLE, _MEASURE)
    with np.errstate(all="ignore"):
        width = np.ptp(states[0], 0)
        angle = np.arctan2(states[1] / v_max, (states[0] - middle) / (x_max - middle))
        turned = (np.diff(angle, axis=0) + np.pi) % (2 * np.pi) - np.pi
        hz = -(weights[:, None] * turned).sum(0) * field.sample_rate / (2 * np.pi)
        jacobian = rk4_jacobian(field, states[0, :-1].T, states[1, :-1].T, clamped=clamped)
        shrinking = np.log(np.abs(np.linalg.det(jacobian))) @ weights * field.sample_rate
        turning = np.isfinite(states).all((0, 1)) & (width > 0.02 * (x_max - middle))
    return np.where(turning, shrinking, np.nan), np.where(turning, hz, np.nan)


def _bump(count: int) -> Array:
    """Weights of a mean over `count` values that vanish with all derivatives at the ends."""
    t = np.arange(1, count + 1) / (count + 1)
    weights = np.exp(-1 / (t * (1 - t)))
    return weights / weights.sum()


@kept(nogil=True, error_model="numpy")
def _iterated(  # type: ignore[no-untyped-def]
    stiffness, gamma, weights, bound_x, bound_v, clamped, h, x_0, settle, measure
):
    """States (2, measure + 1, K) of the map of each of K fields, from (x_0, 0), `settle` steps left out before."""
    states = np.empty((2, measure + 1, len(x_0)))
    for n in range(len(x_0)):
        k, g, w = stiffness[n], gamma[n], weights[n]
        x, v = x_0[n], 0.0
        for i in range(settle + measure + 1):
            if i >= settle:
                states[0, i - settle, n], states[1, i - settle, n] = x, v
            a1 = acceleration_at(x, v, 1.0, k, g, w, bound_x, bound_v)
            v2 = v + h / 2 * a1
            a2 = acceleration_at(x + h / 2 * v, v2, 1.0, k, g, w, bound_x, bound_v)
            v3 = v + h / 2 * a2
            a3 = acceleration_at(x + h / 2 * v2, v3, 1.0, k, g, w, bound_x, bound_v)
            v4 = v + h * a3
            a4 = acceleration_at(x + h * v3, v4, 1.0, k, g, w, bound_x, bound_v)
            x += h / 6 * (v + 2 * (v2 + v3) + v4)
            v += h / 6 * (a1 + 2 * (a2 + a3) + a4)
            if clamped:
                x, v = bound_x * math.tanh(x / bound_x), bound_v * math.tanh(v / bound_v)
    return states


def _leading(multipliers: Array) -> Array:
    """Of pairs (K, 2) the one of the larger modulus."""
    return np.take_along_axis(multipliers, np.abs(multipliers).argmax(-1)[..., None], -1)[..., 0]


def _fixed(field: PlanarField, x: Array) -> tuple[Array, Array]:
    """The fixed point of the clamped map near (x, 0)."""
    state = np.stack((x, np.zeros_like(x)), -1)
    for _ in range(_NEWTON):
        after = np.stack(rk4_step(field, state[..., 0], state[..., 1]), -1)
        jacobian = rk4_jacobian(field, state[..., 0], state[..., 1])
        matrix = np.nan_to_num(jacobian, posinf=_HUGE, neginf=-_HUGE) - np.eye(2)
        state = state - (np.linalg.pinv(matrix) @ (after - state)[..., None])[..., 0]
    return state[..., 0], state[..., 1]
