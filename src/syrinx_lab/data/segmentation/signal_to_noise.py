"""How far song stands above its own recording's quiet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from .segmenter import Segmentation

BAND_HZ = (500.0, 10_000.0)
FAINT_SNR_DB = 15.0
"""Below it faint syllables are missed, and boundaries lie in the noise."""
_GUARD_S = 0.03  # about every sound, for what fades
_BLOCK_S = 0.01
_LEAST_S = 0.1  # of quiet


def snr_db(
    samples: NDArray[np.float32],
    sample_rate: int,
    song: Sequence[tuple[float, float]],
    others: Sequence[tuple[float, float]] = (),
) -> float:
    """Signal-to-noise ratio 10 log10 (S / Q - 1) in dB, from 0.5 to 10 kHz; NaN without song or without quiet.

    S is the mean power within song; Q the median over blocks of 10 ms of the power where nothing sounds, 30 ms away
    from every sound, so that what bangs now and then does not count. 0 dB where S / Q is 2; at least -10 dB.

    samples       (n,)
    song, others  (onset, offset) in s of syllables, and of other sounds
    """
    edge = min(BAND_HZ[1], 0.45 * sample_rate)
    if not song or edge <= BAND_HZ[0] or len(samples) < 0.1 * sample_rate:
        return float("nan")
    sections = butter(4, (BAND_HZ[0], edge), "band", fs=sample_rate, output="sos")
    power = np.square(sosfiltfilt(sections, samples.astype(np.float64)))
    sung, sounding = np.zeros(len(power), bool), np.zeros(len(power), bool)
    for onset, offset in song:
        sung[round(onset * sample_rate) : round(offset * sample_rate)] = True
    for onset, offset in (*song, *others):
        sounding[max(round((onset - _GUARD_S) * sample_rate), 0) : round((offset + _GUARD_S) * sample_rate)] = True
    block = round(_BLOCK_S * sample_rate)
    quiet = power[~sounding]
    if len(quiet) < _LEAST_S * sample_rate or not sung.any():
        return float("nan")
    noise = float(np.median(quiet[: len(quiet) // block * block].reshape(-1, block).mean(axis=1)))
    return float(10 * np.log10(max(power[sung].mean() / max(noise, 1e-12) - 1, 0.1)))


def snr_of(found: Segmentation, samples: NDArray[np.float32], sample_rate: int) -> float:
    """The ratio, in dB, of what was found in a recording (n,); NaN as of `snr_db`."""
    song, others = ([(s.onset_s, s.offset_s) for s in sounds] for sounds in (found.syllables, found.others))
    return snr_db(samples, sample_rate, song, others)
