"""Thresholds and band of a bird and a recorder, found from some of its recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .envelope import excess_db, stretches
from .intervals import Thresholds, intervals
from .power import noise_of, power_of
from .structure import structure_of

WIDEST_HZ = (500.0, 10_000.0)  # where birds sing and cages are quiet
_FAR_SIGMA = 4.0  # of the noise's envelope, below which nothing is distinguished from noise
_MARKED = 0.2  # of the excess of a typical syllable in dB: where a labeller sees it begin
_MARKED_DB = 6.0  # at most: louder sound is seen
_REACHED = 0.2  # of the way from the low threshold to a typical syllable's peak
_BAND_DB = 2.0  # above the noise, on average, the band begins and ends
_NARROWEST = 3.0  # high_hz / low_hz
_GAPS_MS, _GAP_MS = (3.0, 10.0), 6.0
_LENGTHS_MS, _LENGTH_MS = (10.0, 35.0), 20.0
_VOICED = 5  # sounds that say how loud song is
_FEW = 60  # gaps or sounds, below which their distribution says nothing
_DEEPEST_DB = 36.0
_FAINT = 1.25  # times a fifth of the peak: where four standard deviations of the noise lie above, song is faint
_FAINT_DB = 22.0  # above the noise: a louder peak's ends are not found in a smoothed envelope
_FAINT_SMOOTHS_MS = (4.0, 6.0, 8.0)
_FAINT_EXPONENT = 6.0
_FAINT_LOW, _FAINT_HIGH = 2.0, 5.0  # standard deviations of the noise
_PEAKS_DB, _SMOOTHS_MS = (13.0, 25.0), (2.5, 1.0)  # the fainter the song, the more the envelope is smoothed


@dataclass(frozen=True)
class Calibration:
    """What was found; units as in `ThresholdSegmenter`.

    sigma_db   standard deviation of the noise's envelope
    peak_db    peak of a typical sound above the noise
    smooth_ms  standard deviation of the Gaussian that smooths the envelope
    exponent   of the mean over the band; above 1 where song is faint
    """

    low_hz: float
    high_hz: float
    low_db: float
    high_db: float
    gap_ms: float
    syllable_ms: float
    sigma_db: float
    peak_db: float
    smooth_ms: float
    exponent: float = 1.0


def calibrate(recordings: Sequence[tuple[NDArray[np.float32], int]]) -> Calibration:
    """Find band, thresholds, minimal gap and minimal syllable.

    s is the standard deviation of the noise's envelope, p the median peak of what stands out:
    low = min(0.2 p, 6 dB), or 4 s where that is more; high = low + 0.2 (p - low), at least 6 s.
    Song is faint where p is below 22 dB and 4 s above 0.25 p: then the envelope is the mean with an exponent of 6 (see
    `envelope.excess_db`) of power that is smoothed by 4 to 8 ms, as much as it takes, low = 2 s and high = 5 s of that.
    The band holds the bins where that sound stands 2 dB above the noise. The minimal gap and syllable lie where
    the distributions of gaps and lengths have their valley, between crackle and song; 6 and 20 ms where there is none,
    and at half their medians where that is less.

    recordings  (samples (n,), sample rate in Hz) of each; none at all gives the middle of the ranges
    """
    band = _band(recordings)
    powers = [power_of(samples, rate, *band).power for samples, rate in recordings]
    envelopes = [excess_db(power, _MARKED_DB, _SMOOTHS_MS[0])[0] for power in powers]
    sigma = _sigma(envelopes)
    rough = max(_FAR_SIGMA * sigma, 2.0)
    limits = Thresholds(rough, max(rough + 2.0, 6 * sigma), _DEEPEST_DB, _GAP_MS, _LENGTH_MS)
    peaks = [
        (float(e[round(on) : round(off) + 1].max()), structure_of(power[round(on) : round(off) + 1]))
        for e, power in zip(envelopes, powers)
        for on, off in intervals(e, limits)
    ]
    voiced = [level for level, structure in peaks if structure >= 0.5]
    levels = voiced if len(voiced) >= _VOICED else [level for level, _ in peaks]  # bangs say nothing of song
    peak = float(np.median(levels)) if levels else rough + 10.0
    low = max(min(_MARKED * peak, _MARKED_DB), _FAR_SIGMA * sigma, 1.0)
    high = max(low + _REACHED * (peak - low), low + 1.0, 6 * sigma)
    smooth, exponent = float(np.interp(peak, _PEAKS_DB, _SMOOTHS_MS)), 1.0
    if _is_faint(sigma, peak):
        exponent = _FAINT_EXPONENT
        for smooth in _FAINT_SMOOTHS_MS:
            envelopes = [excess_db(power, _MARKED_DB, smooth, exponent)[0] for power in powers]
            sigma = _sigma(envelopes)
            low, high = _FAINT_LOW * sigma, _FAINT_HIGH * sigma
            limits = Thresholds(low, high, _DEEPEST_DB, _GAP_MS, _LENGTH_MS)
            levels = [float(e[round(on) : round(off) + 1].max()) for e in envelopes for on, off in intervals(e, limits)]
            peak = float(np.median(levels)) if levels else high
            if not _is_faint(sigma, peak):
                break
    gaps, lengths = _gaps_and_lengths(envelopes, low, high)
    return Calibration(
        *band,
        low,
        high,
        gap_ms=_least(gaps, _GAPS_MS, _GAP_MS),
        syllable_ms=_least(lengths, _LENGTHS_MS, _LENGTH_MS),
        sigma_db=sigma,
        peak_db=peak,
        smooth_ms=smooth,
        exponent=exponent,
    )


def _is_faint(sigma: float, peak: float) -> bool:
    """Whether the noise, and not what a labeller sees, says where a syllable begins."""
    return peak < _FAINT_DB and _FAR_SIGMA * sigma > _FAINT * _MARKED * peak


def _band(recordings: Sequence[tuple[NDArray[np.float32], int]]) -> tuple[float, float]:
    """The frequencies where what stands out of the noise has its power over the noise's."""
    total: dict[float, list[float]] = {}
    for samples, rate in recordings:
        power = power_of(samples, rate, *WIDEST_HZ)
        ratio = power.power / noise_of(power.power)
        loud = np.mean(ratio, axis=1)
        chosen = loud > max(2.0, float(np.quantile(loud, 0.8)))
        if not chosen.any():
            continue
        for hz, value in zip(power.hz, np.mean(ratio[chosen], axis=0)):
            total.setdefault(round(float(hz) / 250.0) * 250.0, []).append(float(value))
    if not total:
        return WIDEST_HZ
    hz = np.array(sorted(total))
    level = 10 * np.log10(np.array([np.median(total[f]) for f in hz]))
    kept = hz[level > _BAND_DB]
    if not len(kept) or kept[-1] < _NARROWEST * kept[0]:
        return WIDEST_HZ
    return float(max(kept[0], WIDEST_HZ[0])), float(min(kept[-1], WIDEST_HZ[1]))


