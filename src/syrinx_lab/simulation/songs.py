"""A song of a bird: renditions of its syllables in a row, as curves over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .birds import HIGHEST_HZ, Bird, Syllable
from .draws import chance

_SILENT_DB = -120.0
Curve = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Gestures:
    """What both sides of a bird do, at K points in time.

    pressure  (2, K) 0 at rest to 1
    pitch     (2, K) log2 of Hz that the tension is set for
    level_db  (2, K) of the source
    breath_db (K,)   of the breath
    posture   (K,)   share of the second posture of the tract
    notes     (n, 2) beginning and end of every note in s; it may lie beyond the window's ends
    """

    pressure: Curve
    pitch: Curve
    level_db: Curve
    breath_db: Curve
    posture: Curve
    notes: Curve


def draw_gestures(rng: np.random.Generator, bird: Bird, times: Curve) -> Gestures:
    """A random song of the bird at times (K,) in s, rising and evenly spaced from 0."""
    count, seconds = len(times), float(times[-1])
    pressure = np.zeros((2, count))
    pitch = np.full((2, count), float(bird.syllables[0].pitch[0]))
    level = np.full((2, count), _SILENT_DB)
    breath = np.full(count, _SILENT_DB)
    posture = np.zeros(count)
    notes: list[tuple[float, float]] = []
    out = Gestures(pressure, pitch, level, breath, posture, np.empty((0, 2)))
    now = rng.uniform(-0.15, min(0.25, 0.3 * seconds))
    kind = int(rng.integers(len(bird.syllables)))
    while now < seconds:
        syllable = bird.syllables[kind]
        stretch, shift = np.exp(rng.normal(0.0, 0.05)), rng.normal(0.0, 0.015)
        louder = rng.normal(0.0, 1.0)
        for _ in range(max(1, round(syllable.notes * np.exp(rng.normal(0.0, 0.2))))):
            length = syllable.duration_s * stretch
            if now + length > 0 and now < seconds:
                _write(out, syllable, now, length, shift, louder, times)
                notes.append((now, now + length))
            now += length + syllable.gap_s * stretch
        if chance(rng, 0.15):
            now += rng.uniform(0.05, 0.4)
        if not chance(rng, 0.4):
            kind = int(rng.integers(len(bird.syllables)))
    return Gestures(pressure, pitch, level, breath, posture, np.array(notes).reshape(-1, 2))


def _write(
    out: Gestures, syllable: Syllable, start: float, length: float, shift: float, louder: float, times: Curve
) -> None:
    """Write one note into the curves; between notes pitch and posture stay at the last one's."""
    step = times[1]
    first, stop = (int(np.clip(np.ceil(at / step), 0, len(times))) for at in (start, start + length))
    if first == stop:
        return
    here = slice(first, stop)
    at = times[here] - start
    u = at / length
    course = np.interp(u, np.linspace(0.0, 1.0, len(syllable.pitch)), syllable.pitch) + shift
    highest = np.log2(HIGHEST_HZ)
    pressing = _smooth(at / syllable.attack_s) * _smooth((length - at) / syllable.release_s)
    depth, rate = syllable.dips
    if depth:
        pressing = pressing * (1 - depth * 0.5 * (1 - np.cos(2 * np.pi * rate * at)))
    loudness = np.interp(u, (0.0, 0.5, 1.0), syllable.level_db) + louder
    out.pressure[0, here] = syllable.pressure * pressing
    out.level_db[0, here] = loudness
    if syllable.second is not None:
        octaves, below_db, begin, end = syllable.second
        other = np.minimum(course + octaves, highest)
        gate = _smooth((u - begin) * length / syllable.attack_s) * _smooth((end - u) * length / syllable.release_s)
        sung = other - course > 0.08  # closer than this they are one voice
        out.pressure[1, here] = syllable.pressure * pressing * gate * sung
        out.pitch[1, first:] = other[-1]
        out.pitch[1, here] = other
        out.level_db[1, here] = loudness - below_db
    out.pitch[0, first:] = min(course[-1], highest)
    out.pitch[0, here] = np.minimum(course, highest)
    out.breath_db[here] = loudness + syllable.breath_db + 20 * np.log10(pressing + 1e-6)
    out.posture[first:] = syllable.posture[1]
    out.posture[here] = syllable.posture[0] + u * (syllable.posture[1] - syllable.posture[0])


def _smooth(u: Curve) -> Curve:
    """0 below 0, 1 above 1, 3 u^2 - 2 u^3 between."""
    u = np.clip(u, 0.0, 1.0)
    return u * u * (3 - 2 * u)
