"""Agreement of the long-term spectra, the loudness and the strongest frequency, and their sum: the autonomy score."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.signal import welch

from .audible import Signal, as_signal, is_audible, level
from .pearson import pearson

SEGMENT = 1024
HIGHEST_HZ = 8000.0
POWER_FLOOR = 1e-20
FAILED = -5.0


class SpectralAgreement(NamedTuple):
    """autonomy = spec_corr - amp_pen - pitch_pen, and its three parts; all dimensionless."""

    autonomy: float
    spec_corr: float
    amp_pen: float
    pitch_pen: float


def spectral_agreement(output: ArrayLike, target: ArrayLike, *, sample_rate: float) -> SpectralAgreement:
    """How well the output's Welch spectrum, level and peak frequency agree with the target's; blind to time.

    spec_corr = Pearson(log(S_output + 1e-20), log(S_target + 1e-20)), S the Welch power spectral density
    amp_pen   = |log(std_output / std_target)|
    pitch_pen = |log(peak_output / peak_target)|, peak the frequency of the largest S, the bin at 0 Hz left out
    autonomy  = spec_corr - amp_pen - pitch_pen

    The mean is removed; S comes from Hann segments of min(1024, n) samples that overlap by half, each freed of its own
    mean, at the bins up to 8 kHz. Logarithms are natural. A peak is a bin: at 44.1 kHz the bins are 43 Hz apart.

    output, target  (n,) audio
    sample_rate     Hz
    result          autonomy -5, spec_corr 0 and penalties NaN when the output is not finite or its standard deviation
                    is below 1e-9; all NaN when that holds for the target alone

    Source: Welch (1967), IEEE Trans. Audio Electroacoust. 15(2), for the spectrum; the score is the lab's own.
    """
    out, ref = as_signal(output), as_signal(target)
    if not is_audible(out):
        return SpectralAgreement(FAILED, 0.0, math.nan, math.nan)
    if not is_audible(ref):
        return SpectralAgreement(math.nan, math.nan, math.nan, math.nan)
    hz, power_out = _spectrum(out, sample_rate)
    _, power_ref = _spectrum(ref, sample_rate)
    spec_corr = pearson(np.log(power_out + POWER_FLOOR), np.log(power_ref + POWER_FLOOR))
    amp_pen = abs(math.log(level(out) / level(ref)))
    pitch_pen = abs(math.log(_peak_hz(hz, power_out) / _peak_hz(hz, power_ref)))
    return SpectralAgreement(spec_corr - amp_pen - pitch_pen, spec_corr, amp_pen, pitch_pen)


def _spectrum(x: Signal, sample_rate: float) -> tuple[Signal, Signal]:
    """Frequencies (k,) in Hz and power spectral density (k,), up to 8 kHz."""
    hz, power = welch(x - x.mean(), fs=sample_rate, nperseg=min(SEGMENT, x.size))
    audible = hz <= HIGHEST_HZ
    return hz[audible], power[audible]


def _peak_hz(hz: Signal, power: Signal) -> float:
    """Frequency of the strongest bin but the one at 0 Hz."""
    return float(hz[1 + np.argmax(power[1:])])
