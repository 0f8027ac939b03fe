"""The largest Lyapunov exponent of a signal: how fast neighbouring stretches of its path part."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

Points = NDArray[np.float64]

MOST_POINTS = 16_000
SATURATED = 2.0
LEAST_RISE = 1.0
STRAIGHT = 0.9
_PERIODIC = 0.5
_REFERENCES = 2000
_FLOOR = 1e-12  # of the set's size: below it distances are rounding


@dataclass(frozen=True)
class LyapunovEstimate:
    """What Rosenstein's method found.

    per_s       largest exponent, 1/s; NaN where the distances have no straight rise to speak of
    time_s      (K,) s since two stretches were neighbours
    divergence  (K,) mean ln of their distance
    fitted      the samples [first, last) of the curve that the exponent is the slope of
    """

    per_s: float
    time_s: Points
    divergence: Points
    fitted: tuple[int, int]


def lyapunov_exponent(
    points: ArrayLike, *, interval_s: float, theiler: int, horizon: int, skip: int = 0, most: int = MOST_POINTS
) -> LyapunovEstimate:
    """The largest Lyapunov exponent by the mean divergence of nearest neighbours.

    S(k) = < ln d_i(k) >_i,   d_i(k) = |(1 - u u') (y_{i+k} - y_{j(i)+k})|,   exponent = slope of S / dt

    with j(i) the nearest neighbour of y_i with |i - j| > theiler, and u the direction of the flow at y_{i+k}: what two
    stretches differ by along the orbit neither grows nor shrinks, and would hide slow growth (Roessler's exponent comes
    out at 0.05 with it).

    The slope is fitted from `skip` on to where S comes within 2 of its value for two points that have nothing to do
    with one another, or to the horizon. An exponent is given where S rises by at least 1 on a straight line (R^2 of 0.9
    or more), and the slope that is there, about 0, where it hardly rises over the whole horizon, as on a cycle or a
    torus. It is not defined for noise, whose neighbours are strangers at once, for a path that never comes back, or
    where a clip is too short. Of 16,000 points expect an error of a tenth, from a scalar's
    embedding twice that.

    points      (n, m) in time's order, such as a delay embedding; the first `most` of them
    interval_s  s between them
    theiler     samples that neighbours are apart in time, at least: a period
    horizon     K, samples that they are followed: several periods
    skip        samples before the fit: neighbours first turn into the direction that grows
    Returns NaN and an empty curve for fewer than 2 (theiler + horizon) points or values that are not finite.

    Source: Rosenstein, Collins and De Luca (1993), Physica D 65, 117 (there without the projection). Published: Lorenz
    0.906, Roessler 0.0714 per unit of time (Sprott 2003).
    """
    array = np.asarray(points, dtype=np.float64)[:most]
    assert array.ndim == 2, f"points are (n, m), not {array.shape}"
    followed = len(array) - horizon
    if followed < 2 * theiler + horizon or not np.isfinite(array).all() or not np.ptp(array):
        return LyapunovEstimate(math.nan, np.empty(0), np.empty(0), (0, 0))
    first = np.unique(np.linspace(0, followed - 1, min(followed, _REFERENCES)).astype(int))
    second = _neighbours(array[:followed], first, theiler)
    first, second = first[second >= 0], second[second >= 0]
    if first.size < 10:
        return LyapunovEstimate(math.nan, np.empty(0), np.empty(0), (0, 0))
    flow, floor = _directions(array), _FLOOR * float(np.ptp(array, axis=0).max())
    curve = np.array([_apart(array, flow, floor, first + k, second + k) for k in range(horizon)])
    every = np.arange(len(array))
    strangers = _apart(array, flow, floor, every, np.roll(every, len(array) // 3))
    time_s = np.arange(horizon, dtype=np.float64) * interval_s
    near = np.flatnonzero(curve[skip:] > strangers - SATURATED)
    stop = skip + int(near[0]) if near.size else horizon
    return LyapunovEstimate(_slope(time_s, curve, skip, stop), time_s, curve, (skip, stop))


def _neighbours(points: Points, first: NDArray[np.int_], theiler: int) -> NDArray[np.int_]:
    """(I,) the nearest point to each of `first` that is further than `theiler` away in time; -1 for none."""
    count = min(2 * theiler + 2, len(points))
    distance, found = cKDTree(points).query(points[first], k=count)
    allowed = (np.abs(found - first[:, None]) > theiler) & (distance > 0)
    return np.where(allowed.any(1), found[np.arange(len(first)), allowed.argmax(1)], -1)


def _directions(points: Points) -> Points:
    """(n, m) unit vectors along the path; zero where it stands still."""
    flow = np.gradient(points, axis=0)
    length = np.linalg.norm(flow, axis=1, keepdims=True)
    return np.divide(flow, length, out=np.zeros_like(flow), where=length > 0)


def _apart(points: Points, flow: Points, floor: float, a: NDArray[np.int_], b: NDArray[np.int_]) -> float:
    """Mean ln of the distance of points a and b across the flow at a."""
    between = points[a] - points[b]
    across = between - (between * flow[a]).sum(1, keepdims=True) * flow[a]
    return float(np.log(np.linalg.norm(across, axis=1) + floor).mean())


def _slope(time_s: Points, curve: Points, start: int, stop: int) -> float:
    """The slope of the straight part; NaN where there is none."""
    if stop - start < 5:
        return math.nan
    t, s = time_s[start:stop], curve[start:stop]
    slope, level = np.polyfit(t, s, 1)
    rise = slope * (t[-1] - t[0])
    if stop == len(curve) and abs(rise) < _PERIODIC:
        return float(slope)
    left = float(((s - slope * t - level) ** 2).sum() / ((s - s.mean()) ** 2).sum())
    return float(slope) if rise >= LEAST_RISE and 1 - left >= STRAIGHT else math.nan
