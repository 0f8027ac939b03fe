"""Finite impulse responses centred on their middle tap: band-passes, and the convolution with a bank of them."""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch import Tensor


def band_passes(bands: int, taps: int, low_hz: float, high_hz: float, sample_rate: int) -> Tensor:
    """Linear-phase band-passes of equal width that lie side by side from low_hz to high_hz.

    h_b[t] = w[t] (2 e_{b+1} sinc(2 e_{b+1} t) - 2 e_b sinc(2 e_b t)),   e_b = (low + b (high - low) / bands) / rate

    with the Hann window w over the taps, t = -half ... half. Their sum is one windowed band-pass from low_hz to
    high_hz, of unit gain inside; from 0 to half the sample rate it is the unit pulse.

    bands        at least 1
    taps         odd, at least 3
    low_hz, high_hz, sample_rate  Hz, 0 <= low_hz < high_hz <= sample_rate / 2
    Returns (bands, taps) float64. Raises ValueError for numbers out of these ranges.

    Source: the window method, Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5.
    """
    check_taps(taps)
    if bands < 1:
        raise ValueError(f"{bands} bands: give 1 or more")
    if not 0 <= low_hz < high_hz <= sample_rate / 2:
        raise ValueError(
            f"bands from {low_hz} to {high_hz} Hz at {sample_rate} Hz: give 0 <= low_hz < high_hz <= {sample_rate / 2}"
        )
    t = torch.arange(-(taps // 2), taps // 2 + 1, dtype=torch.float64)
    edges = torch.linspace(low_hz, high_hz, bands + 1, dtype=torch.float64)[:, None] / sample_rate
    below = 2 * edges * torch.sinc(2 * edges * t)  # low-passes of every edge
    # two taps more than are used: the outermost would be zero
    window = torch.hann_window(taps + 2, periodic=False, dtype=torch.float64)[1:-1]
    return window * (below[1:] - below[:-1])


def convolve(signal: Tensor, firs: Tensor) -> Tensor:
    """Every signal through every response, without delay and with silence around the signal.

    y_k[t] = sum_u firs[k, half + u] signal[t - u],   u = -half ... half,   half = taps // 2

    signal  (B, H), any unit
    firs    (K, taps), taps odd, dimensionless
    Returns (B, K, H) in the unit of the signal. A product of Fourier transforms: rounding is relative to the largest
    values of a row.
    """
    samples, half = signal.shape[-1], firs.shape[-1] // 2
    # what is longer than this wraps around onto the first `half` samples, which are cut off
    size = next_fast_len(samples + half, real=True)
    product = torch.fft.rfft(signal, n=size).unsqueeze(1) * torch.fft.rfft(firs, n=size)
    return torch.fft.irfft(product, n=size)[..., half : half + samples]


def shared_bands(edges_hz: Tensor, of_hz: Tensor) -> Tensor:
    """How much of every band comes from each of other bands, (K, n), rows of sum 1, or 0 where it shares none.

    edges_hz, of_hz  (K + 1,) and (n + 1,) in Hz, rising
    """
    overlap = torch.minimum(edges_hz[1:, None], of_hz[1:]) - torch.maximum(edges_hz[:-1, None], of_hz[:-1])
    share = overlap.clamp_min(0)
    return share / share.sum(1, keepdim=True).clamp_min(1e-9)


def check_taps(taps: int) -> None:
    """Raise ValueError unless there is a middle tap with others around it."""
    if taps < 3 or taps % 2 == 0:
        raise ValueError(f"{taps} taps: give an odd number, 3 or more, so that there is one in the middle")
