"""Noise as of a cage and a fan, at a known level below song, for benchmarks on recordings that are clean enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft, rfftfreq
from scipy.signal import butter, sosfiltfilt

BAND_HZ = (500.0, 10_000.0)
"""Where signal and noise are compared."""
_CORNER_HZ, _CHANGE_DB, _CHANGE_HZ = 800.0, 1.5, 0.5
_FLUTTERS, _BANGS = 0.1, 0.5  # a second
_LOUDER_DB = 6.0  # a flutter or a bang, than the rush


def cage_noise(generator: np.random.Generator, samples: int, sample_rate: int) -> NDArray[np.float32]:
    """Noise (samples,) whose rush has an RMS of 1 from 0.5 to 10 kHz.

    A rush whose amplitude falls as 1 / f above 800 Hz and whose level wanders by 1.5 dB; every 10 s on average a
    flutter of wings (0.2 to 0.6 s of noise, 20 to 28 beats a second), every 2 s a bang (noise that decays in 5 to
    30 ms), 6 dB louder than the rush while they last.
    """
    hz = rfftfreq(samples, 1 / sample_rate)
    white = rfft(generator.standard_normal(samples))
    rush = irfft(white / np.sqrt(1 + (hz / _CORNER_HZ) ** 2), samples)
    slow = (hz > 0) & (hz <= max(_CHANGE_HZ, hz[1]))
    wander = irfft(rfft(generator.standard_normal(samples)) * slow, samples)
    rush = rush * 10 ** (_CHANGE_DB / 20 * wander / wander.std())
    rush /= in_band_rms(rush, sample_rate)
    loud = 10 ** (_LOUDER_DB / 20)
    for kind, rate in (("flutter", _FLUTTERS), ("bang", _BANGS)):
        for _ in range(generator.poisson(rate * samples / sample_rate)):
            start = int(generator.integers(samples))
            length = min(
                round((generator.uniform(0.2, 0.6) if kind == "flutter" else 0.1) * sample_rate), samples - start
            )
            time = np.arange(length) / sample_rate
            if kind == "flutter":
                shape = np.sin(np.pi * time * generator.uniform(20, 28)) ** 4 * np.sin(np.pi * time / (time[-1] + 1e-9))
            else:
                shape = np.exp(-time / generator.uniform(0.005, 0.03))
            burst = generator.standard_normal(length)
            rush[start : start + length] += loud * burst / (burst.std() + 1e-9) * shape
    return rush.astype(np.float32)


def in_band_rms(samples: NDArray[np.floating], sample_rate: int) -> float:
    """The RMS of samples (n,) from 0.5 to 10 kHz."""
    sections = butter(4, BAND_HZ, "band", fs=sample_rate, output="sos")
    return float(np.sqrt(np.mean(sosfiltfilt(sections, samples.astype(np.float64)) ** 2)))


def with_cage_noise(
    song: NDArray[np.float32],
    sung: NDArray[np.floating],
    sample_rate: int,
    snr_db: float,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Song (n,) with noise whose rush lies `snr_db` below the RMS of its syllables, both from 0.5 to 10 kHz.

    sung  (syllables, 2) their onsets and offsets, s
    """
    inside = np.concatenate([song[round(a * sample_rate) : round(b * sample_rate)] for a, b in sung])
    level = in_band_rms(inside, sample_rate) * 10 ** (-snr_db / 20)
    return (song + level * cage_noise(generator, len(song), sample_rate)).astype(np.float32)
