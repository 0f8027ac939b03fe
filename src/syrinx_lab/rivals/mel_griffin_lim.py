"""Mel bands, inverted and given phases by Griffin and Lim: what a neural vocoder is usually given."""

from __future__ import annotations

import torch
import torch.nn.functional as F
import torchaudio.functional as audio
from torch import Tensor

from ..evaluation.clips import Clip, Samples
from .rival import Rival


class MelGriffinLim(Rival):
    """Power in mel bands -> a spectrogram by non-negative least squares -> phases by the fast Griffin-Lim algorithm.

    sample_rate  Hz
    n_mels       bands
    n_fft        samples of a frame
    hop          samples from one frame to the next; 256 at 44.1 kHz and 80 bands are 13,800 numbers a second
    low_hz       lower edge of the first band
    high_hz      upper edge of the last one; None: half the sample rate
    iterations   of Griffin-Lim
    momentum     of its fast form, 0 is the plain one

    Raises ValueError for bands that are narrower than a bin of n_fft.
    Source: Griffin and Lim (1984), IEEE Trans. ASSP 32, 236; Perraudin, Balazs and Sondergaard (2013), WASPAA.
    """

    about = "mel bands; phase by Griffin and Lim"

    def __init__(
        self,
        *,
        sample_rate: int,
        n_mels: int = 80,
        n_fft: int = 1024,
        hop: int = 256,
        low_hz: float = 0.0,
        high_hz: float | None = None,
        iterations: int = 60,
        momentum: float = 0.99,
    ) -> None:
        super().__init__(sample_rate=sample_rate)
        self.n_mels, self.n_fft, self.hop = n_mels, n_fft, hop
        self.iterations, self.momentum = iterations, momentum
        top = sample_rate / 2 if high_hz is None else high_hz
        self._bank = audio.melscale_fbanks(n_fft // 2 + 1, low_hz, top, n_mels, sample_rate).double()
        if (empty := int((self._bank.amax(0) == 0).sum())) > 0:
            raise ValueError(
                f"n_mels is {n_mels}: {empty} bands hold no bin of n_fft {n_fft}; use fewer, or a larger n_fft"
            )
        self._window = torch.hann_window(n_fft, dtype=torch.float64)

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        """The clip from its mel bands; the phases begin as this seed draws them."""
        x = torch.as_tensor(clip.x, dtype=torch.float64)
        x = F.pad(x, (0, max(0, self.n_fft - len(x))))  # torchaudio mirrors half a frame at the ends
        bands = self.bands(x)
        magnitude = _unmixed(bands, self._bank).sqrt()
        with torch.random.fork_rng(devices=[]):  # torchaudio draws from the global state
            torch.manual_seed(seed)
            sound = audio.griffinlim(
                magnitude,
                self._window,
                self.n_fft,
                self.hop,
                self.n_fft,
                power=1.0,
                n_iter=self.iterations,
                momentum=self.momentum,
                length=len(x),
                rand_init=True,
            )
        return sound[: len(clip.x)].to(torch.float32).numpy()

    def bands(self, x: Tensor) -> Tensor:
        """x (L,) -> power in the mel bands (n_mels, frames)."""
        spectrum = torch.stft(
            x, self.n_fft, self.hop, window=self._window, center=True, pad_mode="constant", return_complex=True
        )
        return self._bank.T @ spectrum.abs().square()

    @property
    def numbers_per_second(self) -> float:
        """Frames a second times bands."""
        return self.n_mels * self.sample_rate / self.hop


def _unmixed(bands: Tensor, bank: Tensor, steps: int = 300) -> Tensor:
    """The non-negative power (bins, frames) whose bands (mels, frames) are these: multiplicative least squares.

    P <- P (F b) / (F F^T P), which keeps P positive. Source: Lee and Seung (2001), NIPS 13, eq. 4.
    """
    power = bank @ (bands / bank.square().sum(0)[:, None].clamp_min(1e-30))
    wanted = bank @ bands
    for _ in range(steps):
        power = power * wanted / (bank @ (bank.T @ power)).clamp_min(1e-30)
    return power
