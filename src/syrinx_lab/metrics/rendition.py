"""The bird's own reproducibility: how well one rendition of a syllable predicts another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from .audible import Signal, as_signal, is_audible
from .autonomy_published import autonomy_published
from .time_frequency import tf_corr
from .welch_spectrum import spectral_agreement


def rendition_tf_corr(
    first: ArrayLike, second: ArrayLike, first_onset: int, second_onset: int, *, sample_rate: float
) -> float:
    """tf_corr between two renditions, aligned at the onset, as the mean over which of the two is the target.

    The longer lead-in loses its beginning, then the longer clip its end, so that both have the same samples around the
    onset. Nothing is padded: silence that nobody recorded would agree with itself.

    first, second              (n,) and (m,) audio of two renditions of one syllable
    first_onset, second_onset  samples of the clips where the syllable begins
    sample_rate                Hz
    result                     in [-1, 1]; NaN when either is silent or not finite
    """
    a, b = _aligned(as_signal(first), as_signal(second), first_onset, second_onset)
    return (_directed(a, b, sample_rate) + _directed(b, a, sample_rate)) / 2


def rendition_autonomy(
    first: ArrayLike, second: ArrayLike, first_onset: int, second_onset: int, *, sample_rate: float
) -> dict[str, float]:
    """`autonomy` and `autonomy_published` between two renditions, aligned as `rendition_tf_corr` aligns them.

    Both scores take output and target alike, so that one direction says all. NaN when either is silent or not finite.
    """
    a, b = _aligned(as_signal(first), as_signal(second), first_onset, second_onset)
    if not is_audible(a):
        return {"autonomy": math.nan, "autonomy_published": math.nan}
    return {
        "autonomy": spectral_agreement(a, b, sample_rate=sample_rate).autonomy,
        "autonomy_published": autonomy_published(a, b, sample_rate=sample_rate),
    }


def rendition_anchor(
    clips: Sequence[ArrayLike], onsets: Sequence[int], *, sample_rate: float, max_pairs: int | None = None
) -> float:
    """Mean of `rendition_tf_corr` over the pairs of renditions of ONE syllable.

    clips      k arrays (n_i,) of audio
    onsets     k samples, the onset of each clip
    max_pairs  at most so many pairs, spread evenly over the list of all; None takes all k (k - 1) / 2
    result     in [-1, 1]; NaN when no pair can be compared
    """
    assert len(clips) == len(onsets), f"{len(clips)} clips with {len(onsets)} onsets"
    pairs = list(combinations(range(len(clips)), 2))
    if max_pairs is not None and len(pairs) > max_pairs:
        pairs = [pairs[round(i)] for i in np.linspace(0, len(pairs) - 1, max_pairs)]
    values = [rendition_tf_corr(clips[i], clips[j], onsets[i], onsets[j], sample_rate=sample_rate) for i, j in pairs]
    defined = [value for value in values if math.isfinite(value)]
    return math.fsum(defined) / len(defined) if defined else math.nan


def rendition_anchors(
    clips: Sequence[ArrayLike],
    onsets: Sequence[int],
    labels: Sequence[str],
    *,
    sample_rate: float,
    max_pairs: int | None = None,
) -> dict[str, float | dict[str, float]]:
    """The anchor of every label, and their mean weighted by the number of clips, as a model's mean over clips is.

    clips, onsets, labels  k of each
    max_pairs              at most so many pairs a label
    result                 {"mean": tf_corr, "per_label": {label: tf_corr}}; NaN for a label with fewer than two
                           renditions, which the mean leaves out
    """
    assert len(clips) == len(labels), f"{len(clips)} clips with {len(labels)} labels"
    per_label: dict[str, float] = {}
    for label in sorted(set(labels)):
        members = [i for i, name in enumerate(labels) if name == label]
        per_label[label] = rendition_anchor(
            [clips[i] for i in members], [onsets[i] for i in members], sample_rate=sample_rate, max_pairs=max_pairs
        )
    weighted = [per_label[label] for label in labels if math.isfinite(per_label[label])]
    return {"mean": math.fsum(weighted) / len(weighted) if weighted else math.nan, "per_label": per_label}


def _aligned(a: Signal, b: Signal, onset_a: int, onset_b: int) -> tuple[Signal, Signal]:
    """The two clips with the onset at the same sample, cropped to the samples that both have."""
    lead = min(onset_a, onset_b)
    a, b = a[onset_a - lead :], b[onset_b - lead :]
    length = min(a.size, b.size)
    return a[:length], b[:length]


def _directed(output: Signal, target: Signal, sample_rate: float) -> float:
    """tf_corr, but NaN where `output` cannot be measured: a defective recording is no failure of the bird."""
    return tf_corr(output, target, sample_rate=sample_rate) if is_audible(output) else math.nan
