"""The recording itself with one thing changed: what a metric says of that shows what it hears."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from ..evaluation.clips import Clip, Samples
from ..metrics.envelope_correlation import gaussian_envelope
from .rival import Rival

Array = NDArray[np.float64]
_RAMP_MS = 2.0


class Changed(Rival):
    """A change of the clip that is given; with gain 1 and nothing else it is the clip.

    sample_rate  Hz
    gain         on all of it, dimensionless
    """

    about = "the recording times a factor"
    kind: ClassVar[str] = "change"

    def __init__(self, *, sample_rate: int, gain: float = 1.0) -> None:
        super().__init__(sample_rate=sample_rate)
        self.gain = gain

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        """The changed clip; what is drawn depends on the seed."""
        changed = self.changed(np.asarray(clip.x, dtype=np.float64), clip, np.random.default_rng(seed))
        return (self.gain * changed).astype(np.float32)

    def changed(self, x: Array, clip: Clip, generator: np.random.Generator) -> Array:
        """The samples x (L,) of a clip -> as many; here themselves."""
        return x

    @property
    def numbers_per_second(self) -> float:
        """All samples."""
        return float(self.sample_rate)


class Late(Changed):
    """Everything `ms` later, zeros before it."""

    about = "the recording, late"

    def __init__(self, *, sample_rate: int, ms: float) -> None:
        super().__init__(sample_rate=sample_rate)
        self.ms = ms

    def changed(self, x: Array, clip: Clip, generator: np.random.Generator) -> Array:
        """The clip behind round(ms rate / 1000) zeros, as long as before."""
        behind = min(round(self.ms * 1e-3 * self.sample_rate), len(x))
        return np.concatenate([np.zeros(behind), x[: len(x) - behind]])


class Trimmed(Changed):
    """A part of the clip alone, over ramps of 2 ms: the syllable in digital silence, or all that is around it.

    keep  "syllable" or "silence"
    Raises ValueError for another.
    """

    about = "a part of the recording, zeros instead of the rest"

    def __init__(self, *, sample_rate: int, keep: str) -> None:
        super().__init__(sample_rate=sample_rate)
        if keep not in ("syllable", "silence"):
            raise ValueError(f"keep is {keep!r}: use syllable or silence")
        self.keep = keep

    def changed(self, x: Array, clip: Clip, generator: np.random.Generator) -> Array:
        """The clip times 1 within [onset, offset) and 0 outside, or the other way round."""
        n = np.arange(len(x))
        inside = np.minimum(n - clip.onset, clip.offset - 1 - n) / (_RAMP_MS * 1e-3 * self.sample_rate)
        gate = np.clip(inside, 0, 1)
        return x * (gate if self.keep == "syllable" else 1 - gate)


class Backwards(Changed):
    """The syllable from its end to its onset."""

    about = "the recording, its syllable backwards"

    def changed(self, x: Array, clip: Clip, generator: np.random.Generator) -> Array:
        """The samples of [onset, offset) in reverse order."""
        there = slice(clip.onset, clip.offset)
        turned = x.copy()
        turned[there] = x[there][::-1]
        return turned


class Muffled(Changed):
    """Without its high frequencies: a zero-phase low-pass, 6 dB down at `cutoff_hz`, 48 dB an octave."""

    about = "the recording without high frequencies"

    def __init__(self, *, sample_rate: int, cutoff_hz: float) -> None:
        super().__init__(sample_rate=sample_rate)
        if not 0 < cutoff_hz < sample_rate / 2:
            raise ValueError(f"cutoff_hz is {cutoff_hz}: use more than 0 and less than {sample_rate / 2:g}")
        self._sections = butter(4, cutoff_hz, fs=sample_rate, output="sos")

    def changed(self, x: Array, clip: Clip, generator: np.random.Generator) -> Array:
        """Butterworth of order 4, run both ways."""
        low: Array = sosfiltfilt(self._sections, x)
        return low


class Noisy(Changed):
    """White noise over it, `snr_db` below the clip's rms."""

    about = "the recording in white noise"

    def __init__(self, *, sample_rate: int, snr_db: float) -> None:
        super().__init__(sample_rate=sample_rate)
        self.snr_db = snr_db

    def changed(self, x: Array, clip: Clip, generator: np.random.Generator) -> Array:
        """x + rms(x) 10^(-snr_db / 20) n."""
        return x + _rms(x) * 10 ** (-self.snr_db / 20) * generator.standard_normal(len(x))


class NoiseInstead(Changed):
    """White noise under the clip's envelope (Gaussian, 2 ms), as loud as the clip: no pitch, and no spectrum."""

    about = "white noise under the recording's envelope"

    def changed(self, x: Array, clip: Clip, generator: np.random.Generator) -> Array:
        """E n, scaled to the rms of x."""
        noise = gaussian_envelope(x, sample_rate=self.sample_rate) * generator.standard_normal(len(x))
        return noise * (_rms(x) / max(_rms(noise), 1e-15))


def _rms(x: Array) -> float:
    return float(np.sqrt(np.mean(x**2)))
