"""The power spectrum of a recording every millisecond, and the noise in every bin of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

WINDOW_MS = 8.0  # Hann; at -30 dB a step is smeared by 3 ms
HOP_MS = 1.0
_BATCH = 4_096  # frames at a time, which bounds the memory
_STEP = 500  # frames between two looks at the noise
_QUANTILE = 0.1  # song may fill the rest
_QUIETEST_DB = -100.0  # of full scale: digital silence and dither are no noise to stand out of
_DEEPEST_DB = -50.0  # of a bin's noise below the median bin's: what an anti-aliasing filter left empty says nothing


@dataclass(frozen=True, eq=False)
class Power:
    """Frames 1 ms apart; frame k is centred at k ms.

    power        (frames, bins) float32, |X|^2 of windows of unit energy
    hz           (bins,) their frequencies
    sample_rate  Hz
    """

    power: NDArray[np.float32]
    hz: NDArray[np.floating]
    sample_rate: int


def power_of(samples: NDArray[np.float32], sample_rate: int, low_hz: float, high_hz: float) -> Power:
    """Short-time power of samples (n,) from `low_hz` to `high_hz`, at most 0.45 of the sample rate.

    Beyond the ends the recording counts as silent. There is at least one bin.
    """
    width = max(2 * round(WINDOW_MS * sample_rate / 2_000), 16)
    frames = int(len(samples) * 1e3 / (HOP_MS * sample_rate)) + 1
    starts = np.round(np.arange(frames) * HOP_MS * sample_rate / 1e3).astype(np.int64)
    padded = np.concatenate([np.zeros(width // 2, np.float32), samples, np.zeros(width + 1, np.float32)])
    window = np.hanning(width + 1)[:-1].astype(np.float32)
    window /= np.sqrt(np.sum(window**2))
    hz = np.fft.rfftfreq(width, 1 / sample_rate)
    bins = (hz >= low_hz) & (hz <= min(high_hz, 0.45 * sample_rate))
    if not bins.any():
        bins[np.argmin(np.abs(hz - low_hz))] = True
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    power = np.empty((frames, int(bins.sum())), np.float32)
    for first in range(0, frames, _BATCH):
        spectrum = rfft(windows[starts[first : first + _BATCH]] * window, axis=1)[:, bins]
        power[first : first + _BATCH] = spectrum.real**2 + spectrum.imag**2
    return Power(power, hz[bins], sample_rate)


def noise_of(power: NDArray[np.float32], span: int = 4_000) -> NDArray[np.float32]:
    """The mean power of the noise in every bin of (frames, bins), as it changes over the recording: the same shape.

    In `span` frames (4 s) around each moment the tenth percentile q of a bin's power is noise, whose power is
    exponentially distributed: mean = q / -ln(0.9). Song may fill nine tenths of the time.
    """
    frames = len(power)
    middles = np.arange(0, max(frames - span, 0) + _STEP, _STEP) + min(span, frames) // 2
    levels = np.stack(
        [
            np.quantile(power[max(m - span // 2, 0) : m + span // 2], _QUANTILE, axis=0) / -np.log1p(-_QUANTILE)
            for m in middles
        ]
    )
    levels = np.maximum(levels, 10 ** (_QUIETEST_DB / 10))
    levels = np.maximum(levels, np.median(levels, axis=1, keepdims=True) * 10 ** (_DEEPEST_DB / 10))
    if len(middles) == 1:
        return np.broadcast_to(levels.astype(np.float32), power.shape)
    place = np.clip((np.arange(frames) - middles[0]) / _STEP, 0, len(middles) - 1)
    left = np.minimum(place.astype(np.int64), len(middles) - 2)
    share = (place - left).astype(np.float32)[:, None]
    logs = np.log(levels).astype(np.float32)
    return np.exp(logs[left] * (1 - share) + logs[left + 1] * share)
