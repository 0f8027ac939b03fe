"""Whether the strongest partial is the right one: what tf_corr forgives, an octave above all."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .audible import as_signal, is_audible
from .partials import in_loud_frames, strongest_partial

TOLERANCE_CENTS = 300.0


def wrong_partial(output: ArrayLike, target: ArrayLike, *, sample_rate: float) -> float:
    """Share of the target's loud frames whose strongest partial in the output is another one.

    wrong_partial = mean over m of [ |1200 log2(f_output[m] / f_target[m])| > 300 ]

    f is the largest peak of the frame from 400 Hz to 12 kHz (STFT of 1,024 samples, hop 256, Hann); m are the frames of
    the whole clip whose energy in that band is within 20 dB of the loudest one's, in the target. A frame in which the
    output is empty has no right partial. Loudness plays no part. Where two harmonics are of like strength they trade
    places between two renditions of one syllable: the bird's own score against itself is not 0.

    output, target  (n,) audio
    sample_rate     Hz
    result          in [0, 1], 0 for identical input; 1 when the output is silent or not finite, NaN when that holds
                    for the target alone or when it has nothing in the band
    """
    out, ref = as_signal(output), as_signal(target)
    if not is_audible(out):
        return 1.0
    if not is_audible(ref):
        return math.nan
    loud = in_loud_frames(out, ref, sample_rate)
    if loud is None:
        return math.nan
    found, wanted = (strongest_partial(power, sample_rate) for power in loud)
    cents = 1200 * np.abs(np.log2(found / wanted))
    return float(np.mean(~(cents <= TOLERANCE_CENTS)))