def _sigma(envelopes: Sequence[NDArray[np.float32]]) -> float:
    """Standard deviation of the noise's envelope in dB, whose mean is 0: from its lower half alone."""
    below = [e[e < 0] for e in envelopes]
    joined = np.concatenate([*below, np.zeros(1, np.float32)])
    return float(np.clip(np.median(-joined) / 0.6745, 0.1, 2.0))


def _gaps_and_lengths(
    envelopes: Sequence[NDArray[np.float32]], low: float, high: float
) -> tuple[list[float], list[float]]:
    gaps: list[float] = []
    lengths: list[float] = []
    for excess in envelopes:
        runs = [(a, b) for a, b in stretches(excess > low) if excess[a:b].max() > high]
        lengths += [b - a for a, b in runs]
        gaps += [later[0] - run[1] for run, later in pairwise(runs)]
    return gaps, lengths


def _least(values: Sequence[float], limits: tuple[float, float], otherwise: float) -> float:
    """The least gap or length that counts: at the valley, and at most half the median, for birds of fast trills."""
    middle = float(np.median([v for v in values if v > 1] or [np.inf]))
    return float(max(min(_valley(values, limits, otherwise), middle / 2), limits[0] / 2))


def _valley(values: Sequence[float], limits: tuple[float, float], otherwise: float) -> float:
    """Where the smoothed histogram of the logarithm is lowest between the limits; `otherwise` where it is flat."""
    if len(values) < _FEW:
        return otherwise
    grid = np.geomspace(*limits, 25)
    logs = np.log(np.maximum(values, 1.0))
    density = np.exp(-0.5 * ((np.log(grid)[:, None] - logs) / 0.15) ** 2).sum(1)
    lowest = int(np.argmin(density))
    return float(grid[lowest]) if 0 < lowest < len(grid) - 1 else otherwise
