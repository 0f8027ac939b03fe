"""The fixed points of successive knots joined into branches, which are born and die in pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .field import Array
from .fixed_points import FixedPoints

_UNMATCHED = 1e6  # cost of a point that begins or ends, in units of the spread of all


@dataclass(frozen=True, eq=False)
class Branch:
    """One fixed point followed through consecutive knots.

    knots    (n,) indices of the knots
    columns  (n,) its place among the fixed points of each: `points.x[knots, columns]`
    x        (n,)
    """

    knots: NDArray[np.int64]
    columns: NDArray[np.int64]
    x: Array


def branches(points: FixedPoints) -> list[Branch]:
    """Join the fixed points of K knots, earliest and lowest first.

    Points keep their order in x and the sign of their determinant (a saddle stays a saddle); of all such matchings of
    two knots the one with the fewest points left over is taken, and of these the one that moves them least.
    """
    size = np.ptp(points.x[np.isfinite(points.x)]) if np.isfinite(points.x).any() else 1.0
    done: list[list[tuple[int, int]]] = []
    running: dict[int, list[tuple[int, int]]] = {}
    before = np.empty(0), np.empty(0)
    for knot, count in enumerate(points.count):
        now = points.x[knot, :count], np.sign(points.determinant[knot, :count])
        joined = {b: a for a, b in matched(before, now, size or 1.0)}
        following = {column: running.pop(joined[column]) for column in joined}
        done += running.values()
        for column in range(count):
            following.setdefault(column, []).append((knot, column))
        running, before = following, now
    done += running.values()
    rows = [np.array(one, dtype=np.int64) for one in sorted(done)]
    return [Branch(one[:, 0], one[:, 1], points.x[one[:, 0], one[:, 1]]) for one in rows]


def matched(a: tuple[Array, Array], b: tuple[Array, Array], size: float) -> list[tuple[int, int]]:
    """Pairs of indices into a and b (positions, signs), ascending in both, by dynamic programming."""
    (x, s), (y, t) = a, b
    cost = np.full((len(x) + 1, len(y) + 1), 0.0)
    cost[:, 0], cost[0, :] = _UNMATCHED * np.arange(len(x) + 1), _UNMATCHED * np.arange(len(y) + 1)
    choice = np.zeros(cost.shape, dtype=int)
    for i in range(1, len(x) + 1):
        for j in range(1, len(y) + 1):
            pair = abs(x[i - 1] - y[j - 1]) / size if s[i - 1] * t[j - 1] >= 0 else np.inf
            options = (cost[i - 1, j - 1] + pair, cost[i - 1, j] + _UNMATCHED, cost[i, j - 1] + _UNMATCHED)
            choice[i, j] = int(np.argmin(options))
            cost[i, j] = options[choice[i, j]]
    pairs, i, j = [], len(x), len(y)
    while i and j:
        kind = choice[i, j]
        if kind == 0:
            pairs.append((i - 1, j - 1))
        i, j = i - (kind != 2), j - (kind != 1)
    return pairs[::-1]
