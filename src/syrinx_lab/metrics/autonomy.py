"""Does the oscillator sing by itself: the cold-start metrics of a vocalisation, and their means over vocalisations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from .audible import as_signal, is_audible
from .autonomy_published import autonomy_published
from .boundedness import bounded
from .envelope_correlation import env_corr
from .facts import METRICS
from .fundamental import pitch_agreement
from .ignition import ignition
from .leak import leak_db
from .log_spectral_distance import lsd_db
from .mel_cepstral_distortion import mcd_db
from .metric import Metric, scored
from .oscillator_share import oscillator_share
from .score import Score
from .sung_clip import SungClip
from .teacher_forced import teacher_forced_r2
from .time_frequency import tf_corr
from .welch_spectrum import spectral_agreement
from .wrong_partial import wrong_partial


def score_clip(clip: SungClip, outside: Mapping[str, Metric] | None = None) -> Score:
    """Every metric of one cold start; see the files of the metrics for their formulas.

    autonomy with its parts, autonomy_published, tf_corr, wrong_partial, leak_db and env_corr look at the whole clip, so
    that a song that begins early or does not stop counts; f0_cents, octave_errors, tf_corr_syllable, lsd_db, mcd_db and
    the vanishing of bounded_frac look at the syllable [onset, offset).

    clip     what is scored; without states bounded_frac is left to the output, without `without_oscillator`
             oscillator_share is NaN, without `acceleration` accel_r2, without a rate numbers_per_second
    outside  metrics from outside the lab, by name
    result   Score; a metric that the clip does not define is NaN
    Raises ValueError with one line for a metric from outside that fails, see `scored`.
    """
    out, ref = as_signal(clip.output), as_signal(clip.target)
    rate, onset, offset = clip.sample_rate, clip.onset, clip.offset
    assert out.size == ref.size >= 64, f"output of {out.size} samples against a target of {ref.size}, at least 64"
    assert 0 <= onset < offset <= ref.size, f"syllable [{onset}, {offset}) outside a clip of {ref.size} samples"
    spectra = spectral_agreement(out, ref, sample_rate=rate)
    start = ignition(out, ref, sample_rate=rate, onset=onset, offset=offset)
    alive = bounded(
        out,
        onset=onset,
        offset=offset,
        state_x=clip.state_x,
        state_v=clip.state_v,
        clamp_x=clip.clamp_x,
        clamp_v=clip.clamp_v,
    )
    pitch = pitch_agreement(out, ref, sample_rate=rate, onset=onset, offset=offset)
    without, acceleration, actual = clip.without_oscillator, clip.acceleration, clip.target_acceleration
    return Score(
        autonomy=spectra.autonomy,
        spec_corr=spectra.spec_corr,
        amp_pen=spectra.amp_pen,
        pitch_pen=spectra.pitch_pen,
        tf_corr=tf_corr(out, ref, sample_rate=rate),
        bounded_frac=alive,
        f0_cents=pitch.f0_cents,
        octave_errors=pitch.octave_errors,
        env_corr=env_corr(out, ref, sample_rate=rate),
        onset_error_ms=start.onset_error_ms,
        ignition_rate=start.ignited,
        oscillator_share=math.nan if without is None else oscillator_share(out, without),
        autonomy_published=autonomy_published(out, ref, sample_rate=rate),
        tf_corr_syllable=tf_corr(out[onset:offset], ref[onset:offset], sample_rate=rate),
        wrong_partial=wrong_partial(out, ref, sample_rate=rate),
        leak_db=leak_db(out, ref, sample_rate=rate),
        lsd_db=lsd_db(out, ref, onset=onset, offset=offset),
        mcd_db=mcd_db(out, ref, sample_rate=rate, onset=onset, offset=offset),
        numbers_per_second=math.nan if clip.numbers_per_second is None else clip.numbers_per_second,
        accel_r2=math.nan if acceleration is None or actual is None else teacher_forced_r2(acceleration, actual),
        outside={name: scored(name, metric, clip) for name, metric in (outside or {}).items()},
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


def mean_score(scores: Iterable[Score], names: Iterable[str] = METRICS) -> dict[str, float]:
    """The mean of every metric over vocalisations, NaN left out; NaN where nothing is left.

    A metric that fails leaves its clip out of its own mean alone: the mean amp_pen says nothing of runs that diverged,
    while autonomy counts them as -5, tf_corr and env_corr as 0.

    names  of the metrics, those from outside among them; they are known without scores too
    """
    rows = [score.values() for score in scores]
    means = {}
    for name in names:
        values = [row[name] for row in rows if not math.isnan(row[name])]
        means[name] = math.fsum(values) / len(values) if values else math.nan
    return means
