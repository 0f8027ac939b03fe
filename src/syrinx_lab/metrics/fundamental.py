"""The fundamental frequency over time, and how far two of them lie apart."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

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
WIDEST_HZ = (100.0, 11_000.0)
OCTAVE_TOLERANCE_CENTS = 100.0
_BAND_TOP_HZ = 12_000.0
_OVERSAMPLING = 2


class PitchAgreement(NamedTuple):
    """f0_cents in cents, octave_errors a share; NaN where no frame is voiced in both."""

    f0_cents: float
    octave_errors: float


def pitch_agreement(
    output: ArrayLike, target: ArrayLike, *, sample_rate: float, onset: int = 0, offset: int | None = None
) -> PitchAgreement:
    """How far the two fundamentals lie apart, over the frames that are voiced in both.

    f0_cents = median |1200 log2(f_output / f_target)|
    octave_errors = mean [ | |1200 log2(f_output / f_target)| - 1200 k | < 100 for some k = 1, 2, ... ]

    The median, because one octave error of the tracker in a mean would outweigh a syllable of good frames; what it
    hides, the share of octave errors says. A frame counts when its centre lies in [onset, offset). Says nothing of
    frames where only one of the two has a pitch. The range of the search follows the target, see `search_range`.

    output, target  (n,) audio
    sample_rate     Hz
    onset, offset   samples of the clip; by default the whole of it
    result          cents, at least 0, and a share; NaN when no frame is voiced in both
    """
    out, ref = as_signal(output), as_signal(target)
    if not (is_audible(out) and is_audible(ref)):
        return PitchAgreement(math.nan, math.nan)
    assert out.size == ref.size, f"output of {out.size} samples against a target of {ref.size}"
    lowest, highest = search_range(ref, sample_rate=sample_rate, onset=onset, offset=offset)
    found, wanted = (
        track_f0(x, sample_rate=sample_rate, lowest_hz=lowest, highest_hz=highest)[
            _frames_within(x.size, sample_rate, onset, offset)
        ]
        for x in (out, ref)
    )
    cents = 1200 * np.abs(np.log2(found / wanted))
    cents = cents[np.isfinite(cents)]
    if not cents.size:
        return PitchAgreement(math.nan, math.nan)
    octaves = np.round(cents / 1200)
    wrong = (octaves >= 1) & (np.abs(cents - 1200 * octaves) < OCTAVE_TOLERANCE_CENTS)
    return PitchAgreement(float(np.median(cents)), float(wrong.mean()))


def search_range(
    target: Signal, *, sample_rate: float, onset: int = 0, offset: int | None = None
) -> tuple[float, float]:
    """Where the fundamental of a syllable is looked for, Hz: 300 to 8000, or wider where the bird sings beyond.

    result = (min(300, m / 2), max(8000, 1.5 m)),  m = median f0 of the target, looked for from 100 Hz to 11 kHz

    target         (n,) finite audio
    sample_rate    Hz; nothing is looked for above 0.45 of it
    onset, offset  samples of the clip between which the syllable lies
    """
    top = 0.45 * sample_rate
    wide = track_f0(target, sample_rate=sample_rate, lowest_hz=WIDEST_HZ[0], highest_hz=min(WIDEST_HZ[1], top))
    voiced = wide[_frames_within(target.size, sample_rate, onset, offset)]
    voiced = voiced[np.isfinite(voiced)]
    if not voiced.size:
        return LOWEST_HZ, min(HIGHEST_HZ, top)
    middle = float(np.median(voiced))
    return min(LOWEST_HZ, middle / 2), min(max(HIGHEST_HZ, 1.5 * middle), top)


def track_f0(x: Signal, *, sample_rate: float, lowest_hz: float = LOWEST_HZ, highest_hz: float = HIGHEST_HZ) -> Signal:
    """Fundamental frequency of every frame, from the autocorrelation freed of its window.

    r(tau) = [r_xw(tau) / r_xw(0)] / [r_w(tau) / r_w(0)]

    r_xw is the autocorrelation of a Hann-windowed frame of 20 ms (hop 4 ms, frame i centred on sample i * hop, zero
    beyond the clip), limited to the band from `lowest_hz` to 12 kHz and sampled at half a sample; r_w is the window's
    own. Among the local maxima of r, each refined by a parabola, the one with the largest r - 0.02 log2(tau) wins: of
    equally good periods the shortest. A frame is voiced when r there exceeds 0.5 and its level is within 30 dB of the
    loudest frame's.

    x                      (n,) finite audio
    sample_rate            Hz
    lowest_hz, highest_hz  range of the search in Hz
    result                 (1 + n // hop,) Hz, NaN where unvoiced

    Source: Boersma (1993), Proc. Inst. Phonetic Sciences Amsterdam 17, eqs. 9 and 24.
    """
    length = round(FRAME_MS * 1e-3 * sample_rate)
    window, window_r, size = _window(length)
    padded = np.pad(x - x.mean(), (length // 2, length - length // 2))
    frames = sliding_window_view(padded, length)[:: _hop(sample_rate)] * window
    power = np.abs(rfft(frames, size, axis=1)) ** 2
    hz = rfftfreq(size, 1 / sample_rate)
    # a Hann window's main lobe is two bins of 1 / frame wide to either side
    power[:, (hz < lowest_hz - 2e3 / FRAME_MS) | (hz > _BAND_TOP_HZ)] = 0.0
    shortest = max(2, math.floor(_OVERSAMPLING * sample_rate / highest_hz))
    longest = math.ceil(_OVERSAMPLING * sample_rate / lowest_hz)
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


def _frames_within(n: int, sample_rate: float, onset: int, offset: int | None) -> slice:
    """Which frames of a clip of n samples have their centre in [onset, offset)."""
    hop = _hop(sample_rate)
    return slice(-(-onset // hop), -(-(n if offset is None else offset) // hop))


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
