"""Bifurcations of fixed points between pairs of fields: where on the way from one to the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .branches import matched
from .field import Array, PlanarField
from .fixed_points import FixedPoints, fixed_points
from .manifolds import splittings

Way = Callable[[NDArray[np.int64], Array], PlanarField]
"""The fields (n,) of the ways (n,) at shares (n,) from 0, their beginning, to 1, their end."""

SADDLE_NODE, HOPF, HOMOCLINIC = "saddle-node", "hopf", "homoclinic"
_HALVINGS, _NEWTON, _ROUNDS = 14, 12, 40
_TINY = 1e-5  # of a share, for differences
_DONE, _MOVED, _MET = 1e-13, 1e-9, 1e-7
_COARSE = 1e-7  # where only the sign matters


@dataclass(frozen=True, eq=False)
class Events:
    """n bifurcations.

    way    (n,) index of the way that each lies on
    share  (n,) of it, 0 to 1
    kind   n of "saddle-node", "hopf", "homoclinic"
    x      (n,) the fixed point: where two meet, that which turns about, or the saddle
    loop   (n,) of a homoclinic orbit, index into `manifolds.LOOPS`; else -1
    """

    way: NDArray[np.int64]
    share: Array
    kind: tuple[str, ...]
    x: Array
    loop: NDArray[np.int64]


def events_on(
    way: Way,
    nodes: PlanarField,
    pairs: NDArray[np.int64],
    *,
    homoclinic: bool = True,
    points: FixedPoints | None = None,
) -> Events:
    """All saddle-nodes, Hopf bifurcations and, on demand, homoclinic orbits on E ways.

    A saddle-node lies where the number of fixed points changes by two; a Hopf bifurcation where the trace of a point
    that is no saddle changes its sign; a homoclinic orbit where a splitting of a saddle does. Each is closed in and
    then found by Newton's method on its own equations, or by regula falsi. Two of a kind on one way can hide one
    another.

    way     see `Way`
    nodes   (Q,) fields at the ways' ends
    pairs   (E, 2) which two nodes each way joins
    points  of the nodes, where they are known
    """
    points = fixed_points(nodes) if points is None else points
    count = points.count
    folds = np.nonzero(np.abs(count[pairs[:, 0]] - count[pairs[:, 1]]) == 2)[0]
    running = _running(points, pairs)
    found = [_folds(way, folds, count[pairs[folds, 0]] > count[pairs[folds, 1]]), _turns(way, running)]
    if homoclinic:
        found.append(_loops(way, running))
    parts = ([getattr(one, name) for one in found] for name in ("way", "share", "x", "loop"))
    ways, shares, x, loop = (np.concatenate(several) for several in parts)
    kind = [name for one in found for name in one.kind]
    order = np.lexsort((shares, ways))
    return Events(ways[order], shares[order], tuple(kind[i] for i in order), x[order], loop[order])


def size_of(points: FixedPoints) -> Array:
    """(K,) the size in x of the region that matters: that of the fixed points, or the clamp's if it is smaller."""
    x = np.nan_to_num(points.x)
    size = np.abs(x).max(-1, initial=0) + x.max(-1, initial=0) - x.min(-1, initial=0)
    clamp = points.field.clamp
    return np.minimum(np.where(size > 0, size, 1.0), np.inf if clamp is None else clamp.x)


@dataclass(frozen=True, eq=False)
class _Running:
    """n fixed points that run through a way, and what they are at its two ends, (2, n)."""

    way: NDArray[np.int64]
    x: Array
    trace: Array
    determinant: Array
    size: Array
    field: PlanarField
    node: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_]) -> _Running:
        """Some of them."""
        x, trace, determinant = self.x[:, chosen], self.trace[:, chosen], self.determinant[:, chosen]
        way, size, node = self.way[chosen], self.size[chosen], self.node[:, chosen]
        return _Running(way, x, trace, determinant, size, self.field, node)


