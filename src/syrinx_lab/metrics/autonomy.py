"""Does the oscillator sing by itself: the cold-start metrics of a vocalisation, and their means over vocalisations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import ArrayLike

from ..types import Score
from .audible import Signal, as_signal, is_audible
from .autonomy_published import autonomy_published
from .boundedness import bounded
from .envelope_correlation import env_corr
from .fundamental import f0_cents
from .ignition import ignition
from .oscillator_share import oscillator_share
from .time_frequency import tf_corr
from .welch_spectrum import spectral_agreement

FIELDS = tuple(field.name for field in fields(Score))


def score_clip(
    output: ArrayLike,
    target: ArrayLike,
    *,
    sample_rate: float,
    onset: int,
    offset: int,
    state_x: ArrayLike | None = None,
    state_v: ArrayLike | None = None,
    clamp_x: float | None = None,
    clamp_v: float | None = None,
    without_oscillator: ArrayLike | None = None,
) -> Score:
    """Every metric of one cold start; see the files of the metrics for their formulas.

    autonomy with its parts, autonomy_published, tf_corr and env_corr look at the whole clip, so that a song that begins
    early or does not stop counts; f0_cents and the vanishing of bounded_frac look at the syllable [onset, offset).

    output              (n,) audio that the model radiates from a cold start at sample 0
    target              (n,) the recording, n at least 64
    sample_rate         Hz
    onset, offset       samples of the clip, 0 <= onset < offset <= n
    state_x, state_v    (n,) the oscillator's state, dimensionless; None leaves bounded_frac to the output
    clamp_x, clamp_v    levels of the soft clamp; None where the state ran unclamped
    without_oscillator  (n,) the output with the oscillator's state forced to zero, at the output's scale; None makes
                        oscillator_share NaN
    result              Score; a metric that the clip does not define is NaN
    """
    out, ref = as_signal(output), as_signal(target)
    assert out.size == ref.size >= 64, f"output of {out.size} samples against a target of {ref.size}, at least 64"
    assert 0 <= onset < offset <= ref.size, f"syllable [{onset}, {offset}) outside a clip of {ref.size} samples"
    spectra = spectral_agreement(out, ref, sample_rate=sample_rate)
    start = ignition(out, ref, sample_rate=sample_rate, onset=onset, offset=offset)
    alive = bounded(out, onset=onset, offset=offset, state_x=state_x, state_v=state_v, clamp_x=clamp_x, clamp_v=clamp_v)
    return Score(
        autonomy=spectra.autonomy,
        spec_corr=spectra.spec_corr,
        amp_pen=spectra.amp_pen,
        pitch_pen=spectra.pitch_pen,
        tf_corr=tf_corr(out, ref, sample_rate=sample_rate),
        bounded_frac=alive,
        f0_cents=f0_cents(out, ref, sample_rate=sample_rate, onset=onset, offset=offset),
        env_corr=env_corr(out, ref, sample_rate=sample_rate),
        onset_error_ms=start.onset_error_ms,
        ignition_rate=start.ignited,
        oscillator_share=math.nan if without_oscillator is None else oscillator_share(out, without_oscillator),
        autonomy_published=autonomy_published(out, ref, sample_rate=sample_rate),
    )


def rescaling(output: ArrayLike, target: ArrayLike) -> float:
    """The gain sqrt(mean target^2 / mean output^2) that brings the output to the target's RMS.

    output, target  (n,) audio
    result          1 when either is silent (standard deviation below 1e-9) or not finite
    """
    out, ref = as_signal(output), as_signal(target)
    if not (is_audible(out) and is_audible(ref)):
        return 1.0
    return float(np.sqrt(np.mean(ref**2) / np.mean(out**2)))


def rescaled(output: ArrayLike, target: ArrayLike) -> Signal:
    """The output at the target's RMS: a copy (n,), unchanged in scale where `rescaling` says 1."""
    return as_signal(output) * rescaling(output, target)


def mean_score(scores: Iterable[Score]) -> dict[str, float]:
    """The mean of every field over vocalisations, NaN left out; NaN where nothing is left.

    A metric that fails leaves its clip out of its own mean alone: the mean amp_pen says nothing of runs that diverged,
    while autonomy counts them as -5, tf_corr and env_corr as 0.
    """
    scores = list(scores)
    means = {}
    for name in FIELDS:
        values = [value for value in (float(getattr(score, name)) for score in scores) if not math.isnan(value)]
        means[name] = math.fsum(values) / len(values) if values else math.nan
    return means


def summarise(scores: Sequence[Score], labels: Sequence[str]) -> dict[str, dict]:
    """Means over all vocalisations and over those of each label.

    scores, labels  k of each
    result          {"mean": {metric: value}, "per_label": {label: {metric: value}}}, labels in sorted order
    """
    assert len(scores) == len(labels), f"{len(scores)} scores with {len(labels)} labels"
    per_label = {
        label: mean_score(score for score, name in zip(scores, labels) if name == label)
        for label in sorted(set(labels))
    }
    return {"mean": mean_score(scores), "per_label": per_label}
