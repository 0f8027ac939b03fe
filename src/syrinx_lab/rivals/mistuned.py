"""The recording with its harmonics moved or one of them taken out; its noise stays where it is."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ..evaluation.clips import Clip, Samples
from .harmonic_noise import HarmonicNoise


class Transposed(HarmonicNoise):
    """Harmonics of `factor` times the pitch under the same spectral envelope: 0.5 is an octave error.

    x'(t) = x - sum_k Re(c_k e^{i k phi}) + s sum_j A(j factor) cos(j factor phi),   A(k) = |c_k|

    with c and phi of `HarmonicNoise`, A on straight lines between the harmonics, the outermost beyond them, and s such
    that the new harmonics are as loud as the old ones. Factor 1 is the same song with other phases.

    factor  0.25 to 4
    Other arguments as `HarmonicNoise`. Raises ValueError for a factor out of range.
    """

    about = "the recording, its pitch times a factor under the same spectrum"
    kind: ClassVar[str] = "change"

    def __init__(
        self,
        *,
        sample_rate: int,
        factor: float,
        harmonics: int = 24,
        hop: int = 64,
        pitch_range_hz: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(sample_rate=sample_rate, harmonics=harmonics, hop=hop, pitch_range_hz=pitch_range_hz)
        if not 0.25 <= factor <= 4:
            raise ValueError(f"factor is {factor}: use 0.25 to 4")
        self.factor = factor

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        """The clip with its pitch moved; nothing is drawn."""
        x = np.asarray(clip.x, dtype=np.float64)
        f0, voiced = self._pitch(clip.x)
        phase = self._phase(f0, len(x))
        fitted = self.amplitudes(x, f0, phase) * voiced[:, None]
        heard = np.abs(fitted)
        old = np.arange(1, self.harmonics + 1)
        new = np.arange(1, math.ceil(self.harmonics / self.factor) + 1)
        moved = np.stack([np.interp(new * self.factor, old, row) for row in heard])
        moved *= new * self.factor * f0[:, None] < self.top_hz
        power = (moved**2).sum(1, keepdims=True)
        moved *= np.sqrt((heard**2).sum(1, keepdims=True) / np.maximum(power, 1e-30))
        return (x - self._sum(fitted, phase) + self._sum(moved, self.factor * phase)).astype(np.float32)

    @property
    def numbers_per_second(self) -> float:
        """All samples."""
        return float(self.sample_rate)


class PartialLost(HarmonicNoise):
    """Without the strongest of its harmonics.

    x'(t) = x - Re(c_k e^{i k phi}),   k that of the largest sum of |c_k|^2 over the clip

    Arguments as `Transposed`.
    """

    about = "the recording without the strongest of its harmonics"
    kind: ClassVar[str] = "change"

    def __init__(
        self,
        *,
        sample_rate: int,
        harmonics: int = 24,
        hop: int = 64,
        pitch_range_hz: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(sample_rate=sample_rate, harmonics=harmonics, hop=hop, pitch_range_hz=pitch_range_hz)

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        """The clip less one harmonic; nothing is drawn."""
        x = np.asarray(clip.x, dtype=np.float64)
        f0, voiced = self._pitch(clip.x)
        phase = self._phase(f0, len(x))
        fitted = self.amplitudes(x, f0, phase) * voiced[:, None]
        strongest = int((np.abs(fitted) ** 2).sum(0).argmax())
        fitted[:, np.arange(self.harmonics) != strongest] = 0
        return (x - self._sum(fitted, phase)).astype(np.float32)

    @property
    def numbers_per_second(self) -> float:
        """All samples."""
        return float(self.sample_rate)
