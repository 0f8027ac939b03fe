"""Filters given by their responses to frequencies, on batches of windows of one length."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from torch import Tensor

from .rooms import LONGEST_S

_COARSE_HZ = 8.0  # between the frequencies at which responses are computed; they die away within tens of ms


class Stage:
    """Spectra of windows with silence after them, long enough for a room.

    sample_rate   Hz of the windows
    oversampling  the rollout's rate over it
    samples       of a window
    """

    def __init__(self, sample_rate: int, oversampling: int, samples: int) -> None:
        self.sample_rate, self.oversampling, self.samples = sample_rate, oversampling, samples
        # even, so that the spectra of both rates have their bins in common
        self.size = 2 * next_fast_len(-(-(samples + round(LONGEST_S * sample_rate)) // 2), real=True)
        self.hz = np.arange(0.0, 0.5 * sample_rate + _COARSE_HZ, _COARSE_HZ)
        place = torch.arange(self.size // 2 + 1, dtype=torch.float64) * (sample_rate / self.size / _COARSE_HZ)
        self.left = place.long().clamp_max(len(self.hz) - 2)
        self.share = (place - self.left).float()

    def responses(self, several: Sequence[Callable[[NDArray[np.floating]], NDArray[np.complex128]]]) -> Tensor:
        """Responses (R, F) at the bins of the spectra, linear between frequencies 8 Hz apart."""
        coarse = torch.from_numpy(np.stack([response(self.hz) for response in several])).to(torch.complex64)
        below = coarse[:, self.left]
        return below + self.share * (coarse[:, self.left + 1] - below)

    def spectra(self, sounds: Tensor) -> Tensor:
        """Sounds (R, n) at the windows' rate, n at most the padded size, to spectra (R, F)."""
        return torch.fft.rfft(sounds, n=self.size)

    def fast_spectra(self, sounds: Tensor) -> Tensor:
        """Sounds (R, n) at the rollout's rate to spectra (R, F): nothing above half the windows' rate is left."""
        whole = torch.fft.rfft(sounds, n=self.size * self.oversampling)
        return whole[:, : self.size // 2 + 1] / self.oversampling

    def sounds(self, spectra: Tensor) -> Tensor:
        """Spectra (R, F) to sounds (R, samples)."""
        return torch.fft.irfft(spectra, n=self.size)[:, : self.samples]
