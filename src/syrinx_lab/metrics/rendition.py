"""The bird's own reproducibility: how well one rendition of a syllable predicts another."""

from __future__ import annotations

import math

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


def _aligned(a: Signal, b: Signal, onset_a: int, onset_b: int) -> tuple[Signal, Signal]:
    """The two clips with the onset at the same sample, cropped to the samples that both have."""
    lead = min(onset_a, onset_b)
    a, b = a[onset_a - lead :], b[onset_b - lead :]
    length = min(a.size, b.size)
    return a[:length], b[:length]


def _directed(output: Signal, target: Signal, sample_rate: float) -> float:
    """tf_corr, but NaN where `output` cannot be measured: a defective recording is no failure of the bird."""
    return tf_corr(output, target, sample_rate=sample_rate) if is_audible(output) else math.nan
