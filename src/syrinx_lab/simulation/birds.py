"""A simulated bird: range of pitch, time scale and timbre of the labia, two postures of the tract, syllables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from .contours import contour
from .draws import Stream, chance, generator, log_uniform
from .labia import singing_pressure
from .tracts import Tract, draw_tract

LOWEST_HZ, HIGHEST_HZ = 150.0, 10_000.0
_USUAL_HZ = 600.0, 8000.0  # where three birds in four sing
FASTEST_PER_S = 66_000.0  # 1 / tau: steps of 0.75 at 88.2 kHz, beyond which low notes lock to whole samples
_PER_HZ = 2.45  # 1 / tau over the highest pitch: tension 6.4 there
_WHISTLED_OCTAVES = 1.4  # of a whistler, so that the tension of its lowest note, 0.9, still gives nearly a sine
_LONGEST_S = 0.6


class Timbre(Enum):
    """What becomes of the labia's velocity y, in units of its rms on the cycle, on its way into the tract."""

    PLAIN = "y"
    SECOND = "y + a (y^2 - |y|): a second partial that may be stronger than the first"
    ODD = "tanh(a y): odd partials alone, of a sine"


@dataclass(frozen=True, eq=False)
class Syllable:
    """One type of syllable of a bird.

    duration_s   of one note
    pitch        (n,) log2 of Hz along the note
    pressure     sustained pressure, 0 to 1; 0: breath alone
    attack_s     over which the pressure rises;   release_s  over which it falls
    dips         depth and rate in Hz of a periodic dip of the pressure, (0, 0): none
    level_db     (3,) loudness at the beginning, the middle and the end
    breath_db    of the breath over the voice
    posture      (2,) share of the second posture of the tract at the beginning and at the end
    second       octaves above the first voice, dB below it, beginning and end as shares of the note; None: one voice
    notes, gap_s how often the note is sung in a row, and the silence after each
    """

    duration_s: float
    pitch: NDArray[np.floating]
    pressure: float
    attack_s: float
    release_s: float
    dips: tuple[float, float]
    level_db: NDArray[np.floating]
    breath_db: float
    posture: tuple[float, float]
    second: tuple[float, float, float, float] | None
    notes: int
    gap_s: float


@dataclass(frozen=True, eq=False)
class Bird:
    """One bird.

    per_s      1 / tau of the labia, 1/s
    tonal      whether it sings pure tones alone
    timbre     and its `bend`, the a of `Timbre`
    postures   of the tract, between which syllables move
    breath     what the breath goes through
    syllables  its repertoire
    """

    per_s: float
    tonal: bool
    timbre: Timbre
    bend: float
    postures: tuple[Tract, Tract]
    breath: Tract
    syllables: tuple[Syllable, ...]


def draw_bird(seed: int, index: int, *, lowest_hz: float, highest_hz: float, tonal: bool | None) -> Bird:
    """The bird of a seed and an index.

    lowest_hz, highest_hz  bounds of every bird's range of pitch, Hz
    tonal                  whether it sings pure tones alone; None: 35 birds in a hundred do
    """
    rng = generator(seed, Stream.BIRD, index)
    usual = (_USUAL_HZ[0], _USUAL_HZ[1]) if chance(rng, 0.75) else (lowest_hz, highest_hz)
    usual = (max(lowest_hz, usual[0]), min(highest_hz, usual[1]))
    centre = math.log2(log_uniform(rng, *(usual if usual[0] < usual[1] else (lowest_hz, highest_hz))))
    reach = rng.uniform(0.15, 1.3)
    low, high = max(math.log2(lowest_hz), centre - reach), min(math.log2(highest_hz), centre + reach)
    whistles, kind = rng.random() < 0.35, rng.random()
    if tonal is not None:
        whistles = tonal
    if whistles:
        high = min(high, low + _WHISTLED_OCTAVES)
    slowest = _PER_HZ * 2**high
    timbre, bend = Timbre.PLAIN, 0.0
    if whistles:
        per_s = log_uniform(rng, slowest, 1.1 * slowest)
    elif kind < 0.15:
        timbre, bend = Timbre.ODD, rng.uniform(1.0, 4.0)
        per_s = log_uniform(rng, slowest, 1.5 * slowest)
    elif kind < 0.35:
        timbre, bend = Timbre.SECOND, log_uniform(rng, 0.3, 3.0)
        per_s = log_uniform(rng, slowest, 3 * slowest)
    elif kind < 0.7:
        per_s = log_uniform(rng, slowest, FASTEST_PER_S)
    else:
        per_s = log_uniform(rng, max(slowest, 20_000.0), FASTEST_PER_S)
    pitches = 2**low, 2**high
    postures = draw_tract(rng, pitches, whistles), draw_tract(rng, pitches, whistles)
    breath = draw_tract(rng, (500.0, 8000.0), False)
    per_s = min(per_s, FASTEST_PER_S)
    syllables = tuple(_syllable(rng, low, high, per_s) for _ in range(rng.integers(2, 8)))
    return Bird(per_s, whistles, timbre, bend, postures, breath, syllables)


def _syllable(rng: np.random.Generator, low: float, high: float, per_s: float) -> Syllable:
    kind = rng.random()
    click, burst, trill = kind < 0.06, 0.06 <= kind < 0.12, 0.12 <= kind < 0.3
    longest = 0.006 if click else 0.08 if burst or trill else _LONGEST_S
    duration = log_uniform(rng, 0.002 if click else 0.012, longest)
    quick = chance(rng, 0.4)
    attack = log_uniform(rng, 0.0005, 0.004 if quick else 0.04)
    release = log_uniform(rng, 0.001, 0.006 if chance(rng, 0.4) else 0.06)
    fit = min(1.0, 0.8 * duration / (attack + release))
    dips = (rng.uniform(0.3, 1.0), log_uniform(rng, 15.0, 60.0)) if chance(rng, 0.08) else (0.0, 0.0)
    level = rng.uniform(-14.0, 0.0) + np.array([rng.uniform(-12, 3), 0.0, rng.uniform(-12, 3)])
    breath = rng.uniform(-12.0, 3.0) if chance(rng, 0.12) else rng.uniform(-50.0, -15.0)
    second = None
    if not burst and chance(rng, 0.1):
        begin = rng.uniform(0.0, 0.3) if chance(rng, 0.5) else 0.0
        end = rng.uniform(0.7, 1.0) if chance(rng, 0.5) else 1.0
        second = rng.uniform(0.12, 1.6), rng.uniform(-4.0, 15.0), begin, end
    pitch = contour(rng, low, high, duration)
    needed = min(1.0, max(0.6, singing_pressure(2 ** float(pitch.min()), per_s) + 0.05))
    return Syllable(
        duration_s=duration,
        pitch=pitch,
        pressure=0.0 if burst else rng.uniform(needed, 1.0),
        attack_s=fit * attack,
        release_s=fit * release,
        dips=dips,
        level_db=level,
        breath_db=rng.uniform(-6.0, 3.0) if burst else breath,
        posture=(rng.random(), rng.random()),
        second=second,
        notes=int(rng.integers(3, 25)) if trill else int(rng.integers(2, 8)) if click else 1,
        gap_s=log_uniform(rng, 0.004, 0.04) if trill or click else log_uniform(rng, 0.008, 0.15),
    )
