"""Where the frames of the pitch analysis lie, how long they are and which lags and frequencies they look at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.fft import next_fast_len

from .pitch_range import PitchRange

PERIODS = 1.0
OVERSAMPLING = 2
"""Lags a sample: with one, the peaks of a sound with power near the top of the band fall between the lags."""

_REACH = 3.0
_BAND_TOP_HZ = 12_000.0


@dataclass(frozen=True)
class AnalysisFrames:
    """Gaussian frames around the knots 0, hop, 2 hop, ... of a recording.

    w(u) = exp(-u^2 / (2 sigma^2)), |u| <= 3 sigma,   sigma = one period of the lowest pitch

    sample_rate     Hz
    hop             samples from knot to knot, at least 1
    pitch_range     Hz; its top must lie below half the sample rate
    lookahead_ms    None: a frame is centred on its knot. A number >= 0: no sample later than this behind the knot is
                    looked at; a frame that would reach beyond is moved back in time as a whole
    Raises ValueError for values out of range.
    """

    sample_rate: int
    hop: int
    pitch_range: PitchRange
    lookahead_ms: float | None = None

    def __post_init__(self) -> None:
        if self.sample_rate <= 0 or self.hop < 1:
            raise ValueError(f"sample_rate {self.sample_rate} Hz and hop {self.hop} samples must be positive")
        if not self.pitch_range.max_hz < self.sample_rate / 2:
            raise ValueError(
                f"pitch up to {self.pitch_range.max_hz:g} Hz cannot be heard at {self.sample_rate} Hz: "
                f"lower max_hz below {self.sample_rate / 2:g} Hz"
            )
        if self.lookahead_ms is not None and not 0 <= self.lookahead_ms < math.inf:
            raise ValueError(f"lookahead_ms {self.lookahead_ms} must be 0 or more, or None for the whole recording")

    @property
    def sigma(self) -> float:
        """Standard deviation of the window in samples."""
        return PERIODS * self.sample_rate / self.pitch_range.min_hz

    @property
    def half(self) -> int:
        """Samples of the window to either side of its middle."""
        return math.ceil(_REACH * self.sigma)

    @property
    def shortest_lag(self) -> int:
        """Period of the highest pitch, in samples, rounded down."""
        return max(1, math.floor(self.sample_rate / self.pitch_range.max_hz))

    @property
    def longest_lag(self) -> int:
        """Period of the lowest pitch, in samples, rounded up."""
        return math.ceil(self.sample_rate / self.pitch_range.min_hz)

    @property
    def fft_size(self) -> int:
        """Length of a transform in which lags up to one past the longest do not wrap."""
        size = next_fast_len(2 * self.half + self.longest_lag + 3, real=True)
        return size + size % 2

    @property
    def energy_step(self) -> int:
        """Samples between the points at which the local energy is computed, a twelfth of sigma."""
        return max(1, int(self.sigma / 12))

    @property
    def delay(self) -> int:
        """How many samples the middle of a frame lies before its knot."""
        if self.lookahead_ms is None:
            return 0
        # beside the frame itself, the local energy is read half a lag to either side
        reach = self.half + self.longest_lag // 2 + self.energy_step + 2
        return max(0, reach - int(self.lookahead_ms * 1e-3 * self.sample_rate))

    @property
    def band_hz(self) -> tuple[float, float, float]:
        """Below the first nothing counts, above the second all, above the third nothing again; in Hz."""
        low, high = self.pitch_range.min_hz, self.pitch_range.max_hz
        return 0.7 * low, 0.85 * low, max(_BAND_TOP_HZ, 1.5 * high)
