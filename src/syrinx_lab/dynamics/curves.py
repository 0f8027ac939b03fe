"""Curves of saddle-node, Hopf and homoclinic bifurcations in a plane of two numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .continuation import Equations, curve_through, onto_curve
from .events import HOMOCLINIC, HOPF, SADDLE_NODE, Events, events_on, nearest_saddle, size_of
from .field import Array, PlanarField
from .fixed_points import fixed_points
from .manifolds import on_a_circle, splittings
from .plane import Plane

_STEP = 0.02  # of the plane's side
_MOST = 24
_OF_POINTS, _OF_LOOPS = 1e-11, 1e-8  # exactness of the curves, in units of the plane's sides


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve of one bifurcation in the plane, N points in order.

    kind       "saddle-node", "hopf" or "homoclinic"
    a, b       (N,) in the plane's units
    x          (N,) of the fixed point
    on_circle  (N,) of a saddle-node: whether a cycle of infinite period is born there (SNIC); else False
    lyapunov   (N,) of a Hopf bifurcation: the first Lyapunov coefficient; negative where a stable cycle is born,
               positive where an unstable one is; else NaN
    closed     whether the last point leads to the first
    """

    kind: str
    a: Array
    b: Array
    x: Array
    on_circle: NDArray[np.bool_]
    lyapunov: Array
    closed: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """N names: saddle-node, saddle-node on a circle, supercritical Hopf, subcritical Hopf, homoclinic."""
        return tuple(label(self.kind, on, value) for on, value in zip(self.on_circle, self.lyapunov, strict=True))

    def pieces(self) -> list[tuple[str, Array, Array]]:
        """Label, a and b of every stretch of one label; a stretch begins where the one before ends."""
        names, found, start = self.labels, [], 0
        for i in range(1, len(names) + 1):
            if i == len(names) or names[i] != names[start]:
                cut = slice(start, min(i + 1, len(names)))
                found.append((names[start], self.a[cut], self.b[cut]))
                start = i
        return found


def label(kind: str, on_circle: bool, lyapunov: float) -> str:
    """The name of a bifurcation."""
    if kind == SADDLE_NODE:
        return "saddle-node on a circle" if on_circle else "saddle-node"
    if kind == HOPF:
        return "subcritical Hopf" if lyapunov > 0 else "supercritical Hopf"
    return kind


