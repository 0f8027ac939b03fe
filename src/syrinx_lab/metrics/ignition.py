"""When the sound begins: the onset's error in time, and whether a cold start ignited with the syllable."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .audible import Signal, as_signal, is_audible
from .envelope_correlation import gaussian_envelope

RISE = 0.1
QUIET_QUANTILE = 0.05
LOUDEST_FLOOR = 0.3
HIGHPASS_HZ = 350.0
TOLERANCE_MS = 10.0


class Ignition(NamedTuple):
    """onset_error_ms in ms (NaN where there is no onset); ignited 1.0 or 0.0 (NaN without a target)."""

    onset_error_ms: float
    ignited: float


def ignition(output: ArrayLike, target: ArrayLike, *, sample_rate: float, onset: int, offset: int) -> Ignition:
    """|onset of the output - onset of the target| in ms, and whether that is at most 10 ms.

    Both onsets come from `onset_sample`, so that its small bias against a hand-made annotation cancels. An output that
    already sounds in the silent lead-in has an early onset there and does not count as ignited. Scale plays no part: an
    output 60 dB too quiet that rises in time has ignited, and amp_pen says the rest.

    output, target  (n,) audio with a silent lead-in
    sample_rate     Hz
    onset, offset   samples of the clip between which the annotated syllable lies
    result          (NaN, 0) when the output is silent or not finite, on the whole or within the syllable; (NaN, NaN)
                    when that holds for the target alone
    """
    out, ref = as_signal(output), as_signal(target)
    for signal, ignited in ((out, 0.0), (ref, math.nan)):
        if not (is_audible(signal) and is_audible(signal[onset:offset])):
            return Ignition(math.nan, ignited)
    first, expected = (onset_sample(x, sample_rate=sample_rate, onset=onset, offset=offset) for x in (out, ref))
    error_ms = abs(first - expected) / sample_rate * 1e3
    return Ignition(error_ms, float(error_ms <= TOLERANCE_MS))


def onset_sample(x: Signal, *, sample_rate: float, onset: int, offset: int) -> int:
    """The first sample of the clip at which the envelope has risen by a tenth of the way from the floor to the peak.

    E = Gaussian envelope (2 ms) of the signal above 350 Hz, peak = max of E over [onset, offset)
    floor = the 5 % quantile of E over the clip, but at most 0.3 peak
    result = the first sample with E >= floor + 0.1 (peak - floor)

    The high-pass takes cage hum out, the floor what noise is left; the floor's own ceiling keeps a clip that sounds
    throughout from having no onset: it has one at its first sample.

    x              (n,) finite audio, audible within the syllable
    sample_rate    Hz
    onset, offset  samples of the clip, 0 <= onset < offset <= n
    """
    envelope = gaussian_envelope(x, sample_rate=sample_rate, highpass_hz=HIGHPASS_HZ)
    peak = envelope[onset:offset].max()
    floor = min(float(np.quantile(envelope, QUIET_QUANTILE)), LOUDEST_FLOOR * peak)
    return int(np.argmax(envelope >= floor + RISE * (peak - floor)))
