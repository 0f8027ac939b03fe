"""Brackets of all limit cycles: where half a turn forward and half a turn backward meet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .field import Array, PlanarField
from .fixed_points import FixedPoints
from .half_returns import half_returns
from .scales import amplitudes

_ENDS = np.geomspace(1e-4, 0.1, 10)
_FINITE = np.concatenate((_ENDS, np.linspace(0.15, 0.85, 15), 1 - _ENDS[::-1] / 1.0, [1 - 1e-6]))
_OPEN, _DECADES = 44, 4  # places in so many decades
_MOST = 120  # places in all
_PATIENCE = 16
_ROUNDS = 40
_TURNS = 3
_CLOSE = 1e-12
_CLOSED = 1e-12  # of the distance to the fixed point: what two halves that close miss one another by, by rounding
_MET = 1e-3  # of the distance to the fixed point: how well the halves must meet for the shooting to begin


Mask = NDArray[np.bool_]


class Fate(IntEnum):
    """What orbits of a field do that has no cycle."""

    LEAVE = 0
    CLOSE = 1
    REST = 2
    UNDECIDED = 3


@dataclass(frozen=True, eq=False)
class Seeds:
    """First guesses of n limit cycles of K fields, by knot and then outwards.

    knot      (n,) the field that each is of
    x         (n,) its largest x, where v = 0
    period    (n,) in rescaled time
    turns     (n,) the period in radians of the small oscillation about the fixed point inside
    strained  (n,) the period times the divergence there: how stiff it is
    stable    (n,) whether orbits inside it grow and those outside shrink
    fate      (K,) `Fate` of the outermost orbits that are known, or of all
    """

    knot: NDArray[np.int64]
    x: Array
    period: Array
    turns: Array
    strained: Array
    stable: Mask
    fate: NDArray[np.int64]

    def where(self, chosen: Mask) -> Seeds:
        """Some of them."""
        x, period, turns, strained = (one[chosen] for one in (self.x, self.period, self.turns, self.strained))
        return Seeds(self.knot[chosen], x, period, turns, strained, self.stable[chosen], self.fate)


def cycle_seeds(field: PlanarField, points: FixedPoints, reach: Array | None = None) -> Seeds:
    """Bracket every limit cycle that crosses the line v = 0 within `reach` of a fixed point.

    With dx/ds = v every cycle runs clockwise about a fixed point and has one largest x, where it comes from above and
    F > 0: between a fixed point, right of which F > 0, and the next one. From (x, 0) there half a turn forward ends at
    L(x) and half a turn backward at U(x), both left of the point. The cycles are the zeros of L - U, stable ones where
    it turns from - (orbits grow) to + (they shrink). A half that does not come back counts as grown, or shrunk, beyond
    all; where L = U to 1e-12 orbits close, as about a centre. L - U is looked at at distances from the fixed point that
    grow by a quarter each time, and more densely where another fixed point lies to the right; a pair of cycles closer
    than that is not seen. Where nothing is found and orbits are undecided, they get 16 times the steps.

    points  of the field (K,)
    reach   (K,) from 10^-4 of it on; None: three clamps, or without a clamp the `amplitudes` of the field itself
    Source: Dumortier, Llibre and Artes (2006), Qualitative Theory of Planar Differential Systems, section 1.6 and 7.
    """
    fate = np.zeros(len(field), np.int64)
    nearest, farthest = _extents(field, points, reach)
    knot, column, low, high, bounded = _stretches(field, points, farthest)
    if not len(knot):
        return _none(fate)
    near, far = nearest[knot, column], farthest[knot, column]
    x = _places(low, high, bounded, near, far, reach is None and field.clamp is None)
    chosen = field[knot]
    patience = 1
    gap, _, undecided = _meeting(chosen, x, far)
    stuck = undecided.any(-1) & ~np.isin(np.arange(len(knot)), _changes(np.sign(gap))[0])
    if stuck.any():
        again = np.where(undecided[stuck], x[stuck], np.nan)
        found, _, unsure = _meeting(chosen[stuck], again, far[stuck], patience=_PATIENCE)
        gap[stuck], undecided[stuck] = np.where(np.isnan(again), gap[stuck], found), unsure
        patience = _PATIENCE
    with np.errstate(invalid="ignore"):
        sign = np.where(np.abs(gap) <= _CLOSED * np.abs(x - low[:, None]), 0.0, np.sign(gap))
    fate = _fates(knot, sign, undecided, fate)
    row, before, after = _changes(sign)
    if not len(row):
        return _none(fate)
    ends = [(x[row, c], gap[row, c]) for c in (before, after)]
    stable = ends[0][1] < 0
    guess = _closed_in(chosen[row], ends, far[row], patience)
    strong = ~(np.abs(guess[2]) < _MET * np.abs(guess[0] - low[row]))
    if strong.any():
        start = (ends[0][0] + ends[1][0])[strong] / 2
        turned = _turned(chosen[row[strong]], start, 3 * far[row[strong]], stable[strong], patience)
        for whole, part in zip(guess, turned, strict=True):
            whole[strong] = part
    found, duration, missed = guess
    met = np.abs(missed) < _MET * np.abs(found - low[row])
    order = np.lexsort((found[met], knot[row][met]))
    _, a_x, a_v = chosen[row].derivatives(low[row], np.zeros(len(row)), 1)
    turns, strained = duration * np.sqrt(np.abs(a_x)), duration * np.abs(a_v)
    x_max, period, turns, strained = (y[met][order] for y in (found, duration, turns, strained))
    return Seeds(knot[row][met][order], x_max, period, turns, strained, stable[met][order], fate)


def _none(fate: NDArray[np.int64]) -> Seeds:
    none = np.empty(0)
    return Seeds(np.empty(0, np.int64), none, none, none, none, none > 0, fate)


def _extents(field: PlanarField, points: FixedPoints, reach: Array | None) -> tuple[Array, Array]:
    """The nearest and the farthest distance from each fixed point, (K, M)."""
    if reach is None and field.clamp is None:
        return amplitudes(points)
    far = np.full(field.shape, 3 * field.clamp.x) if reach is None and field.clamp is not None else reach
    spread = np.broadcast_to(np.asarray(far)[:, None], points.x.shape)
    return spread / 10.0**_DECADES, spread


def _places(low: Array, high: Array, bounded: Mask, near: Array, far: Array, scaled: bool) -> Array:
    """(n, N) the x at which halves are compared, ascending; NaN pads."""
    decades = np.log10(far / near).max(initial=_DECADES)
    count = min(_MOST, 1 + int(np.ceil(decades * (_OPEN - 1) / _DECADES - 1e-9)))
    share = np.linspace(0, 1, count)
    outer = low[:, None] + near[:, None] ** (1 - share) * far[:, None] ** share
    span = (high - low)[:, None]
    inner = low[:, None] + span * _FINITE
    if scaled:
        first = np.minimum(near[:, None], span * _FINITE[0])
        closer = low[:, None] + first ** (1 - share) * (span * _FINITE[0]) ** share
        inner = np.concatenate((np.where(first < span * _FINITE[0], closer, np.nan), inner), -1)
    width = max(outer.shape[1], inner.shape[1])
    inner, outer = (np.pad(y, ((0, 0), (0, width - y.shape[1])), constant_values=np.nan) for y in (inner, outer))
    return np.where(bounded[:, None], inner, outer)


def _fates(knot: NDArray[np.int64], sign: Array, undecided: Mask, fate: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the outermost orbits do whose halves are known, knot by knot; the last stretch of a knot says it."""
    for k, row, unsure in zip(knot, sign, undecided, strict=True):
        known = row[np.isfinite(row)]
        moved = known[known != 0]
        if len(moved):
            fate[k] = Fate.REST if moved[-1] > 0 else Fate.LEAVE
        elif len(known):
            fate[k] = Fate.CLOSE
        elif unsure.any():
            fate[k] = Fate.UNDECIDED
    return fate


