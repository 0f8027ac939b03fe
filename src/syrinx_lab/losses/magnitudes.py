"""Magnitude spectrogram with a gradient that is finite at silence, for losses."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

POWER_FLOOR = 1e-12
"""Added to the power |S|^2 under the root, so that d|S|/dS is S / |S|, and 0 (not NaN) where S is 0."""


def stft_magnitudes(x: Tensor, n_fft: int, hop: int) -> Tensor:
    """Magnitudes |S| = sqrt(Re^2 + Im^2 + 1e-12) of the centred, Hann-windowed short-time Fourier transform.

    S(t, k) = sum_m hann(m) x(t hop + m - n_fft / 2) exp(-2 pi i k m / n_fft), x reflected at its ends, the window
    periodic, no normalisation: a bin-centred sinusoid of amplitude a has magnitude a n_fft / 4 at its bin.
    The numbers are those of `torch.stft(..., center=True).abs()`; the backward pass is one real inverse transform,
    where PyTorch's own goes through a full complex one.

    x      (B, H)  real signal, H > n_fft / 2
    n_fft          window length in samples, even
    hop            samples from one frame to the next
    Returns (B, 1 + H // hop, 1 + n_fft // 2), in the units of x times samples. H <= n_fft / 2 is an assertion error.
    """
    half = n_fft // 2
    assert x.dim() == 2, f"a (B, H) signal is wanted, not {tuple(x.shape)}"
    assert x.shape[1] > half, f"{x.shape[1]} samples cannot be reflected for windows of {n_fft}"
    frames = F.pad(x, (half, half), mode="reflect").unfold(1, n_fft, hop)
    return _Magnitude.apply(_RealFft.apply(frames * hann_window(n_fft, x.device, x.dtype)))


@lru_cache(maxsize=64)
def hann_window(n_fft: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """The periodic Hann window, made once per length, device and dtype."""
    # A window first asked for in inference mode would be unusable in every later training step.
    with torch.inference_mode(False):
        return torch.hann_window(n_fft, periodic=True, device=device, dtype=dtype)


class _RealFft(torch.autograd.Function):
    """rfft along the last axis (even length), whose adjoint keeps to the half spectrum."""

    @staticmethod
    def forward(ctx: Any, frames: Tensor) -> Tensor:
        return torch.fft.rfft(frames)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        # irfft counts every bin but the first and the last twice, for the conjugate half that rfft left out.
        once = torch.cat((grad[..., :1], 0.5 * grad[..., 1:-1], grad[..., -1:]), dim=-1)
        return torch.fft.irfft(once, norm="forward")


class _Magnitude(torch.autograd.Function):
    """sqrt(Re^2 + Im^2 + floor) in place of `abs`, which is slower and has no second derivative at 0."""

    @staticmethod
    def forward(ctx: Any, spectrum: Tensor) -> Tensor:
        power = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)
        magnitude = power.add_(POWER_FLOOR).sqrt_()
        ctx.save_for_backward(spectrum, magnitude)
        return magnitude

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        spectrum, magnitude = ctx.saved_tensors
        return spectrum * (grad / magnitude)
