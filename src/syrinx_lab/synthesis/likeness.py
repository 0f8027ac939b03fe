"""How like two long sounds are, in pieces."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..metrics.time_frequency import DYNAMIC_RANGE_DB, HOP, WINDOW, spectrogram_db

Samples = NDArray[np.float32]

_FRAMES = 4096
_MARGIN = -(-WINDOW // HOP)  # frames that would see the end of a piece


def tf_corr_chunked(output: Samples, target: Samples, *, sample_rate: int) -> float:
    """`metrics.time_frequency.tf_corr` of two finite sounds (n,), with memory that does not depend on n.

    NaN when the target is silent, 0 when the output is.
    """
    assert output.shape == target.shape, f"output of {output.shape} samples against a target of {target.shape}"
    centre, other = (float(y.mean(dtype=np.float64)) for y in (target, output))
    peak = max(float(np.abs(part - centre).max()) for part in _cut(target))
    if peak < 1e-9:
        return math.nan
    floor = max(float(plane.max()) for plane in _planes(target, centre, peak, sample_rate)) - DYNAMIC_RANGE_DB
    sums = np.zeros(5)
    count = 0
    pairs = zip(_planes(output, other, peak, sample_rate), _planes(target, centre, peak, sample_rate))
    for a, b in pairs:
        a, b = (np.maximum(plane, floor).ravel() - floor for plane in (a, b))
        sums += a.sum(), b.sum(), a @ a, b @ b, a @ b
        count += a.size
    mean_a, mean_b, aa, bb, ab = sums / count
    size = math.sqrt(max(aa - mean_a**2, 0) * max(bb - mean_b**2, 0))
    return float(np.clip((ab - mean_a * mean_b) / size, -1, 1)) if size > 0 else 0.0


def rms(x: Samples) -> float:
    """Root mean square of a sound (n,) about its mean, in its unit."""
    mean = x.mean(dtype=np.float64)
    return math.sqrt(sum(float(np.square(part - mean, dtype=np.float64).sum()) for part in _cut(x)) / max(len(x), 1))


def _cut(x: Samples) -> Iterator[Samples]:
    size = _FRAMES * HOP
    return (x[start : start + size] for start in range(0, len(x), size))


def _planes(x: Samples, mean: float, peak: float, sample_rate: int) -> Iterator[NDArray[np.float64]]:
    """`spectrogram_db` of (x - mean) / peak, so many frames after another."""
    frames = 1 + len(x) // HOP
    for first in range(0, frames, _FRAMES):
        stop = min(first + _FRAMES, frames)
        low = max(first - _MARGIN, 0)
        piece = (x[low * HOP : (stop + _MARGIN) * HOP].astype(np.float64) - mean) / peak
        yield spectrogram_db(piece, sample_rate=sample_rate)[first - low : stop - low]
