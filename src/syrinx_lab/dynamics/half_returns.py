"""Half a turn about a fixed point, forward and backward in time, for many orbits at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..simd.compiling import kept
from .field import Array, PlanarField

_AT_REST = 1e-7  # |v| over the largest of the half turn, where nothing moves any more
_BLOWN_UP = 1e-9  # of a step to the time before it
_NO_CLAMP = 0.0
_STEPS = 40  # at most, of one orbit, times tolerance^(-1/5)
_CROSSED, _RESTED, _LEFT, _UNDECIDED = 0, 1, 2, 3


@dataclass(frozen=True, eq=False)
class HalfReturns:
    """Where orbits cross v = 0 the next time.

    x         (K, N) there; NaN for an orbit that does not come back
    end       (K, N) the last x of all
    duration  (K, N) in rescaled time, NaN likewise
    left      (K, N) whether it does not come back because it runs away
    rested    (K, N) whether it ends at a fixed point
    undecided (K, N) whether it had taken too many steps
    """

    x: Array
    end: Array
    duration: Array
    left: NDArray[np.bool_]
    rested: NDArray[np.bool_]
    undecided: NDArray[np.bool_]


def half_returns(
    field: PlanarField,
    x: Array,
    reach: Array,
    *,
    v: Array | None = None,
    backward: bool = False,
    tolerance: float = 1e-8,
    patience: int = 1,
) -> HalfReturns:
    """Follow N orbits of each of K fields to their next crossing of v = 0.

    From (x, 0) they run forward through the half-plane of the sign of a(x, 0). Backward is forward with v turned about,
    dx = u, du = a(x, -u), which is the half turn before. Every orbit takes steps of its own length, by Dormand and
    Prince's pair of orders 5 and 4; a step that crosses is shortened by Newton's method until it ends on v = 0.

    field      (K,)
    x          (K, N); NaN, and points of v = 0 where F is zero, give NaN
    v          (K, N), of which a value that is not 0 says the half-plane; None: 0. Backward it is u = -v
    reach      (K,) |x - x_0| beyond which an orbit has left
    tolerance  of a step, relative to the size of the orbit so far
    patience   of 40 tolerance^(-1/5) steps, after which an orbit is undecided: what jumps and creeps needs more
    Source: Dormand and Prince (1980); Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, II.4.
    """
    clamp, steps = field.clamp, round(patience * _STEPS * tolerance**-0.2)
    bounds = (_NO_CLAMP, _NO_CLAMP) if clamp is None else (clamp.x, clamp.v)
    v, sign = np.zeros_like(x) if v is None else v, -1.0 if backward else 1.0
    end, duration, how = _all_half_returns(
        field.stiffness, field.gamma, field.weights, *bounds, x, v, reach, sign, tolerance, steps
    )
    x = np.where(how == _CROSSED, end, np.nan)
    return HalfReturns(x, end, duration, how == _LEFT, how == _RESTED, (how == _UNDECIDED) & np.isfinite(end))


@kept(nogil=True, error_model="numpy")
def acceleration_at(  # type: ignore[no-untyped-def]
    x: float, v: float, sign: float, k: float, gamma: float, w: Array, bound_x: float, bound_v: float
):
    """a(x, sign v), by Horner's rule."""
    u = sign * v
    p, q = x, u
    if bound_x > 0:
        p, q = bound_x * math.tanh(x / bound_x), bound_v * math.tanh(u / bound_v)
    side = w.shape[0]
    total = 0.0
    for i in range(side - 1, -1, -1):
        row = 0.0
        for j in range(side - 1, -1, -1):
            row = row * q + w[i, j]
        total = total * p + row
    return -k * x - gamma * u - total


@kept(nogil=True, error_model="numpy")
def _step(x, v, q1, h, sign, k, gamma, w, bound_x, bound_v):  # type: ignore[no-untyped-def]
    """One step from (x, v), where the acceleration is q1: the state, the acceleration there, and the error."""
    p1 = v
    p2 = v + h * 0.2 * q1
    q2 = acceleration_at(x + h * 0.2 * p1, p2, sign, k, gamma, w, bound_x, bound_v)
    p3 = v + h * (3 / 40 * q1 + 9 / 40 * q2)
    q3 = acceleration_at(x + h * (3 / 40 * p1 + 9 / 40 * p2), p3, sign, k, gamma, w, bound_x, bound_v)
    p4 = v + h * (44 / 45 * q1 - 56 / 15 * q2 + 32 / 9 * q3)
    x4 = x + h * (44 / 45 * p1 - 56 / 15 * p2 + 32 / 9 * p3)
    q4 = acceleration_at(x4, p4, sign, k, gamma, w, bound_x, bound_v)
    p5 = v + h * (19372 / 6561 * q1 - 25360 / 2187 * q2 + 64448 / 6561 * q3 - 212 / 729 * q4)
    x5 = x + h * (19372 / 6561 * p1 - 25360 / 2187 * p2 + 64448 / 6561 * p3 - 212 / 729 * p4)
    q5 = acceleration_at(x5, p5, sign, k, gamma, w, bound_x, bound_v)
    p6 = v + h * (9017 / 3168 * q1 - 355 / 33 * q2 + 46732 / 5247 * q3 + 49 / 176 * q4 - 5103 / 18656 * q5)
    x6 = x + h * (9017 / 3168 * p1 - 355 / 33 * p2 + 46732 / 5247 * p3 + 49 / 176 * p4 - 5103 / 18656 * p5)
    q6 = acceleration_at(x6, p6, sign, k, gamma, w, bound_x, bound_v)
    p7 = v + h * (35 / 384 * q1 + 500 / 1113 * q3 + 125 / 192 * q4 - 2187 / 6784 * q5 + 11 / 84 * q6)
    x7 = x + h * (35 / 384 * p1 + 500 / 1113 * p3 + 125 / 192 * p4 - 2187 / 6784 * p5 + 11 / 84 * p6)
    q7 = acceleration_at(x7, p7, sign, k, gamma, w, bound_x, bound_v)
    e1, e3, e4, e5, e6, e7 = 71 / 57600, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40
    x_error = h * (e1 * p1 + e3 * p3 + e4 * p4 + e5 * p5 + e6 * p6 + e7 * p7)
    v_error = h * (e1 * q1 + e3 * q3 + e4 * q4 + e5 * q5 + e6 * q6 + e7 * q7)
    return x7, p7, q7, abs(x_error), abs(v_error)