def _stretches(
    field: PlanarField, points: FixedPoints, reach: Array
) -> tuple[NDArray[np.int64], NDArray[np.int64], Array, Array, Mask]:
    """Where cycles cross v = 0 downwards: knots and columns, left ends, right ends, and whether a point ends them."""
    right = np.concatenate((points.x[:, 1:], np.full((len(field), 1), np.nan)), -1)
    bounded = np.isfinite(right)
    right = np.where(bounded, right, points.x + reach)
    middle = np.where(bounded, (points.x + right) / 2, points.x + 1e-3 * reach)
    with np.errstate(invalid="ignore"):
        knot, column = np.nonzero(field.restoring(middle) > 0)
    return knot, column, points.x[knot, column], right[knot, column], bounded[knot, column]


def _changes(sign: Array) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows, and columns before and after, where a sign (n, N) is another than the last one that is known."""
    known = np.where(np.nan_to_num(sign) != 0, np.arange(sign.shape[1]), 0)
    last = np.maximum.accumulate(known, -1)[:, :-1]
    row, column = np.nonzero(sign[:, 1:] * np.take_along_axis(sign, last, -1) < 0)
    return row, last[row, column], column + 1


def _meeting(
    field: PlanarField, x: Array, reach: Array, tolerance: float = 1e-8, patience: int = 1
) -> tuple[Array, Array, Mask]:
    """L - U, the duration of both halves, and which are undecided (n, N).

    Where only one half comes back L - U is a sign alone: -inf or inf.
    """
    forward = half_returns(field, x, 3 * reach, tolerance=tolerance, patience=patience)
    backward = half_returns(field, x, 3 * reach, backward=True, tolerance=tolerance, patience=patience)
    gap = forward.x - backward.x
    here, there = np.isfinite(forward.x), np.isfinite(backward.x)
    grows = (forward.left & (there | backward.rested)) | (backward.rested & here)
    shrinks = (backward.left & (here | forward.rested)) | (forward.rested & there)
    gap = np.where(grows, -np.inf, np.where(shrinks, np.inf, gap))
    there_is = np.isfinite(x)
    undecided = (forward.undecided | backward.undecided) & there_is
    return np.where(there_is, gap, np.nan), forward.duration + backward.duration, undecided


def _closed_in(
    field: PlanarField, ends: list[tuple[Array, Array]], reach: Array, patience: int
) -> tuple[Array, Array, Array]:
    """Regula falsi in Illinois' form, halves where an end has only a sign: x, duration and gap of n brackets."""
    (a, f_a), (b, f_b) = ends
    best_x, best_time, best = np.full_like(a, np.nan), np.full_like(a, np.nan), np.full_like(a, np.inf)
    for _ in range(_ROUNDS):
        with np.errstate(invalid="ignore", divide="ignore"):
            secant = b - f_b * (b - a) / (f_b - f_a)
        secant = np.where(np.isfinite(secant) & np.isfinite(f_a) & np.isfinite(f_b), secant, (a + b) / 2)
        missed, lasting, _ = _meeting(field, secant[:, None], reach, 1e-12, patience)
        gap, duration = missed[:, 0], lasting[:, 0]
        better = np.abs(gap) < np.abs(best)
        best_x, best_time = np.where(better, secant, best_x), np.where(better, duration, best_time)
        best = np.where(better, gap, best)
        same = np.sign(gap) == np.sign(f_b)
        a, f_a = np.where(same, a, b), np.where(same, f_a / 2, f_b)
        b, f_b = secant, gap
        if (np.abs(best) < _CLOSE * np.abs(best_x)).all():
            break
    return best_x, best_time, best


def _turned(field: PlanarField, x: Array, reach: Array, forward: Mask, patience: int) -> tuple[Array, Array, Array]:
    """Cycles that attract, or repel, so strongly that no half against it comes back: whole turns along it instead.

    Returns x, duration and change of x of the last turn, (n,) each.
    """
    duration, before = np.full_like(x, np.nan), x
    for _ in range(_TURNS):
        before, duration = x, np.zeros_like(x)
        for _half in range(2):
            ahead = half_returns(field, x[:, None], reach, tolerance=1e-12, patience=patience)
            back = half_returns(field, x[:, None], reach, tolerance=1e-12, backward=True, patience=patience)
            x = np.where(forward, ahead.x[:, 0], back.x[:, 0])
            duration = duration + np.where(forward, ahead.duration[:, 0], back.duration[:, 0])
    return x, duration, np.nan_to_num(np.abs(x - before), nan=np.inf)
