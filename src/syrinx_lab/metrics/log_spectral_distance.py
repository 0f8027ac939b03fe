"""Log-spectral distance of the syllable, as the literature on vocoders and codecs measures it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .audible import as_signal, is_audible
from .partials import power_frames

FLOOR_DB = -80.0


def lsd_db(output: ArrayLike, target: ArrayLike, *, onset: int = 0, offset: int | None = None) -> float:
    """Root mean square over frequency, mean over time, of the difference of two log spectra in dB.

    L(y)[m, k] = 10 log10(max(P_y[m, k], 10^-8 max P_target))
    lsd_db = mean over m of sqrt( mean over k of (L(output) - L(target))^2 )

    The variant: power spectra of Hann frames of 1,024 samples every 256, all bins from the first to half the sample
    rate, frames of the syllable [onset, offset) alone, levels as they are (not normalised), both floored 80 dB below
    the target's largest value. Other papers take other frames, and floors, which move it by a dB or two.

    output, target  (n,) audio
    onset, offset   samples of the clip; by default the whole of it
    result          dB, at least 0; NaN when either is silent or not finite on the syllable

    Source: Gray and Markel, Distance measures for speech processing, IEEE Trans. ASSP 24(5), 1976, eq. 3 (p = 2).
    """
    out, ref = (as_signal(y)[onset:offset] for y in (output, target))
    if not (is_audible(out) and is_audible(ref)):
        return math.nan
    assert out.size == ref.size, f"output of {out.size} samples against a target of {ref.size}"
    sung, wanted = power_frames(out)[:, 1:], power_frames(ref)[:, 1:]
    floor = wanted.max() * 10 ** (FLOOR_DB / 10)
    difference = 10 * np.log10(np.maximum(sung, floor) / np.maximum(wanted, floor))
    return float(np.sqrt((difference**2).mean(1)).mean())
