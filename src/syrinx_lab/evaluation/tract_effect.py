"""What stands between an oscillator and the microphone, measured by its spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.signal import welch

_LOWEST_HZ, _HIGHEST_HZ, _RANGE_DB = 350.0, 12_000.0, 50.0


def tract_effect(source: ArrayLike, radiated: ArrayLike, sample_rate: float) -> dict[str, float]:
    """How a tract changes level and shape of the spectrum.

    d(f) = 10 log10(P_radiated(f) / P_source(f)), over 350 Hz to 12 kHz where either lies within 50 dB of its largest
    tract_level_db = 10 log10(E_radiated / E_source)
    tract_shape_db = standard deviation of d

    source, radiated  (N,) audio before and after the tract, without noise
    sample_rate       Hz
    Returns both in dB, NaN where one of them is silent.
    """
    before, after = (np.asarray(x, dtype=np.float64) for x in (source, radiated))
    size = min(1024, len(before))
    hz, power = welch(np.stack((before, after)), sample_rate, nperseg=size)
    band = (hz >= _LOWEST_HZ) & (hz <= _HIGHEST_HZ)
    energy = np.sum(before**2), np.sum(after**2)
    if min(energy) <= 0 or not np.isfinite(energy).all() or not band.any():
        return {"tract_level_db": float("nan"), "tract_shape_db": float("nan")}
    db = 10 * np.log10(power[:, band] + 1e-30)
    heard = (db > db.max(1, keepdims=True) - _RANGE_DB).any(0)
    floor = db.max(1, keepdims=True) - 2 * _RANGE_DB  # silence between partials has no level
    change = np.diff(np.maximum(db, floor), axis=0)[0, heard]
    return {"tract_level_db": float(10 * np.log10(energy[1] / energy[0])), "tract_shape_db": float(change.std())}
