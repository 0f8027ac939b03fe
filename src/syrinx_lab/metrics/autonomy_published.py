"""The autonomy score as it was published: that of `welch_spectrum` on signals freed of all that oscillates slowly."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike
from scipy.signal import butter, filtfilt

from .audible import Signal, as_signal, is_audible
from .welch_spectrum import FAILED, spectral_agreement

CYCLES = 100
ORDER = 5


def autonomy_published(output: ArrayLike, target: ArrayLike, *, sample_rate: float) -> float:
    """spec_corr - amp_pen - pitch_pen of `spectral_agreement`, after both signals have been detrended.

    y <- y - lowpass(y)    Butterworth of order 5, run forwards and backwards, at 100 cycles in the clip

    The cut-off is CYCLES sample_rate / n for a clip of n samples: 649 Hz for 6,800 samples at 44.1 kHz, lower for
    longer clips. It was meant against the drift of an integration, and is a high-pass that takes out the hum and with
    it every fundamental below: the score of a clip changes with the silence around it.

    output, target  (n,) audio, n above 200, so that the cut-off lies below half the sample rate
    sample_rate     Hz
    result          -5 when the output is not finite, or silent (standard deviation below 1e-9) after detrending; NaN
                    when that holds for the target alone, or the clip is too short

    Source: train/eval.py of the published code (github.com/pearsonlab/ouroboros), `correct` and `autonomy_score`. There
    the signals are also cut to the shortest clip of the set and end at the offset, without a tail.
    """
    out, ref = as_signal(output), as_signal(target)
    if not is_audible(out):
        return FAILED
    if not is_audible(ref) or out.size <= 2 * CYCLES:
        return math.nan
    return spectral_agreement(detrended(out), detrended(ref), sample_rate=sample_rate).autonomy


def detrended(y: Signal) -> Signal:
    """The signal (n,) less its zero-phase low-pass at 100 cycles in n samples, n above 200."""
    assert y.size > 2 * CYCLES, f"{y.size} samples hold no {CYCLES} cycles"
    b, a = butter(ORDER, 2 * CYCLES / y.size)
    return y - filtfilt(b, a, y)
