"""Magnitude spectrogram with a gradient that is finite at silence, for losses."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

POWER_FLOOR = 1e-12
"""Added to the power |S|^2 under the root, so that d|S|/dS is S / |S|, and 0 (not NaN) where S is 0."""


def stft_magnitudes(x: Tensor, n_fft: int, hop: int) -> Tensor:
    """Magnitudes |S| = sqrt(Re^2 + Im^2 + 1e-12) of the centred, Hann-windowed short-time Fourier transform.

    S(t, k) = sum_m hann(m) x(t hop + m - n_fft / 2) exp(-2 pi i k m / n_fft), x reflected at its ends, the window
    periodic, no normalisation: a bin-centred sinusoid of amplitude a has magnitude a n_fft / 4 at its bin.
    The numbers are those of `torch.stft(..., center=True).abs()`; the backward pass is one real inverse transform,
    where PyTorch's own goes through a full complex one.

    x      (B, H)  real signal, H > n_fft / 2; differentiable once
    n_fft          window length in samples, even
    hop            samples from one frame to the next
    Returns (B, 1 + H // hop, 1 + n_fft // 2), in the units of x times samples. H <= n_fft / 2 is an assertion error.
    """
    half = n_fft // 2
    assert x.dim() == 2, f"a (B, H) signal is wanted, not {tuple(x.shape)}"
    assert x.shape[1] > half, f"{x.shape[1]} samples cannot be reflected for windows of {n_fft}"
    frames = F.pad(x, (half, half), mode="reflect").unfold(1, n_fft, hop)
    return _FrameMagnitudes.apply(frames * _hann(n_fft, x.device, x.dtype))


@lru_cache(maxsize=64)
def _hann(n_fft: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """The periodic Hann window, made once per length, device and dtype."""
    # A window first asked for in inference mode would be unusable in every later training step.
    with torch.inference_mode(False):
        return torch.hann_window(n_fft, periodic=True, device=device, dtype=dtype)


class _FrameMagnitudes(torch.autograd.Function):
    """|rfft(frames)| along the last axis; its adjoint keeps to real transforms."""

    @staticmethod
    def forward(ctx: Any, frames: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(frames)
        magnitudes = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag).add_(POWER_FLOOR).sqrt_()
        ctx.save_for_backward(spectrum, magnitudes)
        return magnitudes

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        spectrum, magnitudes = ctx.saved_tensors
        slope = grad / magnitudes
        # irfft counts every bin but the first and the last twice, for the conjugate half that rfft left out.
        slope[..., 1:-1] *= 0.5
        return torch.fft.irfft(spectrum * slope, norm="forward")
