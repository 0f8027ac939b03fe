"""Harmonics of the pitch and filtered noise: amplitudes by least squares, noise from what they leave."""

from __future__ import annotations

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import get_window

from ..controls.analyser import Analyser
from ..evaluation.clips import Clip, Samples
from .bands import Bands
from .rival import Rival, Songs

Array = NDArray[np.float64]
Spectrum = NDArray[np.complex128]
_RIDGE = 1e-4  # of the mean of the diagonal: harmonics that a window cannot tell apart share what there is


class HarmonicNoise(Rival):
    """Sinusoids at multiples of the pitch, their amplitudes fitted to the clip, and bands of noise for the rest.

    x'(t) = sum_k a_k(t) cos(k phi(t)) + sum_b e_b(t) n_b(t),   phi' = 2 pi f0,   a_k = |c_k|

    At every knot the complex c_k minimise sum_t w(t)^2 (x(t) - Re sum_k c_k exp(i k phi(t)))^2 under a Hann window w;
    e_b are the envelopes of what the sum leaves of the clip, with its phases. Phases are no part of the numbers, as in
    DDSP. Where there is no pitch, there are no harmonics.

    sample_rate     Hz
    harmonics       how many
    bands           of the noise
    hop             samples from knot to knot
    periods         of the lowest pitch in a window
    pitch_range_hz  (lowest, highest) pitch, Hz; None: found in the syllables of train
    low_hz, top_hz  middle of the first band of noise; above the other there is neither a harmonic nor noise, None: 0.45
                    of the sample rate

    Source: Serra and Smith (1990), Computer Music J. 14(4), 12; Engel et al. (2020), ICLR, "DDSP", section 3.
    """

    about = "pitch, amplitudes of its harmonics and bands of noise"

    def __init__(
        self,
        *,
        sample_rate: int,
        harmonics: int = 24,
        bands: int = 55,
        hop: int = 256,
        periods: float = 3.0,
        pitch_range_hz: tuple[float, float] | None = None,
        low_hz: float = 200.0,
        top_hz: float | None = None,
    ) -> None:
        super().__init__(sample_rate=sample_rate)
        self.harmonics, self.hop, self.periods = harmonics, hop, periods
        self.top_hz = 0.45 * sample_rate if top_hz is None else top_hz
        self.bands = Bands(sample_rate=sample_rate, count=bands, low_hz=low_hz, high_hz=self.top_hz, hop=hop)
        self.analyser = Analyser(sample_rate=sample_rate, pitch_range_hz=pitch_range_hz)

    def fit(self, songs: Songs) -> None:
        """Find the range of the bird's pitch in the syllables of train, where it is not given."""
        self.analyser.calibrate(songs.recordings, songs.syllables)

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        """The clip as its harmonics and the noise of this seed."""
        x = np.asarray(clip.x, dtype=np.float64)
        f0, voiced = self._pitch(clip.x)
        phase = self._phase(f0, len(x))
        fitted = self.amplitudes(x, f0, phase) * voiced[:, None]
        residual = x - self._sum(fitted, phase)
        noise = self.bands.noise(self.bands.envelopes(residual), len(x), np.random.default_rng(seed))
        return (self._sum(np.abs(fitted), phase) + noise).astype(np.float32)

    def amplitudes(self, x: Array, f0: Array, phase: Array) -> Spectrum:
        """(T, K) complex amplitudes of the harmonics of f0 (T,) Hz in x (L,), for its phase (L,) in radians."""
        lowest = self.analyser.pitch_range().min_hz
        half = round(self.periods * self.sample_rate / lowest / 2)
        window = get_window("hann", 2 * half + 1, fftbins=False)
        last = (len(f0) - 1) * self.hop + half + 1 - len(x)

        def framed(y: Array) -> Array:
            return sliding_window_view(np.pad(y, (half, max(0, last))), len(window))[:: self.hop][: len(f0)]

        order = np.arange(1, self.harmonics + 1)
        angle = framed(phase)[:, None, :] * order[:, None]
        below = (order * f0[:, None] < self.top_hz)[..., None]
        wave = np.where(below, np.exp(1j * angle), 0) * window
        design = np.concatenate([wave.real, -wave.imag], axis=1)  # (T, 2 K, W)
        wanted = design @ (framed(x) * window)[..., None]
        gram = design @ design.transpose(0, 2, 1)
        diagonal = np.trace(gram, axis1=1, axis2=2) / gram.shape[1]
        gram += (_RIDGE * diagonal)[:, None, None] * np.eye(gram.shape[1]) + 1e-12 * np.eye(gram.shape[1])
        found = np.linalg.solve(gram, wanted)[..., 0]
        return found[:, : self.harmonics] + 1j * found[:, self.harmonics :]

    @property
    def numbers_per_second(self) -> float:
        """Knots a second times pitch, harmonics and bands."""
        return (1 + self.harmonics + len(self.bands)) * self.sample_rate / self.hop

    def _pitch(self, samples: Samples) -> tuple[Array, Array]:
        """Pitch in Hz and whether there is one, at every knot."""
        found = self.analyser(torch.as_tensor(samples)[None], self.hop)
        return found.pitch_hz[0].double().numpy(), (found.voiced[0] > 0).double().numpy()

    def _phase(self, f0: Array, length: int) -> Array:
        """phi(t) in radians."""
        hz = np.exp(np.interp(np.arange(length) / self.hop, np.arange(len(f0)), np.log(f0)))
        return 2 * np.pi * np.cumsum(hz) / self.sample_rate

    def _sum(self, amplitudes: Array | Spectrum, phase: Array) -> Array:
        """Re sum_k a_k exp(i k phi), the amplitudes on straight lines between the knots."""
        times, knots = np.arange(len(phase)) / self.hop, np.arange(len(amplitudes))
        total = np.zeros(len(phase))
        for number, values in enumerate(amplitudes.T, start=1):
            total += (np.interp(times, knots, values) * np.exp(1j * number * phase)).real
        return total
