"""Brackets of all limit cycles: where half a turn forward and half a turn backward meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .field import Array, PlanarField
from .fixed_points import FixedPoints
from .half_returns import half_returns

_ENDS = np.geomspace(1e-4, 0.1, 10)
_FINITE = np.concatenate((_ENDS, np.linspace(0.15, 0.85, 15), 1 - _ENDS[::-1] / 1.0, [1 - 1e-6]))
_OPEN = np.geomspace(1e-4, 1, 44)
_ROUNDS = 40
_TURNS = 3
_CLOSE = 1e-12
_MET = 1e-3  # of the distance to the fixed point: how well the halves must meet for the shooting to begin


Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Seeds:
    """First guesses of n limit cycles, by knot and then outwards.

    knot      (n,) the field that each is of
    x         (n,) its largest x, where v = 0
    period    (n,) in rescaled time
    turns     (n,) the period in radians of the small oscillation about the fixed point inside
    stable    (n,) whether orbits inside it grow and those outside shrink
    """

    knot: NDArray[np.int64]
    x: Array
    period: Array
    turns: Array
    stable: Mask


def default_reach(field: PlanarField, points: FixedPoints) -> Array:
    """(K,) how far right of the fixed points cycles are looked for: three clamps, or ten times the farthest point."""
    if field.clamp is not None:
        return np.full(field.shape, 3 * field.clamp.x)
    return 10 * np.nanmax(np.abs(points.x), -1, initial=1.0)


def cycle_seeds(field: PlanarField, points: FixedPoints, reach: Array) -> Seeds:
    """Bracket every limit cycle that crosses the line v = 0 within `reach` of a fixed point.

    With dx/ds = v every cycle runs clockwise about a fixed point and has one largest x, where it comes from above and
    F > 0: between a fixed point, right of which F > 0, and the next one. From (x, 0) there half a turn forward ends at
    L(x) and half a turn backward at U(x), both left of the point. The cycles are the zeros of L - U, stable ones where
    it turns from - (orbits grow) to + (they shrink). A half that does not come back counts as grown, or shrunk, beyond
    all. L - U is looked at where the distance to the fixed point is 10^-4 of `reach` and then a quarter larger each
    time, and more densely where another fixed point lies to the right; a pair of cycles closer than that is not seen.

    points  of the field (K,)
    reach   (K,)
    Source: Dumortier, Llibre and Artes (2006), Qualitative Theory of Planar Differential Systems, section 1.6 and 7.
    """
    knot, low, high, bounded = _stretches(field, points, reach)
    if not len(knot):
        return Seeds(knot, low, low, low, low > 0)
    inner = np.where(bounded[:, None], low[:, None] + (high - low)[:, None] * _padded(_FINITE, len(_OPEN)), np.nan)
    outer = low[:, None] + reach[knot][:, None] * _OPEN
    x = np.where(bounded[:, None], inner, outer)
    chosen = field[knot]
    meeting = _meeting(chosen, x, reach[knot])
    sign = np.sign(meeting[0])
    row, before, after = _changes(sign)
    if not len(row):
        none = np.empty(0)
        return Seeds(row, none, none, none, none > 0)
    ends = [(x[row, c], meeting[0][row, c]) for c in (before, after)]
    stable = ends[0][1] < 0
    guess = _closed_in(chosen[row], ends, reach[knot[row]])
    strong = ~(np.abs(guess[2]) < _MET * np.abs(guess[0] - low[row]))
    if strong.any():
        start = (ends[0][0] + ends[1][0])[strong] / 2
        turned = _turned(chosen[row[strong]], start, 3 * reach[knot[row[strong]]], stable[strong])
        for whole, part in zip(guess, turned, strict=True):
            whole[strong] = part
    found, duration, gap = guess
    met = np.abs(gap) < _MET * np.abs(found - low[row])
    order = np.lexsort((found[met], knot[row][met]))
    _, a_x, a_v = chosen[row].derivatives(low[row], np.zeros(len(row)), 1)
    turns = duration * (np.sqrt(np.abs(a_x)) + np.abs(a_v))
    return Seeds(*(y[met][order] for y in (knot[row], found, duration, turns, stable)))  # type: ignore[arg-type]


def _stretches(
    field: PlanarField, points: FixedPoints, reach: Array
) -> tuple[NDArray[np.int64], Array, Array, NDArray]:
    """Where cycles cross v = 0 downwards: knots, left ends, right ends, and whether a fixed point ends them."""
    last = points.x + reach[:, None]
    right = np.concatenate((points.x[:, 1:], np.full((len(field), 1), np.nan)), -1)
    bounded = np.isfinite(right)
    right = np.where(bounded, right, last)
    middle = np.where(bounded, (points.x + right) / 2, points.x + 1e-3 * reach[:, None])
    with np.errstate(invalid="ignore"):
        knot, column = np.nonzero(field.restoring(middle) > 0)
    return knot, points.x[knot, column], right[knot, column], bounded[knot, column]


def _changes(sign: Array) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows, and columns before and after, where a sign (n, N) is another than the last one that is known."""
    known = np.where(np.nan_to_num(sign) != 0, np.arange(sign.shape[1]), 0)
    last = np.maximum.accumulate(known, -1)[:, :-1]
    row, column = np.nonzero(sign[:, 1:] * np.take_along_axis(sign, last, -1) < 0)
    return row, last[row, column], column + 1


