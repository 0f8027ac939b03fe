"""The fundamental frequency over time, and how far two of them lie apart."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import get_window

from .audible import Signal, as_signal, is_audible

FRAME_MS = 20.0
HOP_MS = 4.0
LOWEST_HZ = 300.0
HIGHEST_HZ = 8000.0
VOICING = 0.5
OCTAVE_COST = 0.02
QUIETEST_DB = -30.0
_BAND_TOP_HZ = 12_000.0
_OVERSAMPLING = 2


def f0_cents(
    output: ArrayLike, target: ArrayLike, *, sample_rate: float, onset: int = 0, offset: int | None = None
) -> float:
    """Median distance of the two fundamentals in cents, over the frames that are voiced in both.

    f0_cents = median |1200 log2(f_output / f_target)|

    The median, because one octave error of the tracker in a mean would outweigh a syllable of good frames. A frame
    counts when its centre lies in [onset, offset). Says nothing of frames where only one of the two has a pitch.

    output, target  (n,) audio
    sample_rate     Hz
    onset, offset   samples of the clip; by default the whole of it
    result          cents, at least 0; NaN when no frame is voiced in both
    """
    out, ref = as_signal(output), as_signal(target)
    if not (is_audible(out) and is_audible(ref)):
        return math.nan
    assert out.size == ref.size, f"output of {out.size} samples against a target of {ref.size}"
    cents = 1200 * np.abs(
        np.log2(track_f0(out, sample_rate=sample_rate)) - np.log2(track_f0(ref, sample_rate=sample_rate))
    )
    centre = np.arange(cents.size) * _hop(sample_rate)
    inside = (centre >= onset) & (centre < (out.size if offset is None else offset))
    common = cents[inside & np.isfinite(cents)]
    return float(np.median(common)) if common.size else math.nan


def track_f0(x: Signal, *, sample_rate: float) -> Signal:
    """Fundamental frequency of every frame, from the autocorrelation freed of its window.

    r(tau) = [r_xw(tau) / r_xw(0)] / [r_w(tau) / r_w(0)]

    r_xw is the autocorrelation of a Hann-windowed frame of 20 ms (hop 4 ms, frame i centred on sample i * hop, zero
    beyond the clip), limited to the band from 300 Hz to 12 kHz and sampled at half a sample; r_w is the window's
    own. Among the local maxima of r from 300 Hz to 8 kHz, each refined by a parabola, the one with the largest
    r - 0.02 log2(tau) wins: of equally good periods the shortest. A frame is voiced when r there exceeds 0.5 and its
    level is within 30 dB of the loudest frame's.

    x            (n,) finite audio
    sample_rate  Hz
    result       (1 + n // hop,) Hz, NaN where unvoiced

    Source: Boersma (1993), Proc. Inst. Phonetic Sciences Amsterdam 17, eqs. 9 and 24.
    """
    length = round(FRAME_MS * 1e-3 * sample_rate)
    window, window_r, size = _window(length)
    padded = np.pad(x - x.mean(), (length // 2, length - length // 2))
    frames = sliding_window_view(padded, length)[:: _hop(sample_rate)] * window
    power = np.abs(rfft(frames, size, axis=1)) ** 2
    hz = rfftfreq(size, 1 / sample_rate)
    # a Hann window's main lobe is two bins of 1 / frame wide to either side
    power[:, (hz < LOWEST_HZ - 2e3 / FRAME_MS) | (hz > _BAND_TOP_HZ)] = 0.0
    shortest = max(2, math.floor(_OVERSAMPLING * sample_rate / HIGHEST_HZ))
    longest = math.ceil(_OVERSAMPLING * sample_rate / LOWEST_HZ)
    r = irfft(power, _OVERSAMPLING * size, axis=1)[:, : longest + 2]
    energy = r[:, :1]
    r = np.divide(r, energy, out=np.zeros_like(r), where=energy > 0) / window_r[: longest + 2]

    lag = np.arange(shortest, longest + 1)
    before, here, after = r[:, lag - 1], r[:, lag], r[:, lag + 1]
    bend = before - 2 * here + after
    is_peak = (here > before) & (here >= after)
    shift = np.divide(before - after, 2 * bend, out=np.zeros_like(here), where=is_peak)
    height = np.where(is_peak, here - (before - after) * shift / 4, -math.inf)
    best = np.argmax(height - OCTAVE_COST * np.log2(lag), axis=1)
    rows = np.arange(len(r))
    loud = energy[:, 0] > energy.max() * 10 ** (QUIETEST_DB / 10)
    voiced = loud & (height[rows, best] > VOICING)
    period = (lag[best] + shift[rows, best]) / _OVERSAMPLING
    return np.where(voiced, sample_rate / period, math.nan)


def _hop(sample_rate: float) -> int:
    """Samples from one frame to the next."""
    return max(1, round(HOP_MS * 1e-3 * sample_rate))


@lru_cache(maxsize=4)
def _window(length: int) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """The Hann window, its oversampled autocorrelation with value 1 at lag 0, and the size of the transform."""
    window = get_window("hann", length)
    size = next_fast_len(2 * length, real=True)
    size += size % 2
    r = irfft(np.abs(rfft(window, size)) ** 2, _OVERSAMPLING * size)
    return window, r / r[0], size