def lyapunov_coefficient(field: PlanarField, x: Array) -> Array:
    """The first Lyapunov coefficient (n,) at Hopf bifurcations (x, 0) of n fields; negative: a stable cycle is born.

        16 l = a_xxv + w^2 a_vvv + a_xv (a_xx / w^2 + a_vv),   w^2 = -a_x

    Source: Guckenheimer and Holmes (1983), Nonlinear Oscillations, eq. 3.4.11, for x' = v, v' = a(x, v), y = -v / w.
    """
    _, a_x, _, xx, xv, vv, _, xxv, _, vvv = field.derivatives(x, np.zeros_like(x), 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((xxv - a_x * vvv + xv * (vv - xx / a_x)) / 16)


def bifurcation_curves(
    plane: Plane,
    a: tuple[float, float],
    b: tuple[float, float],
    *,
    grid: int = 25,
    homoclinic: bool = True,
) -> list[Curve]:
    """All curves of bifurcations that cross a line of a grid over the rectangle a[0]..a[1], b[0]..b[1].

        saddle-node  a(x, 0) = 0, a_x = 0;     Hopf  a(x, 0) = 0, a_v = 0, a_x < 0;     homoclinic  splitting = 0

    Each is followed by pseudo-arclength from the first crossing that no other curve went through. Hopf curves end where
    they meet a saddle-node curve (a_x = 0, Bogdanov and Takens' point).

    grid        lines each way; a closed curve smaller than a cell is not seen
    homoclinic  whether homoclinic orbits are looked for
    Raises ValueError when a range is empty or not finite.
    """
    for name, limits in zip(plane.names, (a, b), strict=True):
        if not (np.isfinite(limits).all() and limits[0] < limits[1]):
            raise ValueError(f"the range of {name} is {limits}: give two finite numbers, the lower one first")
    low, span = np.array([a[0], b[0]]), np.array([a[1] - a[0], b[1] - b[0]])

    def field_at(places: Array) -> PlanarField:
        return plane.field(*(low + span * places).T)

    found, places, size = _seeds(field_at, grid, homoclinic)
    curves: list[Curve] = []
    for kind in (SADDLE_NODE, HOPF, HOMOCLINIC):
        of = [i for i, one in enumerate(found.kind) if one == kind]
        seeds = np.column_stack((found.x[of] / size, places[of]))
        loops = found.loop[of]
        while len(seeds) and len(curves) < _MOST:
            points, closed = _curve(kind, field_at, seeds[0], int(loops[0]), size)
            scale = np.array([5.0, 1.0, 1.0])  # x may be read off less exactly
            near = np.array([np.linalg.norm((points - one) / scale, axis=-1).min() < 0.75 * _STEP for one in seeds])
            near &= loops == loops[0]
            near[0] = True
            seeds, loops = seeds[~near], loops[~near]
            if len(points) > 2:
                curves.append(_described(kind, plane, field_at, points, closed, low, span, size))
    return curves


def _seeds(field_at: Callable[[Array], PlanarField], grid: int, homoclinic: bool) -> tuple[Events, Array, float]:
    """The bifurcations on the grid's lines, their places in the unit square, and the size of x."""
    line = np.linspace(0, 1, grid)
    nodes = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    index = np.arange(grid * grid).reshape(grid, grid)
    along = [np.stack((i[:-1].ravel(), i[1:].ravel()), -1) for i in (index, index.T)]
    pairs = np.concatenate(along)

    def place(way: NDArray[np.int64], share: Array) -> Array:
        start, end = nodes[pairs[way, 0]], nodes[pairs[way, 1]]
        return start + share[:, None] * (end - start)

    fields = field_at(nodes)
    points = fixed_points(fields)
    found = events_on(
        lambda way, share: field_at(place(way, share)), fields, pairs, homoclinic=homoclinic, points=points
    )
    return found, place(found.way, found.share), float(np.median(size_of(points)))


def _curve(
    kind: str, field_at: Callable[[Array], PlanarField], seed: Array, loop: int, size: float
) -> tuple[Array, bool]:
    """Points (N, 3) of x / size and the unit square, and whether they are closed."""

    def equations(y: Array) -> Array:
        x = y[:, 0] * size
        a, a_x, a_v = field_at(y[:, 1:]).derivatives(x, np.zeros_like(x), 1)
        return np.stack((a, a_x if kind == SADDLE_NODE else a_v), -1)

    def room(y: Array) -> float:
        """How far within the rectangle, and of a Hopf bifurcation from where the point becomes a saddle."""
        within = float(np.concatenate((y[1:], 1 - y[1:])).min())
        if kind == SADDLE_NODE:
            return within
        return min(within, -float(field_at(y[None, 1:]).derivatives(y[:1] * size, np.zeros(1), 1)[1][0]))

    if kind == HOMOCLINIC:
        return _loop_curve(field_at, seed, loop, size)
    points, closed = curve_through(equations, seed, lambda y: room(y) >= 0, _STEP, exactness=_OF_POINTS)
    return _trimmed(points, room, equations), closed


def _trimmed(points: Array, room: Callable[[Array], float], equations: Equations) -> Array:
    """The curve with an end that lies outside moved back to about where there is no room left."""
    points = points.copy()
    for end, before in ((0, 1), (-1, -2)):
        if len(points) > 1 and room(points[end]) < 0 <= room(points[before]):
            last, first = room(points[end]), room(points[before])
            chord = points[before] + first / (first - last) * (points[end] - points[before])
            points[end] = onto_curve(equations, chord)
    return points


def _loop_curve(field_at: Callable[[Array], PlanarField], seed: Array, loop: int, size: float) -> tuple[Array, bool]:
    """The same of homoclinic orbits, whose saddle is followed rather than an unknown: all hangs on it."""
    last = [(seed[1:], seed[0] * size)]

    def saddles(places: Array) -> Array:
        near = min(last, key=lambda one: float(np.linalg.norm(one[0] - places[0])))
        return nearest_saddle(field_at(places), np.full(len(places), near[1]))

    def equations(places: Array) -> Array:
        return splittings(field_at(places), saddles(places), np.full(len(places), size), (loop,)) / size

    def inside(place: Array) -> bool:
        x = float(saddles(place[None])[0])
        last.append((place, x))
        return bool(((place >= 0) & (place <= 1)).all() and np.isfinite(x))

    points, closed = curve_through(equations, seed[1:], inside, _STEP, exactness=_OF_LOOPS)
    x = np.array([saddles(one[None])[0] for one in points])
    kept = np.isfinite(x)
    return np.column_stack((x / size, points))[kept], closed


def _described(
    kind: str,
    plane: Plane,
    field_at: Callable[[Array], PlanarField],
    points: Array,
    closed: bool,
    low: Array,
    span: Array,
    size: float,
) -> Curve:
    field, x = field_at(points[:, 1:]), points[:, 0] * size
    places = low + span * points[:, 1:]
    circle, lyapunov = np.zeros(len(x), dtype=bool), np.full(len(x), np.nan)
    if kind == SADDLE_NODE:
        circle = on_a_circle(field, x, np.full(len(x), size))
    if kind == HOPF:
        lyapunov = lyapunov_coefficient(field, x)
        lyapunov[[0, -1]] = lyapunov[[1, -2]]  # where it may have become a saddle the coefficient is infinite
    return Curve(kind, places[:, 0], places[:, 1], x, circle, lyapunov, closed)
