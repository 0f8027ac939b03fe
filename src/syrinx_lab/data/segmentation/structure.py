"""Whether a sound has the structure of a voice: tones and formants, not a bang or a flutter of wings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MIDDLE_DB, _WIDTH_DB = -5.2, 0.6
_EVERY = 3  # frames between two that are looked at


def structure_of(power: NDArray[np.float32]) -> float:
    """How voiced a sound is, 0 to 1: 1 / (1 + exp((f + 5.2) / 0.6)) of its spectral flatness f in dB.

    f is the mean over frames, weighted by their level, of 10 log10 (geometric / arithmetic mean of the power over the
    band): -2.5 dB for white noise, -3 to -4 for flutter and rustle, below -6 for a harmonic or a formant.

    power  (frames, bins), of the sound alone
    """
    frames = power[::_EVERY].astype(np.float64) + 1e-20
    mean = frames.mean(axis=1)
    flatness = 10 * np.log10(np.exp(np.log(frames).mean(axis=1)) / mean)
    weight = np.sqrt(mean)
    return float(1 / (1 + np.exp((np.average(flatness, weights=weight) - _MIDDLE_DB) / _WIDTH_DB)))
