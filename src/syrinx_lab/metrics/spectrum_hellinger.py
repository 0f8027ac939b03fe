"""How differently two signals spread their power over frequency: a Hellinger distance, blind to time and loudness."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d

from .audible import Signal, as_signal, is_audible

SMOOTHING_HZ = 20.0


def spectrum_hellinger(
    output: ArrayLike, target: ArrayLike, *, sample_rate: float, smoothing_hz: float = SMOOTHING_HZ
) -> float:
    """D_H, the Hellinger distance of two smoothed power spectra, each scaled to sum to one.

    D = sqrt(1 - sum_k sqrt(p_k q_k))

    Spectra of the whole signals, freed of their mean, Hann-windowed and zero-padded to one length, smoothed by a
    Gaussian of `smoothing_hz`: a syllable of T seconds has lines 1 / T wide, so that pitches closer than that are one.

    output, target  (n,) audio
    sample_rate     Hz
    smoothing_hz    standard deviation of the Gaussian, Hz
    result          0 (the same spectrum) to 1 (no frequency in common); NaN where one of them is silent or not finite

    Source: Mikhaeil, Monfared and Durstewitz (2022), NeurIPS; Hess et al. (2023), ICML, appendix A.
    """
    if not 0 <= smoothing_hz < math.inf:
        raise ValueError(f"smoothing_hz is {smoothing_hz}: use 0 or more")
    out, ref = as_signal(output), as_signal(target)
    if not (is_audible(out) and is_audible(ref)):
        return math.nan
    length = max(out.size, ref.size)
    p, q = (_spectrum(x, length, smoothing_hz * length / sample_rate) for x in (out, ref))
    return math.sqrt(max(0.0, 1.0 - float(np.sqrt(p * q).sum())))


def _spectrum(x: Signal, length: int, smoothing_bins: float) -> Signal:
    power = np.abs(np.fft.rfft((x - x.mean()) * np.hanning(x.size), length)) ** 2
    if smoothing_bins:
        power = gaussian_filter1d(power, smoothing_bins, mode="constant")
    return power / power.sum()
