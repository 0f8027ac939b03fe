"""From an envelope in decibels to intervals, by two thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from .envelope import stretches

_NEAR = 301  # frames around each moment whose loudest counts


@dataclass(frozen=True)
class Thresholds:
    """Where syllables begin and end, and which count.

    low_db        dB above the noise: the boundaries
    high_db       dB above the noise that a syllable reaches somewhere
    depth_db      boundaries lie at most this far below the loudest sound within 0.15 s: echoes join no syllables
    gap_ms        shorter gaps are bridged
    syllable_ms   shorter sounds are left out
    """

    low_db: float
    high_db: float
    depth_db: float
    gap_ms: float
    syllable_ms: float


def intervals(excess: NDArray[np.float32], limits: Thresholds) -> list[tuple[float, float]]:
    """The intervals (onset, offset) in frames, fractions included, in which the envelope stands above its threshold.

    The threshold is max(low_db, m - depth_db), m the maximum of `excess` within 150 frames. Crossings are interpolated
    between frames. One that begins or ends with the recording does so at its very end.
    """
    floor = np.maximum(limits.low_db, maximum_filter1d(excess, _NEAR, mode="nearest") - limits.depth_db)
    margin = excess - floor
    joined: list[list[int]] = []
    for first, stop in stretches(margin > 0):
        if joined and first - joined[-1][1] < limits.gap_ms:
            joined[-1][1] = stop
        else:
            joined.append([first, stop])
    found = []
    for first, stop in joined:
        onset, offset = _crossing(margin, first, -1), _crossing(margin, stop - 1, 1)
        if offset - onset >= limits.syllable_ms and excess[first:stop].max() >= limits.high_db:
            found.append((onset, offset))
    return found


def _crossing(margin: NDArray[np.float32], frame: int, direction: int) -> float:
    """Where the margin is zero between a frame above and its neighbour below; the end of the recording has none."""
    beyond = frame + direction
    if not 0 <= beyond < len(margin):
        return float(frame)
    inside, outside = float(margin[frame]), float(margin[beyond])
    return frame + direction * inside / max(inside - outside, 1e-9)
