"""How far the oscillator is from the nearest bifurcation, along one axis, at every moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .axes import Axis
from .curves import label, lyapunov_coefficient
from .events import HOPF, SADDLE_NODE, events_on, size_of
from .field import Array, PlanarField
from .fixed_points import fixed_points
from .manifolds import on_a_circle


@dataclass(frozen=True, eq=False)
class Distances:
    """The nearest bifurcation of each of K fields when one axis is turned and all else kept.

    value     (K,) of the axis at the field
    nearest   (K,) of the axis at the bifurcation; NaN where there is none in the range
    label     K names of it, "" where there is none
    decibels  (K,) 20 log10(value / nearest): how much less, or more (negative), of it leads to the bifurcation; NaN
              where they are not of one sign. The sign says the side, not whether it sings: the nearest bifurcation
              may ignite nothing
    """

    value: Array
    nearest: Array
    label: tuple[str, ...]
    decibels: Array


def distances(
    field: PlanarField, axis: Axis, low: float, high: float, *, count: int = 33, homoclinic: bool = True
) -> Distances:
    """Look along an axis from each of K fields for its nearest bifurcation, by decibels where they are defined.

    low, high   range of the axis
    count       places at which the fixed points are compared
    homoclinic  whether homoclinic orbits are looked for too
    Raises ValueError when the range is empty or not finite.
    """
    if not (np.isfinite((low, high)).all() and low < high):
        raise ValueError(f"the range of {axis.name} is {low} to {high}: give two finite numbers, the lower one first")
    value, knots = axis.values(field), len(field)
    places = np.linspace(low, high, count)
    nodes = axis.moved(field, np.broadcast_to(places, (knots, count)))
    side = field.degree + 1
    flat = PlanarField(
        nodes.stiffness.reshape(-1),
        nodes.gamma.reshape(-1),
        nodes.weights.reshape(-1, side, side),
        step=field.step,
        sample_rate=field.sample_rate,
        clamp=field.clamp,
    )
    index = np.arange(knots * count).reshape(knots, count)
    pairs = np.stack((index[:, :-1].ravel(), index[:, 1:].ravel()), -1)

    def to(ways: NDArray[np.int64], share: Array) -> Array:
        return low + (high - low) * (ways % (count - 1) + share) / (count - 1)

    def way(ways: NDArray[np.int64], share: Array) -> PlanarField:
        return axis.moved(field[ways // (count - 1)], to(ways, share))

    points = fixed_points(flat)
    found = events_on(way, flat, pairs, homoclinic=homoclinic, points=points)
    knot, at = found.way // (count - 1), to(found.way, found.share)
    nearest, chosen = np.full(knots, np.nan), np.full(knots, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where(at * value[knot] > 0, np.abs(np.log(value[knot] / at)), np.inf)
        apart = np.where(np.isfinite(apart), apart, 1e6 * (1 + np.abs(value[knot] - at)))
    for i in np.lexsort((-apart, knot)):
        nearest[knot[i]], chosen[knot[i]] = at[i], i
    names = [""] * knots
    have = np.nonzero(chosen >= 0)[0]
    if len(have):
        event = chosen[have]
        there = way(found.way[event], found.share[event])
        circle = on_a_circle(there, found.x[event], size_of(points)[pairs[found.way[event], 0]])
        lyapunov = lyapunov_coefficient(there, found.x[event])
        for n, k in enumerate(have):
            kind = found.kind[event[n]]
            first = float(lyapunov[n]) if kind == HOPF else np.nan
            names[k] = label(kind, kind == SADDLE_NODE and bool(circle[n]), first)
    with np.errstate(divide="ignore", invalid="ignore"):
        decibels = np.where(value * nearest > 0, 20 * np.log10(value / nearest), np.nan)
    return Distances(value, nearest, tuple(names), decibels)
