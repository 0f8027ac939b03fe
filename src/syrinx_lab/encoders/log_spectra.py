"""Log spectra of a recording around its knots."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FLOOR = 1e-7
"""Amplitude below which nothing is distinguished: a tenth of what rounding to 16 bits leaves in a band."""

_MIDDLE = 4.0


class LogSpectra(nn.Module):
    """The level in every band of frames around the knots 0, hop, 2 hop, ...

    y_b = 0.5 log10(sum_{k in b} |S_k|^2 + 1e-7^2) + 4,   S_k = 2 sum_u w(u) x(c + u) e^(-i 2 pi k u / n) / sum_u w(u)

    w is a Hann window on |u| < n / 2 and the middle c lies `delay` samples before the knot. A sinusoid of amplitude a
    gives about log10(a) + 4. The bands are equally wide, from 0 to max_hz, and share the bins between them; beyond its
    ends the recording is zero.

    sample_rate  Hz
    hop          samples from knot to knot
    n_fft        n, samples in a frame
    n_bands      how many bands
    max_hz       top of the last band, Hz; never above half the sample rate
    delay        samples
    Raises ValueError for values out of range.
    """

    _window: Tensor
    _bands: Tensor

    def __init__(
        self,
        sample_rate: int,
        hop: int = 32,
        n_fft: int = 512,
        n_bands: int = 70,
        max_hz: float = 12_000.0,
        delay: int = 0,
    ) -> None:
        super().__init__()
        if sample_rate <= 0 or hop < 1:
            raise ValueError(f"sample_rate {sample_rate} Hz and hop {hop} samples must be positive")
        if n_fft < 4 or n_fft % 2:
            raise ValueError(f"n_fft is {n_fft}: it must be even and at least 4")
        top = min(max_hz, sample_rate / 2) * n_fft / sample_rate
        if not 1 <= n_bands <= top:
            raise ValueError(
                f"n_bands is {n_bands} up to max_hz {max_hz:g}: {n_fft} samples at {sample_rate} Hz resolve "
                f"{max(int(top), 0)}; take at least one band, and no more than that"
            )
        self.hop = hop
        self.n_fft = n_fft
        self.delay = delay
        self.edges_hz = torch.linspace(0, top * sample_rate / n_fft, n_bands + 1)
        window = torch.hann_window(n_fft)
        # bin k holds the frequencies from k - 1/2 to k + 1/2 and goes to the bands in proportion
        edge = torch.linspace(0, top, n_bands + 1)
        bin_ = torch.arange(n_fft // 2 + 1)[:, None]
        shared = torch.minimum(bin_ + 0.5, edge[1:]) - torch.maximum(bin_ - 0.5, edge[:-1])
        self.register_buffer("_window", window * (2 / window.sum()), persistent=False)
        self.register_buffer("_bands", shared.clamp_min(0), persistent=False)

    @property
    def reach(self) -> int:
        """How many samples after its knot the last sample lies that a frame looks at; may be negative."""
        return self.n_fft // 2 - 1 - self.delay

    def forward(self, x: Tensor, first: int, stop: int) -> Tensor:
        """x (B, L) audio -> (B, stop - first, n_bands) levels in units of 20 dB, at the knots [first, stop)."""
        begin = first * self.hop - self.n_fft // 2 - self.delay
        end = (stop - 1) * self.hop + self.n_fft // 2 - self.delay
        inside = x[:, max(begin, 0) : max(end, 0)]
        padded = F.pad(inside, (min(max(-begin, 0), end - begin), 0))
        padded = F.pad(padded, (0, end - begin - padded.shape[1]))
        spectrum = torch.fft.rfft(padded.unfold(1, self.n_fft, self.hop) * self._window)
        power = torch.view_as_real(spectrum).square().sum(-1)
        return 0.5 * torch.log10(power @ self._bands + FLOOR**2) + _MIDDLE
