"""Classifier two-sample test: can a classifier tell sung clips from the bird's?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import get_window
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from .audible import Signal, as_signal, is_finite

PATCH_MS = 23.0
HOP_MS = 2.9
FRAME_MS = 11.6
BANDS = 40
LOWEST_HZ, HIGHEST_HZ = 350.0, 12_000.0
DYNAMIC_RANGE_DB = 60.0
LOUD_DB = 30.0
MOST_PATCHES = 12
FOLDS = 5
TREES = 100


@dataclass(frozen=True)
class TwoSample:
    """Area under the ROC curve of classifying two sets: 0.5 is chance, 1 separates them, below 0.5 is chance as well.

    patches  for every patch of 23 ms;  clips  for the mean over the patches of a clip
    """

    patches: float
    clips: float


def c2st(
    sung: Sequence[NDArray[Any]],
    real: Sequence[NDArray[Any]],
    groups: Sequence[str],
    *,
    sample_rate: float,
    seed: int = 0,
) -> TwoSample:
    """Whether a random forest tells patches of sung clips from patches of the clips that they are to be.

    Clip i is there twice, as sung[i] and real[i]; its group is its recording, and no group stands on both sides of a
    split, so that neither a clip nor its neighbours are learned by heart. Every patch is judged by a forest that was
    grown without its group (five folds); `clips` judges a clip by the mean over its patches. Patches are those whose
    middle is within 30 dB of the clip's loudest frame in the real one, at most 12 of a clip, evenly spread.

    sung, real   clips (n_i,) audio, pairwise of one length; what is not finite counts as silence
    groups       of every pair
    sample_rate  Hz
    seed         of folds and forest
    result       NaN where there are fewer than two groups

    Source: Lopez-Paz and Oquab, Revisiting classifier two-sample tests, ICLR 2017, section 3 (here with the area under
    the curve for the accuracy).
    """
    assert len(sung) == len(real) == len(groups)
    rows, is_sung, clip_of = [], [], []
    for number, (a, b) in enumerate(zip(sung, real)):
        there = _band_power(as_signal(b), sample_rate)
        kept = _loud(there)
        for side, power in enumerate((there, _band_power(as_signal(a), sample_rate))):
            patches = _patches(power, there.max(initial=0.0))[kept]
            rows.append(patches)
            is_sung += [side] * len(patches)
            clip_of += [number] * len(patches)
    if not rows:
        return TwoSample(math.nan, math.nan)
    return _separation(np.concatenate(rows), np.array(is_sung), np.array(clip_of), groups, seed)


def c2st_of_the_bird(
    real: Sequence[NDArray[Any]], groups: Sequence[str], *, sample_rate: float, seed: int = 0
) -> TwoSample:
    """The reference: the bird's clips against the bird's, half of them taken for sung, which no classifier can find.

    A fair coin takes each clip to one of two sides. Nothing is balanced, neither labels nor recordings: else what is
    held out would lean to the side that the rest lacks, and the result below 0.5. How far it lies from 0.5 says how
    much of that is chance with so few clips.

    real, groups, sample_rate, seed  as in `c2st`
    """
    generator = np.random.default_rng(seed)
    side = generator.integers(2, size=len(real))
    powers = [_band_power(as_signal(x), sample_rate) for x in real]
    rows = [_patches(power, power.max(initial=0.0))[_loud(power)] for power in powers]
    if not rows:
        return TwoSample(math.nan, math.nan)
    counts = [len(one) for one in rows]
    clip_of = np.repeat(np.arange(len(real)), counts)
    return _separation(np.concatenate(rows), np.repeat(side, counts), clip_of, groups, seed)


def log_patches(x: NDArray[Any], reference: NDArray[Any], *, sample_rate: float) -> NDArray[np.float32]:
    """Log spectra of 23 ms around every frame: 40 bands from 350 Hz to 12 kHz, floored 60 dB below the loudest.

    x, reference  (n,) audio of one length; what is not finite counts as silence
    sample_rate   Hz
    result        (frames, 8 * 40) dB re the loudest value of the reference
    """
    power = _band_power(as_signal(x), sample_rate)
    loudest = power if reference is x else _band_power(as_signal(reference), sample_rate)
    return _patches(power, loudest.max(initial=0.0))


def _patches(power: NDArray[np.float64], loudest: float) -> NDArray[np.float32]:
    """The patches of `log_patches`, of powers (frames, 40) re the loudest of the reference's."""
    floor = loudest * 10 ** (-DYNAMIC_RANGE_DB / 10) + 1e-30
    decibels = 10 * np.log10(np.maximum(power, floor) / (loudest + 1e-30))
    width = round(PATCH_MS / HOP_MS)
    padded = np.pad(decibels, ((width // 2, width - width // 2 - 1), (0, 0)), mode="edge")
    return sliding_window_view(padded, width, axis=0).reshape(len(decibels), -1).astype(np.float32)


def _band_power(x: Signal, sample_rate: float) -> NDArray[np.float64]:
    """(frames, 40): power in bands of equal width, Hann frames of 11.6 ms every 2.9 ms."""
    if not is_finite(x):
        x = np.zeros_like(x)
    length, hop = round(FRAME_MS * 1e-3 * sample_rate), round(HOP_MS * 1e-3 * sample_rate)
    frames = sliding_window_view(np.pad(x - x.mean(), length // 2), length)[::hop]
    power = np.abs(np.fft.rfft(frames * get_window("hann", length), axis=1)) ** 2
    hz = np.fft.rfftfreq(length, 1 / sample_rate)
    edges = np.linspace(LOWEST_HZ, min(HIGHEST_HZ, 0.475 * sample_rate), BANDS + 1)
    low, high = np.searchsorted(hz, edges[:-1]), np.searchsorted(hz, edges[1:])
    # a band narrower than a bin has the bin above it
    return np.stack([power[:, a : max(b, a + 1)].mean(1) for a, b in zip(low, high)], 1)


def _loud(real: NDArray[np.float64]) -> NDArray[np.int_]:
    """The frames of a clip that are judged, of the powers (frames, 40) of the real one."""
    energy = real.sum(1)
    loud = np.flatnonzero(energy >= energy.max(initial=0.0) * 10 ** (-LOUD_DB / 10))
    return loud[np.unique(np.linspace(0, len(loud) - 1, min(len(loud), MOST_PATCHES)).round().astype(int))]


def _separation(
    rows: NDArray[np.float32], side: NDArray[np.int_], clip_of: NDArray[np.int_], groups: Sequence[str], seed: int
) -> TwoSample:
    """Out-of-fold areas under the curve for patches and for clips; groups are dealt out to the folds at random."""
    names = sorted(set(groups))
    if len(names) < 2:
        return TwoSample(math.nan, math.nan)
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[one]: place % min(FOLDS, len(names)) for place, one in enumerate(order)}
    fold = np.array([fold_of[groups[clip]] for clip in clip_of])
    chance = np.full(len(rows), np.nan)
    for number in sorted(set(fold.tolist())):
        held = fold == number
        if len(set(side[~held].tolist())) < 2:
            continue
        forest = RandomForestClassifier(TREES, min_samples_leaf=2, class_weight="balanced", random_state=seed, n_jobs=1)
        forest.fit(rows[~held], side[~held])
        chance[held] = forest.predict_proba(rows[held])[:, 1]
    known = np.isfinite(chance)
    if len(set(side[known].tolist())) < 2:
        return TwoSample(math.nan, math.nan)
    keys = sorted(set(zip(clip_of[known].tolist(), side[known].tolist())))
    means = np.array([chance[(clip_of == clip) & (side == s)].mean() for clip, s in keys])
    sides, folds = np.array([s for _, s in keys]), np.array([fold_of[groups[clip]] for clip, _ in keys])
    return TwoSample(_area(side[known], chance[known], fold[known]), _area(sides, means, folds))


def _area(side: NDArray[np.int_], chance: NDArray[np.float64], fold: NDArray[np.int_]) -> float:
    """The area under the curve over all pairs, or those of one fold where the sides are not alike in every fold.

    A classifier that learned from more of one side expects more of it, while what it is asked has less.
    """
    shares = [side[fold == number].mean() for number in sorted(set(fold.tolist()))]
    if np.ptp(shares) == 0:
        return float(roc_auc_score(side, chance))
    areas, pairs = [], []
    for number in sorted(set(fold.tolist())):
        held = fold == number
        ones = int(side[held].sum())
        if 0 < ones < held.sum():
            areas.append(float(roc_auc_score(side[held], chance[held])))
            pairs.append(ones * (int(held.sum()) - ones))
    return float(np.average(areas, weights=pairs)) if areas else math.nan
