"""Energy below the song: a voice an octave down, or a filter that lets the fundamental through."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from .audible import as_signal, is_audible
from .partials import frame_hz, in_loud_frames, lowest_strong_partial

BELOW = 0.75
FAINTEST_DB = -120.0


def leak_db(output: ArrayLike, target: ArrayLike, *, sample_rate: float) -> float:
    """Energy of the output below 0.75 of the target's lowest strong partial, over all of its energy.

    leak_db = 10 log10( sum_m sum_{f < 0.75 f_low[m]} P_output[m, f] / sum_m sum_f P_output[m, f] )

    f_low is the lowest peak of the target's frame from 400 Hz to 12 kHz that is within 20 dB of its strongest; m
    are the frames of the whole clip whose energy in that band is within 20 dB of the loudest one's, in the target.
    Frames and window are those of `partials`: a bird whose fundamental lies below 400 Hz has most of its energy
    where this looks for leaks, and a perfect copy of it does as well. Recordings have an energy there too (hum, a
    neighbour): the target's own leak_db is the bar, and a perfect copy reaches just that. The window itself leaks:
    -36 dB of a faded tone of 450 Hz, -45 dB of one of 900 Hz, -62 dB of one of 3 kHz; ten to thirty decibels more
    where a tone begins at once.

    output, target  (n,) audio
    sample_rate     Hz
    result          dB, at least -120; NaN when either is silent or not finite, or has nothing in the loud frames
    """
    out, ref = as_signal(output), as_signal(target)
    if not (is_audible(out) and is_audible(ref)):
        return math.nan
    loud = in_loud_frames(out, ref, sample_rate)
    if loud is None:
        return math.nan
    sung, real = loud
    lowest = lowest_strong_partial(real, sample_rate)
    below = sung[frame_hz(sample_rate) < BELOW * lowest[:, None]].sum()
    total = sung.sum()
    return (
        max(FAINTEST_DB, 10 * math.log10(below / total)) if below > 0 < total else (FAINTEST_DB if total else math.nan)
    )
