"""The motor gestures of a synthetic finch: five syllables, their renditions, and the controls of a whole song."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

REST = -0.1  # pressure between syllables: inspiration, well below the onset of sound

# (fraction of the gesture, value) of a control.
Knots = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Gesture:
    """One syllable type: `duration_ms` and the knots of pressure and tension, smooth in between."""

    duration_ms: float
    pressure: Knots
    tension: Knots


# Tension near 0 gives pulses (a harmonic stack) whose f0 depends on the pressure too; 0.1 to 0.6 gives a near-sine.
GESTURES: dict[str, Gesture] = {
    # a: down-sweep, about 3.6 to 1.9 kHz
    "a": Gesture(
        85.0,
        ((0.0, REST), (0.1, 0.1), (0.35, 0.2), (0.75, 0.15), (0.9, 0.09), (1.0, REST)),
        ((0.0, 0.6), (0.1, 0.58), (0.5, 0.32), (0.9, 0.14), (1.0, 0.14)),
    ),
    # b: flat harmonic stack, about 0.6 kHz
    "b": Gesture(
        120.0,
        ((0.0, REST), (0.08, 0.16), (0.92, 0.16), (1.0, REST)),
        ((0.0, 0.0), (0.1, -0.006), (0.9, -0.006), (1.0, 0.0)),
    ),
    # c: inverted U, about 2.2 to 3.5 and back to 2.2 kHz
    "c": Gesture(
        70.0,
        ((0.0, REST), (0.15, 0.13), (0.5, 0.2), (0.85, 0.12), (1.0, REST)),
        ((0.0, 0.17), (0.15, 0.18), (0.5, 0.5), (0.85, 0.18), (1.0, 0.17)),
    ),
    # d: up-sweep, about 1.5 to 3.5 kHz
    "d": Gesture(
        95.0,
        ((0.0, REST), (0.1, 0.15), (0.5, 0.19), (0.8, 0.12), (0.92, 0.05), (1.0, REST)),
        ((0.0, 0.05), (0.12, 0.06), (0.5, 0.22), (0.9, 0.56), (1.0, 0.6)),
    ),
    # e: two notes, a 3.1 kHz tone and a falling stack, with a dip of pressure between them
    "e": Gesture(
        150.0,
        ((0.0, REST), (0.07, 0.13), (0.2, 0.17), (0.32, 0.1), (0.38, 0.0), (0.45, 0.175), (0.9, 0.17), (1.0, REST)),
        ((0.0, 0.45), (0.1, 0.42), (0.32, 0.38), (0.45, 0.03), (0.9, -0.005), (1.0, 0.0)),
    ),
}


@dataclass(frozen=True)
class Rendition:
    """One syllable as it is sung: from `start_s` for `duration_s`, at `pitch` and `gain` times its type's."""

    label: str
    start_s: float
    duration_s: float
    pitch: float = 1.0
    gain: float = 1.0

    @property
    def stop_s(self) -> float:
        """The end of the gesture in seconds."""
        return self.start_s + self.duration_s


def controls(
    renditions: Sequence[Rendition], n_samples: int, sample_rate: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Pressure alpha, tension beta and loudness gain of a song.

    alpha and beta pass through the knots of the renditions in order, piecewise cubic and monotone between them
    (Fritsch and Carlson 1980): a control never overshoots its knots. A pitch factor r turns a tension b into
    (b + 0.013) r^3 - 0.013, which moves f0 by about r. The gain is constant over a rendition and linear between two.

    renditions   in the order of time, without overlap
    n_samples    N, samples of the song
    sample_rate  Hz
    Returns three arrays (N,), dimensionless.
    """
    times = np.arange(n_samples) / sample_rate
    pressure_knots: list[tuple[float, float]] = []
    tension_knots: list[tuple[float, float]] = []
    gain_knots: list[tuple[float, float]] = []
    for sung in renditions:
        gesture = GESTURES[sung.label]
        pressure_knots += [(sung.start_s + u * sung.duration_s, value) for u, value in gesture.pressure]
        tension_knots += [
            (sung.start_s + u * sung.duration_s, (value + 0.013) * sung.pitch**3 - 0.013)
            for u, value in gesture.tension
        ]
        gain_knots += [(sung.start_s, sung.gain), (sung.stop_s, sung.gain)]
    alpha, beta = (_through(knots, times) for knots in (pressure_knots, tension_knots))
    gain_times, gains = np.array(gain_knots).T
    return alpha, beta, np.interp(times, gain_times, gains).astype(np.float32)


def _through(knots: list[tuple[float, float]], times: NDArray[np.float64]) -> NDArray[np.float32]:
    """A smooth curve through the knots, constant before the first and after the last."""
    at, values = np.array(knots).T
    return PchipInterpolator(at, values)(np.clip(times, at[0], at[-1])).astype(np.float32)
