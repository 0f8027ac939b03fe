"""A random room: what reaches the microphone after the direct sound, in the field or in a sound box."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .draws import chance, log_uniform

LONGEST_S = 0.3  # of what is kept of a tail


def draw_room(rng: np.random.Generator, sample_rate: int) -> NDArray[np.float32]:
    """What a room adds to the direct sound: its impulse response (0.3 s,) less the first pulse.

    A quarter of the rooms add nothing. In the field a few echoes 2 to 60 ms late, 25 to 6 dB below the direct sound,
    and an exponential tail (reverberation time 0.1 to 1.5 s) whose energy is 25 to 0 dB below. In a sound box many
    echoes within 8 ms, a short tail and modes between 200 and 1,500 Hz. Both are duller than the direct sound.
    """
    size = round(LONGEST_S * sample_rate)
    response = np.zeros(size, dtype=np.float32)
    kind = rng.random()
    if kind < 0.25:
        return response
    box = kind > 0.7
    duration_s = log_uniform(rng, 0.02, 0.12) if box else log_uniform(rng, 0.1, 1.5)
    below_db = rng.uniform(3.0, 20.0) if box else rng.uniform(0.0, 25.0)
    begin = round((0.001 if box else rng.uniform(0.003, 0.03)) * sample_rate)
    times = np.arange(size - begin) / sample_rate
    tail = rng.standard_normal(size - begin, dtype=np.float32) * np.exp(-6.9 * times / duration_s)
    if box:
        for _ in range(rng.integers(1, 5)):
            hz, decay = log_uniform(rng, 200.0, 1500.0), log_uniform(rng, 0.01, 0.05)
            tail += rng.uniform(0.2, 2.0) * np.sin(2 * np.pi * hz * times + rng.uniform(0, 6)) * np.exp(-times / decay)
    tail = np.convolve(tail, _dull(rng, sample_rate))[: len(tail)]
    response[begin:] = tail * (10 ** (-below_db / 20) / math.sqrt(float(np.sum(tail.astype(np.float64) ** 2))))
    for _ in range(rng.integers(2, 9) if box else rng.integers(0, 5)):
        late = log_uniform(rng, 0.0003, 0.008) if box else log_uniform(rng, 0.002, 0.06)
        sign = -1 if chance(rng, 0.3) else 1
        response[round(late * sample_rate)] += sign * 10 ** (-rng.uniform(6.0, 25.0) / 20)
    return response


def _dull(rng: np.random.Generator, sample_rate: int) -> NDArray[np.float32]:
    """A few taps that fall by 6 dB an octave above a corner of 2 to 10 kHz."""
    pole = math.exp(-2 * math.pi * log_uniform(rng, 2000.0, 10_000.0) / sample_rate)
    return np.asarray((1 - pole) * pole ** np.arange(24), dtype=np.float32)
