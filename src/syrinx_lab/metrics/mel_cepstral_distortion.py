"""Mel-cepstral distortion of the syllable: distance of spectral envelopes, loudness left aside."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import dct

from .audible import as_signal, is_audible
from .partials import frame_hz, power_frames

BANDS = 80
ORDER = 24
LOWEST_HZ = 100.0
FLOOR_DB = -80.0


def mcd_db(
    output: ArrayLike, target: ArrayLike, *, sample_rate: float, onset: int = 0, offset: int | None = None
) -> float:
    """Mean over time of the distance of two mel cepstra, without their zeroth coefficient.

    c[m, d] = (2 / 80) sum_b ln(A[m, b]) cos(pi d (b + 1/2) / 80),   A the magnitude in mel band b
    mcd_db = (10 / ln 10) mean over m of sqrt( 2 sum_{d=1}^{24} (c_output[m, d] - c_target[m, d])^2 )

    ln A = c_0 / 2 + sum_d c_d cos(...), so a ripple of D dB over the mel axis is a distance of D / sqrt(2), its
    root mean square. The variant: Hann frames of 1,024 samples every 256, 80 triangular bands evenly spaced on the
    mel scale (2595 log10(1 + f / 700)) from 100 Hz to half the sample rate, magnitudes floored 80 dB below the
    target's largest; frames of the syllable [onset, offset) alone, compared frame by frame: both lie on one clock,
    so there is no dynamic time warping. c_0, the loudness, is left out.

    output, target  (n,) audio
    sample_rate     Hz
    onset, offset   samples of the clip; by default the whole of it
    result          dB, at least 0; NaN when either is silent or not finite on the syllable

    Source: Kubichek, Mel-cepstral distance measure for objective speech quality assessment, IEEE PACRIM 1993; bands
    after Davis and Mermelstein, IEEE Trans. ASSP 28(4), 1980.
    """
    out, ref = (as_signal(y)[onset:offset] for y in (output, target))
    if not (is_audible(out) and is_audible(ref)):
        return math.nan
    assert out.size == ref.size, f"output of {out.size} samples against a target of {ref.size}"
    bank = mel_bank(float(sample_rate))
    sung, wanted = (power_frames(y) @ bank.T for y in (out, ref))
    floor = wanted.max() * 10 ** (FLOOR_DB / 10)
    cepstra = (0.5 * np.log(np.maximum(power, floor)) for power in (sung, wanted))
    # scipy's DCT-II is 2 sum x cos(...)
    c, c_target = (dct(x, type=2, axis=1)[:, 1 : ORDER + 1] / BANDS for x in cepstra)
    return float(10 / math.log(10) * np.sqrt(2 * ((c - c_target) ** 2).sum(1)).mean())


@lru_cache(maxsize=8)
def mel_bank(sample_rate: float) -> NDArray[np.float64]:
    """Triangular bands (80, 513) on the mel scale, each of unit sum; a band narrower than a bin takes the nearest."""
    hz = frame_hz(sample_rate)
    top = sample_rate / 2
    mel = np.linspace(_mel(LOWEST_HZ), _mel(top), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bank = np.clip(np.minimum((hz - low) / (centre - low), (high - hz) / (high - centre)), 0, None)
    for row in np.flatnonzero(bank.sum(1) == 0):
        bank[row, np.argmin(np.abs(hz - centre[row, 0]))] = 1.0
    return bank / bank.sum(1, keepdims=True)


def _mel(hz: float) -> float:
    return 2595 * math.log10(1 + hz / 700)
