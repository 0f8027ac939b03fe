"""A syllable as a point: its spectrogram at a fixed size, and how long it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .power import noise_of, power_of

TIMES, BANDS = 16, 32
SIZE = TIMES * BANDS + 1
_LOW_HZ, _HIGH_HZ = 400.0, 10_000.0
_RANGE_DB = 35.0  # below the syllable's loudest band
_UNIT_DB = 6.0  # root mean square over times and bands that counts as a distance of 1
_MIDDLE_LOG_MS = 4.3  # logarithm of a common length in ms


def embeddings(
    samples: NDArray[np.float32], sample_rate: int, stretches: Sequence[tuple[float, float]]
) -> NDArray[np.float32]:
    """The points (syllables, 513) of the stretches (onset, offset) in seconds of a recording.

    16 times by 32 bands, spaced as the logarithm of frequency from 0.4 to 10 kHz, of the power less the noise, in dB
    relative to the loudest band, at least -35, divided by 6 dB and by the root of their number: a distance of 1 is
    6 dB on average. Lengths are normalised; the last number is log(length / 74 ms), so that a factor of e counts as
    much. Level does not count.
    """
    if not stretches:
        return np.zeros((0, SIZE), np.float32)
    power = power_of(samples, sample_rate, _LOW_HZ, _HIGH_HZ)
    bands = _bands(power.hz)
    level = power.power @ bands.T
    noise = noise_of(power.power) @ bands.T
    points = np.empty((len(stretches), SIZE), np.float32)
    for point, (onset, offset) in zip(points, stretches):
        first = min(max(round(onset * 1e3), 0), len(level) - 1)
        stop = min(max(round(offset * 1e3), first + 1), len(level))
        decibels = 10 * np.log10(np.maximum(level[first:stop] - noise[first:stop], 1e-12))
        decibels = np.maximum(decibels - decibels.max() + _RANGE_DB, 0)
        edges = np.linspace(0, len(decibels), TIMES + 1).astype(int)
        resized = [decibels[a : max(b, a + 1)].mean(axis=0) for a, b in pairwise(edges)]
        point[:-1] = np.concatenate(resized) / (_UNIT_DB * np.sqrt(TIMES * BANDS))
        point[-1] = np.log((offset - onset) * 1e3) - _MIDDLE_LOG_MS
    return points


def _bands(hz: NDArray[np.floating]) -> NDArray[np.float32]:
    """Triangles (BANDS, bins), each of sum 1; a band between two bins takes the nearer, one above all bins nothing."""
    edges = np.geomspace(_LOW_HZ, _HIGH_HZ, BANDS + 2)
    weights = np.zeros((BANDS, len(hz)), np.float32)
    for row, low, middle, high in zip(weights, edges, edges[1:], edges[2:]):
        row[:] = np.interp(hz, (low, middle, high), (0, 1, 0))
        if row.sum() == 0 and middle <= hz[-1]:
            row[np.argmin(np.abs(hz - middle))] = 1
        row /= max(row.sum(), 1e-9)
    return weights
