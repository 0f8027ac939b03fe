"""The zero-phase high-pass that recordings are read through, for what a model radiates."""

from __future__ import annotations

import math

import torch
from scipy.fft import next_fast_len
from torch import Tensor

ORDER = 4
_DECAYED = 12.0  # nepers after which a response is counted as over: 6e-6


def highpass_reach(cutoff_hz: float, sample_rate: float) -> int:
    """Samples on each side that one sample of `zero_phase_highpass` depends on, to 6e-6.

    The slowest pole of a Butterworth filter of order 4 decays at 2 pi cutoff sin(pi / 8) per second.
    """
    return math.ceil(_DECAYED / (2 * math.pi * cutoff_hz * math.sin(math.pi / (2 * ORDER))) * sample_rate)


def zero_phase_highpass(y: Tensor, cutoff_hz: float, sample_rate: float) -> Tensor:
    """A Butterworth high-pass of order 4 run forwards and backwards, as one product of spectra.

    Y(f) -> Y(f) / (1 + (f_c / f)^8),   f = tan(pi F / sample_rate) as the bilinear transform has it

    y            (B, H) audio; beyond its ends it is taken as zero
    cutoff_hz    Hz, where it is 6 dB down
    sample_rate  Hz
    Returns (B, H). What `scipy.signal.sosfiltfilt` computes, but for what it assumes beyond the ends. Differentiable.
    """
    length = y.shape[1]
    size = next_fast_len(length + highpass_reach(cutoff_hz, sample_rate), real=True)
    hz = torch.fft.rfftfreq(size, 1 / sample_rate, device=y.device, dtype=torch.float64)
    warped = torch.tan(math.pi * hz / sample_rate)
    cutoff = math.tan(math.pi * cutoff_hz / sample_rate)
    gain = warped ** (2 * ORDER) / (warped ** (2 * ORDER) + cutoff ** (2 * ORDER))
    gain[-1 if size % 2 == 0 else len(gain) :] = 1  # at half the sample rate the tangent has no value
    return torch.fft.irfft(torch.fft.rfft(y, n=size) * gain.to(y.dtype), n=size)[:, :length]
