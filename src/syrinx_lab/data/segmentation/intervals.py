"""From an envelope in decibels to intervals, by two thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from .envelope import stretches

_SPLIT_DB, _RISE_DB, _AUDIBLE_DB = 18.0, 3.0, 25.0
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

    The threshold is max(low_db, m - depth_db), m the maximum of `excess` within 150 frames. A dip of 18 dB between two
    peaks parts them, see `_valleys`. Crossings are interpolated between frames; an interval that begins or ends with
    the recording does so at its very end.
    """
    floor = np.maximum(limits.low_db, maximum_filter1d(excess, _NEAR, mode="nearest") - limits.depth_db)
    margin = excess - floor
    for valley, level in _valleys(excess, margin > 0):
        first, stop = valley, valley + 1  # the valley belongs to neither side as far as it lies below its level
        while excess[first - 1] < level:
            first -= 1
        while excess[stop] < level:
            stop += 1
        beside = slice(first - 1, stop + 1)  # with a frame on either side, for the crossing between
        margin[beside] = np.minimum(margin[beside], excess[beside] - level)
        margin[valley] = min(float(margin[valley]), -1e-3)
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


def _valleys(excess: NDArray[np.float32], above: NDArray[np.bool_]) -> list[tuple[int, float]]:
    """Frames within a sound that lie 18 dB below the peaks on either side, and the level below which is silence.

    Echoes and fast trills fill the gap between two syllables to more than the threshold. The level is 3 dB above the
    valley, or 25 dB below the lower peak where that is more.
    """
    found: list[tuple[int, float]] = []
    waiting = stretches(above)
    while waiting:
        first, stop = waiting.pop()
        if stop - first < 3:
            continue
        part = excess[first:stop]
        peaks = np.minimum(np.maximum.accumulate(part), np.maximum.accumulate(part[::-1])[::-1])
        deepest = int(np.argmax(peaks - part))
        if peaks[deepest] - part[deepest] < _SPLIT_DB:
            continue
        valley = first + deepest
        found.append((valley, max(float(part[deepest]) + _RISE_DB, float(peaks[deepest]) - _AUDIBLE_DB)))
        waiting += [(first, valley), (valley + 1, stop)]
    return found


def _crossing(margin: NDArray[np.float32], frame: int, direction: int) -> float:
    """Where the margin is zero between a frame above and its neighbour below; the end of the recording has none."""
    beyond = frame + direction
    if not 0 <= beyond < len(margin):
        return float(frame)
    inside, outside = float(margin[frame]), float(margin[beyond])
    return frame + direction * inside / max(inside - outside, 1e-9)