def _running(points: FixedPoints, pairs: NDArray[np.int64]) -> _Running:
    signs, counts = np.nan_to_num(np.sign(points.determinant)), points.count
    start, end = pairs.T
    alike = (counts[start] == counts[end]) & (signs[start] == signs[end]).all(-1)
    way, column = np.nonzero(alike[:, None] & (np.arange(signs.shape[-1]) < counts[start][:, None]))
    plain = np.stack((way, start[way], column, end[way], column), -1)
    rows: list[tuple[Any, ...]] = []
    for index in np.nonzero(~alike)[0]:
        i, j = pairs[index]
        n, m = counts[i], counts[j]
        ends = (points.x[i, :n], signs[i, :n]), (points.x[j, :m], signs[j, :m])
        size = float(np.ptp(np.concatenate((ends[0][0], ends[1][0])))) if n and m else 1.0
        rows += [(index, i, a, j, b) for a, b in matched(*ends, size or 1.0)]
    table = np.concatenate((plain, np.array(rows, dtype=np.int64).reshape(-1, 5)))
    node, column = table[:, (1, 3)].T, table[:, (2, 4)].T
    x, trace, determinant = points.x[node, column], points.trace[node, column], points.determinant[node, column]
    return _Running(table[:, 0], x, trace, determinant, size_of(points)[node].max(0), points.field, node)


def _folds(way: Way, ways: NDArray[np.int64], fewer_later: NDArray[np.bool_]) -> Events:
    """Saddle-nodes on ways along which the number of fixed points changes."""
    if not len(ways):
        return _events(ways, np.empty(0), np.empty(0), SADDLE_NODE)
    low, high = np.zeros(len(ways)), np.ones(len(ways))
    most = np.where(fewer_later, fixed_points(way(ways, low)).count, fixed_points(way(ways, high)).count)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        before = (fixed_points(way(ways, middle)).count == most) == fewer_later
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    points = fixed_points(way(ways, np.where(fewer_later, low, high)))
    gaps = np.where(points.determinant[:, 1:] * points.determinant[:, :-1] < 0, np.diff(points.x, axis=-1), np.inf)
    met = np.isfinite(gaps).any(-1)
    column = np.argmin(gaps, -1)[:, None]
    x = np.take_along_axis((points.x[:, 1:] + points.x[:, :-1]) / 2, column, -1)[:, 0]

    def equations(field: PlanarField, x: Array) -> tuple[Array, Array]:
        a, a_x, _, a_xx, _, _ = field.derivatives(x, np.zeros_like(x), 2)
        return np.stack((a, a_x), -1), np.stack((a_x, a_xx), -1)

    return _refined(way, ways[met], x[met], ((low + high) / 2)[met], equations, SADDLE_NODE)


def _turns(way: Way, running: _Running) -> Events:
    """Hopf bifurcations of the points that run through."""
    change = ((running.trace[0] < 0) != (running.trace[1] < 0)) & (running.determinant > 0).all(0)
    of = running.where(change)
    share = of.trace[0] / (of.trace[0] - of.trace[1])

    def equations(field: PlanarField, x: Array) -> tuple[Array, Array]:
        a, a_x, a_v, _, a_xv, _ = field.derivatives(x, np.zeros_like(x), 2)
        return np.stack((a, a_v), -1), np.stack((a_x, a_xv), -1)

    return _refined(way, of.way, of.x[0] + share * (of.x[1] - of.x[0]), share, equations, HOPF)


