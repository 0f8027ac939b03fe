"""Bands of noise under the envelopes of the recording's bands: what a score grants to sound without a pitch."""

from __future__ import annotations

import numpy as np

from ..evaluation.clips import Clip, Samples
from .bands import Bands
from .rival import Rival


class NoiseVocoder(Rival):
    """White noise in bands, each under the envelope of the recording in that band.

    x'(t) = sum_b e_b(t) n_b(t),   e_b the rms of the recording in band b, n_b noise of unit rms in it

    sample_rate      Hz
    bands            how many, evenly on the mel scale
    hop              samples from one knot of an envelope to the next
    low_hz, high_hz  middle of the first and of the last band; high_hz None: 0.45 of the sample rate

    Source: Shannon et al. (1995), Science 270, 303.
    """

    about = "envelopes of bands; noise in each"

    def __init__(
        self, *, sample_rate: int, bands: int = 80, hop: int = 256, low_hz: float = 200.0, high_hz: float | None = None
    ) -> None:
        super().__init__(sample_rate=sample_rate)
        top = 0.45 * sample_rate if high_hz is None else high_hz
        self.bands = Bands(sample_rate=sample_rate, count=bands, low_hz=low_hz, high_hz=top, hop=hop)

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        """The clip as the noise of this seed under its envelopes."""
        envelopes = self.bands.envelopes(np.asarray(clip.x, dtype=np.float64))
        return self.bands.noise(envelopes, len(clip.x), np.random.default_rng(seed)).astype(np.float32)

    @property
    def numbers_per_second(self) -> float:
        """Bands times knots a second."""
        return len(self.bands) * self.sample_rate / self.bands.hop
