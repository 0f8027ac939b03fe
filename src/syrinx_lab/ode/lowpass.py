"""Zero-phase Gaussian low-pass along time."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor


def gaussian_lowpass(y: Tensor, sigma_samples: float) -> Tensor:
    """Convolve with a Gaussian of unit sum along dim 1: zero phase, constants unchanged, reflected at the ends.

    g_t = exp(-t^2 / (2 sigma^2)) / sum, |t| <= R, R = max(1, min(round(3 sigma), T - 1))

    y              (B, T, ...) floating, any unit
    sigma_samples  sigma in samples: sigma in ms times the sample rate in Hz over 1000; 0 or less returns `y` itself
    Returns (B, T, ...). The ends are reflected about the outermost samples. The convolution is a product of Fourier
    transforms: rounding is relative to the largest value of a row, so a result that ought to be zero is only about
    1e-7 of that in float32, of either sign.
    """
    steps = y.shape[1]
    if sigma_samples <= 0 or steps == 1:
        return y
    radius = max(1, min(round(3 * sigma_samples), steps - 1))
    rows = y.reshape(*y.shape[:2], -1).transpose(1, 2)
    padded = F.pad(rows, (radius, radius), mode="reflect")
    t = torch.arange(-radius, radius + 1, device=y.device, dtype=y.dtype)
    taps = torch.exp(-0.5 * (t / sigma_samples) ** 2)
    size = next_fast_len(steps + 2 * radius, real=True)
    response = torch.fft.rfft(taps / taps.sum(), n=size)
    smooth = torch.fft.irfft(torch.fft.rfft(padded, n=size) * response, n=size)
    # The taps begin at t = -R: the result lags by the radius, beside the radius of padding.
    return smooth[..., 2 * radius : 2 * radius + steps].transpose(1, 2).reshape(y.shape)
