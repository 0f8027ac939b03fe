"""Bands that add up to the whole: raised cosines on the mel scale, and the power in them over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Array = NDArray[np.float64]


class Bands:
    """Overlapping bands whose squared gains add up to one from `low_hz` to `high_hz`.

    g_b(f) = cos(pi/2 min(1, |m(f) - m_b| / step)),   m(f) = 2595 log10(1 + f / 700)

    sample_rate       Hz
    count             bands, at least 2
    low_hz, high_hz   middle of the first and of the last band; beyond them the outermost band's gain stays 1
    hop               samples from one knot of the envelopes to the next
    Raises ValueError for a range that is none.
    """

    def __init__(self, *, sample_rate: int, count: int, low_hz: float, high_hz: float, hop: int) -> None:
        if count < 2 or not 0 < low_hz < high_hz <= sample_rate / 2:
            raise ValueError(
                f"{count} bands from {low_hz:g} to {high_hz:g} Hz: use at least 2, within 0 to {sample_rate / 2:g} Hz"
            )
        self.sample_rate, self.hop = sample_rate, hop
        self.centres_mel = np.linspace(_mel(low_hz), _mel(high_hz), count)

    def __len__(self) -> int:
        return len(self.centres_mel)

    def split(self, x: Array) -> Array:
        """x (L,), or one for each band (bands, L) -> (bands, L), by filters without phase; x is mirrored at its end."""
        padded = np.concatenate([x, x[..., ::-1]], axis=-1)
        gains = self.gains(np.fft.rfftfreq(padded.shape[-1], 1 / self.sample_rate))
        return np.fft.irfft(np.fft.rfft(padded) * gains, padded.shape[-1])[:, : x.shape[-1]]

    def gains(self, hz: NDArray[np.floating]) -> Array:
        """(bands, n) gains at n frequencies in Hz."""
        mel = np.clip(_mel(hz), self.centres_mel[0], self.centres_mel[-1])
        distance = np.abs(mel - self.centres_mel[:, None]) / (self.centres_mel[1] - self.centres_mel[0])
        return np.cos(np.pi / 2 * np.minimum(distance, 1.0))

    def envelopes(self, x: Array) -> Array:
        """x (L,) -> rms of every band at the knots (bands, T), T = ceil((L - 1) / hop) + 1.

        The window is a Gaussian of standard deviation hop / 2, so that a knot hears what lies nearest to it.
        """
        power = gaussian_filter1d(self.split(x) ** 2, self.hop / 2, axis=1, mode="nearest")
        knots = np.arange(-(-(len(x) - 1) // self.hop) + 1) * self.hop
        return np.sqrt(power[:, np.minimum(knots, len(x) - 1)])

    def noise(self, envelopes: Array, length: int, generator: np.random.Generator) -> Array:
        """Noise (length,) whose bands have these envelopes (bands, T), on straight lines between the knots.

        Every band has noise of its own: of one noise, neighbours would add up where they overlap, to 2 dB too much.
        """
        times = np.arange(length) / self.hop
        knots = np.arange(envelopes.shape[1])
        carriers = self.split(generator.standard_normal((len(self), length)))
        carriers /= np.sqrt(np.mean(carriers**2, axis=1, keepdims=True))
        return sum((np.interp(times, knots, level) * one for level, one in zip(envelopes, carriers)), np.zeros(length))


def _mel(hz: NDArray[np.floating] | float) -> Array:
    return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)
