"""Noise taken out of a recording, by what is heard of it where nobody sings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter, uniform_filter
from scipy.signal import ShortTimeFFT, iirnotch, sosfiltfilt, tf2sos
from scipy.signal.windows import hann

KINDS = ("none", "gate", "wiener")
_FRAME_S = 0.0116  # of the spectra; 512 samples at 44.1 kHz
_GUARD_S = 0.02  # about annotated syllables, which may reach beyond their marks
_LEAST_GAP_S = 0.1  # of frames where nobody sings, for them to be the background
_QUIET = 0.1  # share of frames that count as background where no gap is known
_GATE_DB, _SLOPE_DB = 6.0, 1.5  # above the background's mean power: half open, and how fast it opens
_DIRECTED = 0.98  # weight of the frame before in the a-priori ratio
_TONE_DB, _TONE_HZ, _MOST_TONES = 12.0, 4.0, 24
_TONE_FRAME_S = 0.37


@dataclass(frozen=True)
class Denoising:
    """How noise is taken out, see `denoised`.

    kind         "gate" or "wiener"
    strength_db  the most that a frequency is lowered by at any time, dB
    """

    kind: str
    strength_db: float


@dataclass(frozen=True)
class Removed:
    """What was taken out, dB of power: of the sound inside annotated syllables, and of all the rest; NaN: none is."""

    song_db: float
    background_db: float


def denoised(samples: np.ndarray, sample_rate: int, sung: Sequence[tuple[int, int]], settings: Denoising) -> np.ndarray:
    """A recording less its steady tones and its background noise, (n,) float32.

    First the tones: frequencies that stand 12 dB above their neighbours where nobody sings, hum among them, each by a
    zero-phase notch 4 Hz wide. Then, with P(t, f) the power spectrum and B(f) its mean where nobody sings,

        wiener  g = q / (1 + q),  q(t) = 0.98 g(t-1)^2 P(t-1) / B + 0.02 max(P(t) / B - 1, 0)
        gate    g = 1 / (1 + exp(-(10 log10(P / B) - 6) / 1.5)), averaged over three frames and three frequencies

    and g is held above 10^(-strength_db / 20). Nobody sings in frames that keep 20 ms from every syllable; where these
    are less than 0.1 s, or nothing is annotated, the quietest tenth of the frames stands for them.

    The result depends on the whole recording: a part of it is cut from the whole, not denoised by itself.

    samples      (n,) at sample_rate Hz
    sung         samples [onset, offset) of all annotated syllables
    Ephraim and Malah (1984), Speech enhancement using a MMSE short-time spectral amplitude estimator, equation 51 (the
    decision-directed ratio); Sainburg et al. (2020), noisereduce (spectral gating).
    """
    size = len(samples)
    frame = 2 ** round(math.log2(_FRAME_S * sample_rate))
    if size < 4 * frame:
        return samples
    guard = round(_GUARD_S * sample_rate)
    silent = ~_inside(size, [(max(a - guard, 0), b + guard) for a, b in sung])
    wave = _without_tones(samples.astype(np.float64), silent, sample_rate)
    hop = frame // 4
    transform = ShortTimeFFT(hann(frame, sym=False), hop, sample_rate)
    spectrum = transform.stft(wave)
    power = np.abs(spectrum) ** 2
    background = _background(power, silent, sung, transform, hop, sample_rate)
    floor = 10 ** (-settings.strength_db / 20)
    gain = _wiener(power, background) if settings.kind == "wiener" else _gate(power, background)
    return transform.istft(spectrum * np.maximum(gain, floor), k1=size).astype(np.float32)


def removed(before: np.ndarray, after: np.ndarray, sung: Sequence[tuple[int, int]]) -> Removed:
    """How many dB of power were taken from song and from the rest; both 0 or more where power was taken.

    before, after  (n,)
    """
    inside = _inside(len(before), sung)
    return Removed(_lowered(before[inside], after[inside]), _lowered(before[~inside], after[~inside]))


def _inside(size: int, spans: Sequence[tuple[int, int]]) -> np.ndarray:
    found = np.zeros(size, dtype=bool)
    for onset, offset in spans:
        found[onset:offset] = True
    return found


def _lowered(before: np.ndarray, after: np.ndarray) -> float:
    one, other = (float(np.sum(np.square(x, dtype=np.float64))) for x in (before, after))
    return 10 * math.log10(one / other) if one > 0 and other > 0 else math.nan


def _background(
    power: np.ndarray,
    silent: np.ndarray,
    sung: Sequence[tuple[int, int]],
    transform: ShortTimeFFT,
    hop: int,
    sample_rate: int,
) -> np.ndarray:
    """Mean power where nobody sings, (F, 1), at least what rounding to 16 bits leaves."""
    reach = len(transform.win) // 2
    centres = np.arange(power.shape[1]) * hop + transform.p_min * hop
    counted = np.concatenate([[0], np.cumsum(silent)])
    first, last = (np.clip(centres + side, 0, len(silent)) for side in (-reach, reach))
    quiet = (counted[last] - counted[first] == last - first) & (centres >= reach) & (centres <= len(silent) - reach)
    if not sung or quiet.sum() * hop < _LEAST_GAP_S * sample_rate:
        whole = (centres >= reach) & (centres <= len(silent) - reach)
        level = np.where(whole, power.sum(axis=0), np.inf)
        quiet = level <= np.sort(level)[max(int(_QUIET * whole.sum()) - 1, 0)]
    least = float(np.sum(transform.win**2)) / (12 * 2.0**30)
    return np.maximum(power[:, quiet].mean(axis=1, keepdims=True), least)


def _gate(power: np.ndarray, background: np.ndarray) -> np.ndarray:
    above_db = 10 * np.log10(np.maximum(power, 1e-30) / background)
    opened = 1 / (1 + np.exp(-np.clip((above_db - _GATE_DB) / _SLOPE_DB, -50, 50)))
    # the louder of the gate and its mean: a soft edge outwards, and none inwards
    return np.maximum(opened, uniform_filter(opened, 3, mode="nearest"))


def _wiener(power: np.ndarray, background: np.ndarray) -> np.ndarray:
    ratio = power / background
    gain = np.empty_like(ratio)
    before = np.zeros(len(ratio))
    for frame in range(ratio.shape[1]):
        prior = _DIRECTED * before + (1 - _DIRECTED) * np.maximum(ratio[:, frame] - 1, 0)
        gain[:, frame] = prior / (1 + prior)
        before = gain[:, frame] ** 2 * ratio[:, frame]
    return gain


def _without_tones(wave: np.ndarray, silent: np.ndarray, sample_rate: int) -> np.ndarray:
    """The recording less the tones that are steady where nobody sings."""
    frame = 2 ** round(math.log2(_TONE_FRAME_S * sample_rate))
    starts = np.flatnonzero(np.diff(silent.astype(np.int8), prepend=0) == 1)
    stops = np.flatnonzero(np.diff(silent.astype(np.int8), append=0) == -1) + 1
    pieces = [
        wave[a + k : a + k + frame] for a, b in zip(starts, stops) for k in range(0, b - a - frame + 1, frame // 2)
    ]
    if not pieces:
        return wave
    spectra = np.abs(np.fft.rfft(np.stack(pieces[:200]) * hann(frame, sym=False), axis=1)) ** 2
    level = 10 * np.log10(np.median(spectra, axis=0) + 1e-20)
    above = level - median_filter(level, 2 * round(40 * frame / sample_rate) + 1, mode="nearest")
    peaks = [
        k
        for k in np.argsort(-above)
        if above[k] > _TONE_DB and 2 < k < len(above) - 3 and level[k] == level[k - 2 : k + 3].max()
    ]
    for k in peaks[:_MOST_TONES]:
        hz = k * sample_rate / frame
        sections = tf2sos(*iirnotch(hz, hz / _TONE_HZ, sample_rate))
        wave = sosfiltfilt(sections, wave, padlen=min(len(wave) - 1, round(sample_rate / _TONE_HZ)))
    return wave
