"""The dimension of the set that a path fills, by how the number of close pairs grows with distance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

Points = NDArray[np.float64]

RADII_A_DECADE = 20
MOST_POINTS = 20_000
FEWEST_PAIRS = 200
NEIGHBOURS = 4
HIGHEST_SUM = 0.03
WIDTH, LEAST_RANGE = 0.5, 0.25
UNEVEN = 0.25
_CHUNK = 256


@dataclass(frozen=True)
class CorrelationDimension:
    """What Grassberger and Procaccia's method found.

    dimension  D_2, the slope of ln C over ln r; NaN where no range of radii has one slope
    scatter    standard deviation of the local slopes in that range
    radii      (R,) in the unit of the points
    sums       (R,) C(r), share of the pairs that are closer than r
    slopes     (R,) local d ln C / d ln r over half a decade; NaN where pairs are too few
    """

    dimension: float
    scatter: float
    radii: Points
    sums: Points
    slopes: Points


def correlation_dimension(
    points: ArrayLike, *, theiler: int, most: int = MOST_POINTS, highest_sum: float = HIGHEST_SUM
) -> CorrelationDimension:
    """D_2 of a set of points by the correlation sum.

    C(r) = 2 / (N (N - 1)) #{i < j, |y_i - y_j| < r, j - i > theiler},   D_2 = d ln C / d ln r

    The slope is the mean of the local slopes, each over half a decade of r, wherever a point has four neighbours on
    average and C(r) is at most `highest_sum`; it is not defined where that is less than a quarter of a decade or where
    the slopes scatter by more than a quarter of their mean: then there is no scaling to speak of, as for a path that
    never comes back.

    points       (n, m) in time's order; of more than `most` every k-th
    theiler      pairs closer than this in time, samples, are one orbit's neighbours and do not count: about the lag at
                 which the signal forgets itself, or a period
    most         points; the cost grows with their square
    highest_sum  largest C(r) of the range

    Noise fills its m dimensions, a limit cycle has 1, a torus 2, Lorenz's attractor 2.05, Roessler's 1.99: of that
    one's thin sheet 20,000 points show 1.8, since the value is reached at radii that hold too few of them.
    Source: Grassberger and Procaccia (1983), Physica D 9, 189; Theiler (1986), Phys. Rev. A 34, 2427, for the pairs
    left out; Sprott (2003), Chaos and Time-Series Analysis, table of the values above.
    """
    array = np.asarray(points, dtype=np.float64)
    assert array.ndim == 2, f"points are (n, m), not {array.shape}"
    thin = max(1, -(-len(array) // most))
    array, window = array[::thin], -(-theiler // thin)
    size = float(np.ptp(array, axis=0).max()) if len(array) else 0.0
    if len(array) < 2 * window + 10 or not 0 < size < math.inf:
        nothing = np.empty(0)
        return CorrelationDimension(math.nan, math.nan, nothing, nothing, nothing)
    radii = size * 10 ** np.arange(-4, 0, 1 / RADII_A_DECADE)
    pairs = _close_pairs(array, radii, window)
    every = (len(array) - window) * (len(array) - window - 1) / 2
    sums = pairs / every
    slopes = _local_slopes(radii, sums, enough=pairs >= max(FEWEST_PAIRS, NEIGHBOURS / 2 * len(array)))
    scaling = np.isfinite(slopes) & (sums <= highest_sum)
    dimension, scatter = math.nan, math.nan
    if scaling.sum() >= LEAST_RANGE * RADII_A_DECADE:
        found, scatter = float(slopes[scaling].mean()), float(slopes[scaling].std())
        dimension = found if scatter <= UNEVEN * found else math.nan
    return CorrelationDimension(dimension, scatter, radii, sums, slopes)


def _close_pairs(points: Points, radii: Points, window: int) -> Points:
    """(R,) pairs closer than each radius, a constant factor apart, and further than `window` apart in time."""
    counts = np.zeros(radii.size + 1)
    place = np.arange(len(points))
    for first in range(0, len(points), _CHUNK):
        rows = slice(first, first + _CHUNK)
        distance = cdist(points[rows], points[first:], "sqeuclidean")
        apart = distance[place[None, first:] - place[rows, None] > window]
        with np.errstate(divide="ignore"):
            beyond = np.ceil(np.log10(apart / radii[0] ** 2) * (RADII_A_DECADE / 2))
        counts += np.bincount(np.clip(beyond, 0, radii.size).astype(np.int64), minlength=radii.size + 1)
    return np.cumsum(counts)[:-1]


def _local_slopes(radii: Points, sums: Points, enough: NDArray[np.bool_]) -> Points:
    """(R,) least-squares slopes over half a decade around every radius."""
    half = int(WIDTH * RADII_A_DECADE / 2)
    slopes = np.full(radii.size, np.nan)
    x, y = np.log(radii), np.log(np.maximum(sums, 1e-300))
    for middle in range(half, radii.size - half):
        around = slice(middle - half, middle + half + 1)
        if enough[around].all():
            slopes[middle] = np.polyfit(x[around], y[around], 1)[0]
    return slopes
