"""The magnitudes of short frames with phases drawn at random: how much of a score needs no phase at all."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import get_window

from ..evaluation.clips import Clip, Samples
from .rival import Rival


class RandomPhase(Rival):
    """Frames of the right magnitudes and random phases, added up.

    x'(t) = sum_m w(t - m h) f_m(t - m h) / sqrt(mean(w^2) sum_m w(t - m h)^2),   f_m = IDFT(|S_m| exp(i phi_m))

    S_m is the transform of frame m under the periodic Hann window w, phi_m(k) uniform and independent. The frames add
    up incoherently, so the denominator keeps the expected energy of a steady sound.

    sample_rate  Hz
    n_fft        samples of a frame, even
    hop          samples from one frame to the next, at most half a frame
    Raises ValueError for a hop that is too long.
    """

    about = "magnitudes of short frames; phases at random"

    def __init__(self, *, sample_rate: int, n_fft: int = 512, hop: int = 128) -> None:
        super().__init__(sample_rate=sample_rate)
        if n_fft % 2 or not 0 < hop <= n_fft // 2:
            raise ValueError(f"hop is {hop}: use 1 to {n_fft // 2} samples, half of an even n_fft ({n_fft})")
        self.n_fft, self.hop = n_fft, hop
        self._window = get_window("hann", n_fft)

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        """The clip with the phases of this seed."""
        padded = _padded(np.asarray(clip.x, dtype=np.float64), self.n_fft, self.hop)
        frames = sliding_window_view(padded, self.n_fft)[:: self.hop] * self._window
        magnitude = np.abs(np.fft.rfft(frames, axis=1))
        phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, magnitude.shape)
        drawn = np.fft.irfft(magnitude * np.exp(1j * phase), self.n_fft, axis=1)
        power = self._window**2
        sound, weight = (
            _added_up(rows, self.hop, len(padded)) for rows in (drawn * self._window, np.tile(power, (len(frames), 1)))
        )
        kept = slice(self.n_fft, self.n_fft + len(clip.x))
        return (sound[kept] / np.sqrt(power.mean() * weight[kept])).astype(np.float32)

    @property
    def numbers_per_second(self) -> float:
        """Frames a second times n_fft / 2 + 1."""
        return (self.n_fft // 2 + 1) * self.sample_rate / self.hop


def _padded(x: NDArray[np.float64], before: int, hop: int) -> NDArray[np.float64]:
    """Zeros around the clip, so that whole frames cover all of it."""
    return np.pad(x, (before, before + hop))


def _added_up(frames: NDArray[np.float64], hop: int, length: int) -> NDArray[np.float64]:
    """Overlap and add."""
    total = np.zeros(length)
    for number, frame in enumerate(frames):
        total[number * hop : number * hop + len(frame)] += frame
    return total
