"""Band-limited conversion between sample rates."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.signal import firwin, resample_poly
from torchaudio.functional import resample

_ZERO_CROSSINGS, _ROLLOFF, _KAISER_BETA = 64, 0.9475937167399596, 14.769656459379492
_LARGEST_TABLE = 2**22  # elements; torchaudio tabulates one filter for each output phase


def resample_to(samples: np.ndarray, native_rate: int, rate: int) -> np.ndarray:
    """Samples (n,) float32 at `native_rate` Hz as (ceil(n rate / native_rate),) float32 at `rate` Hz; time 0 stays put.

    The filter is a sinc of 64 zero crossings a side under a Kaiser window of beta 14.77, -6 dB at 0.948 of the lower
    Nyquist frequency: flat to 1e-4 up to 0.87 of it, and below -100 dB beyond it.
    """
    if native_rate == rate:
        return samples
    divisor = math.gcd(native_rate, rate)
    down, up = native_rate // divisor, rate // divisor
    if up * (down + 2 * _ZERO_CROSSINGS * max(1, down // up)) > _LARGEST_TABLE:
        return resample_by_polyphase(samples, up, down)
    wave = resample(
        torch.from_numpy(samples),
        native_rate,
        rate,
        lowpass_filter_width=_ZERO_CROSSINGS,
        rolloff=_ROLLOFF,
        resampling_method="sinc_interp_kaiser",
        beta=_KAISER_BETA,
    )
    return wave.numpy()


def resample_by_polyphase(samples: np.ndarray, up: int, down: int) -> np.ndarray:
    """The filter of `resample_to` where a table of all phases would fill memory: a small common divisor (24414 Hz)."""
    most = max(up, down)
    half = math.ceil(_ZERO_CROSSINGS * most / _ROLLOFF)
    taps = firwin(2 * half + 1, _ROLLOFF / most, window=("kaiser", _KAISER_BETA))
    return resample_poly(samples, up, down, window=taps.astype(np.float32))
