"""How differently two paths fill the state space: a Kullback-Leibler divergence, blind to time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

BINS = 30
SMOOTHING = 1e-5
REACH = 2.0
DRAWS = 1000
MOST_CENTRES = 2000

Points = NDArray[np.float64]


def state_space_divergence(
    output: ArrayLike, target: ArrayLike, *, bins: int = BINS, box: tuple[ArrayLike, ArrayLike] | None = None
) -> float:
    """D_stsp, binned: the divergence of where the output goes from where the target goes.

    D = sum_k p_k ln(p_k / q_k),   p_k = (n_k + alpha) / (n + alpha (bins^m + 1)),   alpha = 1e-5

    with p of the target and q of the output, over bins^m boxes that reach two standard deviations of the target to
    both sides of its mean along every axis, and one more for all that lies outside (which published code leaves out: an
    output that is never near would then be as good as an even one). A box that the target fills and the output does not
    costs about ln(n / alpha): D is a number to compare models by, not an entropy in any absolute sense, and grows with
    the dimension m. For m up to 3 or so; above that take the mixture.

    output, target  (n, m) points, of any n each
    box             lowest and highest corner (m,) of the boxes instead
    result          nats, 0 for equal distributions; NaN where the output or the target is not finite, or a coordinate
                    of the target does not vary

    Source: Koppe et al. (2019), PLoS Comput. Biol. 15, e1007263; the binning of Hess, Monfared, Brenner and
    Durstewitz (2023), ICML, appendix A (30 bins, Laplace smoothing 1e-5, two standard deviations).
    """
    out, ref = _points(output), _points(target)
    spread = ref.std(0)
    if not (np.isfinite(out).all() and np.isfinite(ref).all() and (spread > 0).all()):
        return float("nan")
    reach = REACH * spread
    low, high = (ref.mean(0) - reach, ref.mean(0) + reach) if box is None else map(np.asarray, box)
    p, q = (_occupation(points, low, high, bins) for points in (ref, out))
    return float((p * np.log(p / q)).sum())


def mixture_divergence(
    output: ArrayLike, target: ArrayLike, *, variance: float = 1.0, draws: int = DRAWS, seed: int = 0
) -> float:
    """D_stsp by mixtures of Gaussians: every point of a path is the centre of one, with the same variance.

    D ~ 1/S sum_s ln(p(z_s) / q(z_s)),   p(z) = 1/n sum_t N(z; y_t, variance I),   z_s drawn from p

    with p around the points of the target and q around those of the output. No boxes, so that it serves in more
    dimensions; differences finer than the width of a Gaussian do not count.

    output, target  (n, m) points; of more than 2,000, as many evenly spread ones
    variance        of every Gaussian along every axis, in squared units of the points: 1 is meant for a target of unit
                    variance
    draws           S
    seed            of the draws
    result          nats, about 0 for equal distributions (draws scatter it); NaN where a point is not finite

    Source: Koppe et al. (2019), PLoS Comput. Biol. 15, e1007263; Brenner et al. (2022), ICML, with
    a variance of 1.
    """
    if not 0 < variance < np.inf:
        raise ValueError(f"variance is {variance}: use a number above 0")
    out, ref = _points(output), _points(target)
    if not (np.isfinite(out).all() and np.isfinite(ref).all()):
        return float("nan")
    generator = np.random.default_rng(seed)
    centres = ref[generator.integers(0, len(ref), draws)]
    drawn = centres + np.sqrt(variance) * generator.standard_normal(centres.shape)
    p, q = (_log_density(drawn, points, variance) for points in (ref, out))
    return float((p - q).mean())


def _points(points: ArrayLike) -> Points:
    array = np.asarray(points, dtype=np.float64)
    assert array.ndim == 2, f"points are (n, m), not {array.shape}"
    assert len(array), "no points"
    return array


def _occupation(points: Points, low: Points, high: Points, bins: int) -> Points:
    """(bins^m + 1,) smoothed share of the points in every box, and outside."""
    boxes = bins ** points.shape[1]
    place = np.floor((points - low) / (high - low) * bins)
    inside = ((place >= 0) & (place < bins)).all(1)
    index = np.full(len(points), boxes)
    index[inside] = np.ravel_multi_index(tuple(place[inside].astype(np.int64).T), (bins,) * points.shape[1])
    counts = np.bincount(index, minlength=boxes + 1) + SMOOTHING
    return counts / counts.sum()


def _log_density(at: Points, centres: Points, variance: float) -> Points:
    """ln of the mixture's density, without the constant that both have."""
    few = centres[np.unique(np.linspace(0, len(centres) - 1, min(len(centres), MOST_CENTRES)).round().astype(int))]
    return logsumexp(-cdist(at, few, "sqeuclidean") / (2 * variance), axis=1) - np.log(len(few))