@kept(nogil=True, error_model="numpy")
def _half_return(x_0, v_0, reach, sign, tolerance, steps, k, gamma, w, bound_x, bound_v):  # type: ignore[no-untyped-def]
    """Crossing, duration and how the orbit ended."""
    x, v, elapsed, farthest, fastest = x_0, v_0, 0.0, 0.0, abs(v_0)
    q = acceleration_at(x, v, sign, k, gamma, w, bound_x, bound_v)
    if (q == 0 and v == 0) or not math.isfinite(q):
        return x, math.nan, _RESTED
    side = 1.0 if v > 0 or (v == 0 and q > 0) else -1.0
    tiny = 1e-4 * (abs(x) + 1e-3)
    slope = abs(q - acceleration_at(x + tiny, v, sign, k, gamma, w, bound_x, bound_v)) / tiny
    h = 0.02 / (math.sqrt(slope) + abs(gamma) + 1e-9)
    for _ in range(steps):
        x_to, v_to, q_to, x_error, v_error = _step(x, v, q, h, sign, k, gamma, w, bound_x, bound_v)
        x_size, v_size = max(farthest, abs(x_to - x_0)), max(fastest, abs(v_to))
        ratio = max(x_error / x_size, v_error / v_size) / tolerance
        if not math.isfinite(ratio):
            h *= 0.1
            if h < 1e-14 * (elapsed + 1e-9):
                return x, math.nan, _LEFT
            continue
        if ratio <= 1:
            if side * v_to <= 0 and (elapsed > 0 or v_0 != 0):
                return _cut(x, v, q, h, v_to, elapsed, sign, k, gamma, w, bound_x, bound_v)
            elapsed, x, v, q, farthest, fastest = elapsed + h, x_to, v_to, q_to, x_size, v_size
            if abs(x - x_0) > reach:
                return x, math.nan, _LEFT
            if abs(v) < _AT_REST * fastest and abs(q) * h < 10 * _AT_REST * fastest:
                return x, math.nan, _RESTED
        h *= min(5.0, max(0.2, 0.9 * (ratio + 1e-10) ** -0.2))
        if h < _BLOWN_UP * elapsed:  # in finite time
            return x, math.nan, _LEFT
    return x, math.nan, _UNDECIDED


@kept(nogil=True, error_model="numpy")
def _cut(x, v, q, h, v_to, elapsed, sign, k, gamma, w, bound_x, bound_v):  # type: ignore[no-untyped-def]
    """The end of a last step from (x, v) that would lead over v = 0 to v_to, were it h long."""
    low, high = 0.0, h
    size = abs(v) + abs(v_to)
    part = h * abs(v) / size
    x_at, v_at, q_at = x, v, q
    for _ in range(60):
        x_at, v_at, q_at, _, _ = _step(x, v, q, part, sign, k, gamma, w, bound_x, bound_v)
        if abs(v_at) <= 1e-14 * size:
            break
        if (v_at > 0) == (v_to > 0):
            high = part
        else:
            low = part
        newton = part - v_at / q_at
        part = newton if low < newton < high else (low + high) / 2
    return x_at, elapsed + part, _CROSSED


@kept(nogil=True, error_model="numpy")
def _all_half_returns(  # type: ignore[no-untyped-def]
    stiffness, gamma, weights, bound_x, bound_v, x, v, reach, sign, tolerance, steps
):
    """`_half_return` of every orbit."""
    found, duration, how = np.empty(x.shape), np.empty(x.shape), np.empty(x.shape, np.int64)
    for k in range(x.shape[0]):
        for n in range(x.shape[1]):
            found[k, n], duration[k, n], how[k, n] = _half_return(
                x[k, n], v[k, n], reach[k], sign, tolerance, steps, stiffness[k], gamma[k], weights[k], bound_x, bound_v
            )
    return found, duration, how
