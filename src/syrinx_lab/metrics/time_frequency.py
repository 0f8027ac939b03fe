"""Agreement of two spectrograms over the whole time-frequency plane: the lab's headline number."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.signal import get_window

from .audible import Signal, as_signal, is_audible
from .pearson import pearson

WINDOW = 512
HOP = 128
LOWEST_HZ = 350.0
HIGHEST_HZ = 12_000.0
MAGNITUDE_FLOOR = 1e-3
DYNAMIC_RANGE_DB = 50.0
_HANN = get_window("hann", WINDOW)


def tf_corr(output: ArrayLike, target: ArrayLike, *, sample_rate: float) -> float:
    """Pearson correlation of the two spectrograms in dB, so that time, pitch, timbre and level all count.

    p = max |target|, D(y) = 20 log10(|STFT(y / p)| + 1e-3), c = max D(target) - 50 dB
    tf_corr = Pearson(max(D(output), c), max(D(target), c)) over all frames and the bins from 350 Hz to 12 kHz

    The STFT is that of `spectrogram_db`; the clips' means, which lie outside its band, are removed first. Since p and c
    belong to the target, tf_corr(a, b) differs from tf_corr(b, a).

    output, target  (n,) audio
    sample_rate     Hz
    result          in [-1, 1], 1 for identical input; 0 when the output is silent (standard deviation below 1e-9) or
                    not finite, NaN when that holds for the target alone
    """
    out, ref = as_signal(output), as_signal(target)
    if not is_audible(out):
        return 0.0
    if not is_audible(ref):
        return math.nan
    assert out.size == ref.size, f"output of {out.size} samples against a target of {ref.size}"
    # a constant would otherwise leak into the band at the ends of the clip
    out, ref = out - out.mean(), ref - ref.mean()
    peak = np.abs(ref).max()
    plane_out = spectrogram_db(out / peak, sample_rate=sample_rate)
    plane_ref = spectrogram_db(ref / peak, sample_rate=sample_rate)
    floor = plane_ref.max(initial=-math.inf) - DYNAMIC_RANGE_DB
    return pearson(np.maximum(plane_out, floor), np.maximum(plane_ref, floor))


def spectrogram_db(x: Signal, *, sample_rate: float) -> NDArray[np.float64]:
    """Magnitude spectrogram in dB with the bins from 350 Hz to 12 kHz.

    S[m, k] = sum_n w[n] x[128 m + n - 256] exp(-2 pi i k n / 512), w the periodic Hann window of 512 samples
    result[m, k] = 20 log10(|S[m, k]| + 1e-3)

    Frame m is centred on sample 128 m; beyond its ends the clip is taken as zero. The sum is not divided by the
    window's, so that a sinusoid of amplitude A reaches 128 A (42 dB for A = 1): 1e-3 lies 102 dB below it and only
    keeps the logarithm finite.

    x            (n,) finite audio
    sample_rate  Hz
    result       (1 + n // 128, bins) dB
    """
    frames = sliding_window_view(np.pad(x, WINDOW // 2), WINDOW)[::HOP]
    hz = np.fft.rfftfreq(WINDOW, 1 / sample_rate)
    magnitude = np.abs(np.fft.rfft(frames * _HANN, axis=1)[:, (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)])
    return 20 * np.log10(magnitude + MAGNITUDE_FLOOR)