def _refined(
    way: Way,
    ways: NDArray[np.int64],
    x: Array,
    share: Array,
    equations: Callable[[PlanarField, Array], tuple[Array, Array]],
    kind: str,
) -> Events:
    """Newton's method for (x, share) of two equations; their derivative to x is known, to the share a difference."""
    moved = np.full(len(ways), np.inf)
    for _ in range(_NEWTON if len(ways) else 0):
        values, to_x = equations(way(ways, share), x)
        to_share = (equations(way(ways, share + _TINY), x)[0] - equations(way(ways, share - _TINY), x)[0]) / (2 * _TINY)
        matrix = np.stack((to_x, to_share), -1)
        regular = np.isfinite(matrix).all((1, 2)) & (np.abs(np.linalg.det(np.nan_to_num(matrix))) > 1e-300)
        matrix = np.where(regular[:, None, None], matrix, np.eye(2))
        change = np.where(regular[:, None], np.linalg.solve(matrix, -values[..., None])[..., 0], 0)
        change[:, 1] = np.clip(change[:, 1], -0.3, 0.3)
        x, share = x + change[:, 0], np.clip(share + change[:, 1], -0.01, 1.01)
        moved = np.where(regular, np.abs(change[:, 1]) + np.abs(change[:, 0]) / (np.abs(x) + 1e-3), np.inf)
        if (moved < _DONE).all():
            break
    good = (moved < _MOVED) & (share > -_MOVED) & (share < 1 + _MOVED)
    good &= way(ways, share).derivatives(x, np.zeros_like(x), 1)[1] <= 0 if kind == HOPF and len(ways) else True
    return _events(ways[good], np.clip(share[good], 0, 1), x[good], kind)


def _loops(way: Way, running: _Running) -> Events:
    """Homoclinic orbits of the saddles that run through."""
    saddles = running.where(np.asarray((running.determinant < 0).all(0)))
    if not len(saddles.way):
        return _events(saddles.way, np.empty(0), np.empty(0), HOMOCLINIC)
    of_both = np.stack((saddles.node.ravel().astype(float), saddles.x.ravel(), np.tile(saddles.size, 2)), -1)
    once, back = np.unique(of_both, axis=0, return_inverse=True)  # a node ends several ways
    passed = splittings(running.field[once[:, 0].astype(int)], once[:, 1], once[:, 2], tolerance=_COARSE)
    ends = passed[back.reshape(2, -1)]
    with np.errstate(invalid="ignore"):
        row, loop = np.nonzero(((ends[0] < 0) != (ends[1] < 0)) & np.isfinite(ends[0] * ends[1]))
    ways, size, x_low, x_high = saddles.way[row], saddles.size[row], saddles.x[0][row], saddles.x[1][row]
    a, b, f_a, f_b = np.zeros(len(row)), np.ones(len(row)), ends[0][row, loop], ends[1][row, loop]
    share, gap, x = a, f_a, x_low
    for _ in range(_ROUNDS if len(row) else 0):
        share = np.where(np.isfinite(f_a * f_b), b - f_b * (b - a) / (f_b - f_a), (a + b) / 2)
        field = way(ways, share)
        x = nearest_saddle(field, x_low + share * (x_high - x_low))
        gap = np.take_along_axis(splittings(field, x, size), loop[:, None], -1)[:, 0]
        if (np.abs(gap) < _DONE * size).all():
            break
        same = np.sign(gap) == np.sign(f_b)
        a, f_a = np.where(same, a, b), np.where(same, f_a / 2, f_b)
        b, f_b = share, gap
    good = np.abs(gap) < _MET * size
    return _events(ways[good], share[good], x[good], HOMOCLINIC, loop[good])


def nearest_saddle(field: PlanarField, x: Array) -> Array:
    """The saddle (n,) of each of n fields that lies nearest to x (n,); NaN where a field has none."""
    points = fixed_points(field)
    if not points.x.shape[-1]:
        return np.full_like(x, np.nan)
    distance = np.where(points.determinant < 0, np.abs(points.x - x[:, None]), np.inf)
    column = np.argmin(distance, -1)[:, None]
    found = np.take_along_axis(points.x, column, -1)[:, 0]
    return np.where(np.isfinite(np.take_along_axis(distance, column, -1)[:, 0]), found, np.nan)


def _events(
    ways: NDArray[np.int64], share: Array, x: Array, kind: str, loop: NDArray[np.int64] | None = None
) -> Events:
    none = np.full(len(ways), -1, dtype=np.int64)
    return Events(ways, share, (kind,) * len(ways), x, none if loop is None else loop)