def _padded(shares: Array, count: int) -> Array:
    return np.pad(shares, (0, count - len(shares)), constant_values=np.nan)


def _meeting(field: PlanarField, x: Array, reach: Array, tolerance: float = 1e-8) -> tuple[Array, Array]:
    """L - U and the duration of both halves (n, N); where only one half comes back, a sign alone: -inf or inf."""
    forward = half_returns(field, x, 3 * reach, tolerance=tolerance)
    backward = half_returns(field, x, 3 * reach, backward=True, tolerance=tolerance)
    gap = forward.x - backward.x
    here, there = np.isfinite(forward.x), np.isfinite(backward.x)
    grows = (forward.left & (there | backward.rested)) | (backward.rested & here)
    shrinks = (backward.left & (here | forward.rested)) | (forward.rested & there)
    gap = np.where(grows, -np.inf, np.where(shrinks, np.inf, gap))
    return np.where(np.isfinite(x), gap, np.nan), forward.duration + backward.duration


def _closed_in(field: PlanarField, ends: list[tuple[Array, Array]], reach: Array) -> tuple[Array, Array, Array]:
    """Regula falsi in Illinois' form, halves where an end has only a sign: x, duration and gap of n brackets."""
    (a, f_a), (b, f_b) = ends
    best_x, best_time, best = np.full_like(a, np.nan), np.full_like(a, np.nan), np.full_like(a, np.inf)
    for _ in range(_ROUNDS):
        with np.errstate(invalid="ignore", divide="ignore"):
            secant = b - f_b * (b - a) / (f_b - f_a)
        secant = np.where(np.isfinite(secant) & np.isfinite(f_a) & np.isfinite(f_b), secant, (a + b) / 2)
        gap, duration = (y[:, 0] for y in _meeting(field, secant[:, None], reach, 1e-12))
        better = np.abs(gap) < np.abs(best)
        best_x, best_time = np.where(better, secant, best_x), np.where(better, duration, best_time)
        best = np.where(better, gap, best)
        same = np.sign(gap) == np.sign(f_b)
        a, f_a = np.where(same, a, b), np.where(same, f_a / 2, f_b)
        b, f_b = secant, gap
        if (np.abs(best) < _CLOSE * np.abs(best_x)).all():
            break
    return best_x, best_time, best


def _turned(field: PlanarField, x: Array, reach: Array, forward: Mask) -> tuple[Array, Array, Array]:
    """Cycles that attract, or repel, so strongly that no half against it comes back: whole turns along it instead.

    Returns x, duration and change of x of the last turn, (n,) each.
    """
    duration, before = np.full_like(x, np.nan), x
    for _ in range(_TURNS):
        before, duration = x, np.zeros_like(x)
        for _half in range(2):
            ahead = half_returns(field, x[:, None], reach, tolerance=1e-12)
            back = half_returns(field, x[:, None], reach, tolerance=1e-12, backward=True)
            x = np.where(forward, ahead.x[:, 0], back.x[:, 0])
            duration = duration + np.where(forward, ahead.duration[:, 0], back.duration[:, 0])
    return x, duration, np.nan_to_num(np.abs(x - before), nan=np.inf)
