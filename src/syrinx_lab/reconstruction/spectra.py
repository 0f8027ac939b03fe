"""How differently two paths spread their power over frequency, channel by channel."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from .systems.flow import Array

SMOOTHING = 20.0


def path_hellinger(output: Array, target: Array, *, smoothing: float = SMOOTHING) -> float:
    """D_H, the mean over channels of the Hellinger distance of smoothed power spectra.

    D = 1/N sum_n sqrt(1 - sum_k sqrt(p_nk q_nk))

    with p and q the power spectra of each channel at unit variance, smoothed by a Gaussian and scaled to sum to one.
    Two stretches of one chaotic path have a distance above zero: what remains of chance in T samples.

    output, target  (T, N), of the same T
    smoothing       standard deviation of the Gaussian in lines of the spectrum, 1 / (T dt) apart
    result          0 to 1; NaN where a path is not finite or does not vary

    Source: Mikhaeil, Monfared and Durstewitz (2022), NeurIPS; Hess et al. (2023), ICML: 20 lines of 100,000 samples.
    """
    assert output.shape == target.shape, f"{output.shape} against {target.shape}"
    both = [np.asarray(path, dtype=np.float64) for path in (output, target)]
    if not all(np.isfinite(path).all() and (path.std(0) > 0).all() for path in both):
        return float("nan")
    p, q = (_spectra(path, smoothing) for path in both)
    return float(np.sqrt(np.maximum(0.0, 1 - np.sqrt(p * q).sum(0))).mean())


def _spectra(path: Array, smoothing: float) -> Array:
    power = np.abs(np.fft.rfft((path - path.mean(0)) / path.std(0), axis=0)) ** 2
    if smoothing:
        power = gaussian_filter1d(power, smoothing, axis=0)
    return power / power.sum(0)
