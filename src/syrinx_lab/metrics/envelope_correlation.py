"""Gaussian amplitude envelopes and how well two of them agree."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from .audible import Signal, as_signal, is_audible
from .pearson import pearson

WIDTH_MS = 2.0


def env_corr(output: ArrayLike, target: ArrayLike, *, sample_rate: float) -> float:
    """Pearson correlation of the two Gaussian envelopes (2 ms): agreement in the course of loudness at any scale.

    output, target  (n,) audio
    sample_rate     Hz
    result          in [-1, 1]; 0 when the output is silent (standard deviation below 1e-9) or not finite, NaN when that
                    holds for the target alone
    """
    out, ref = as_signal(output), as_signal(target)
    if not is_audible(out):
        return 0.0
    if not is_audible(ref):
        return math.nan
    return pearson(gaussian_envelope(out, sample_rate=sample_rate), gaussian_envelope(ref, sample_rate=sample_rate))


def gaussian_envelope(x: Signal, *, sample_rate: float, highpass_hz: float = 0.0) -> Signal:
    """The rectified signal, smoothed by a Gaussian.

    E(t) = sum_u |x(u)| exp(-(t - u)^2 / (2 s^2)) / (s sqrt(2 pi)), s = 2 ms

    The mean is removed first. With `highpass_hz` = c above 0 the signal then passes the zero-phase high-pass
    1 / (1 + (c / f)^4), a Butterworth filter of order 2 run forwards and backwards. The clip is mirrored at its ends,
    so that a sound which is cut off does not seem to fade. A long sinusoid of amplitude A has E = 2 A / pi.

    x            (n,) finite audio
    sample_rate  Hz
    highpass_hz  corner (half power of one pass) in Hz; 0 leaves the filter out
    result       (n,) in the unit of x, at least 0
    """
    # four standard deviations of mirror image keep the circular convolution's wrap out of the clip
    margin = math.ceil(4e-3 * WIDTH_MS * sample_rate)
    y = np.pad(x - x.mean(), margin, mode="symmetric")
    size = next_fast_len(y.size, real=True)
    hz = rfftfreq(size, 1 / sample_rate)
    if highpass_hz > 0:
        y = irfft(rfft(y, size) * (hz**4 / (hz**4 + highpass_hz**4)), size)[: y.size]
    gaussian = np.exp(-2 * (np.pi * hz * WIDTH_MS * 1e-3) ** 2)
    return np.maximum(irfft(rfft(np.abs(y), size) * gaussian, size)[margin : margin + x.size], 0.0)
