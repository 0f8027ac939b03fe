"""The range in which a bird's pitch is looked for."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class PitchRange:
    """Lowest and highest fundamental frequency, in Hz.

    The lowest sets how long the frames are (see `AnalysisFrames`), so a range that is needlessly low blurs fast sweeps.
    Raises ValueError unless 0 < min_hz < max_hz, both finite.
    """

    min_hz: float
    max_hz: float

    def __post_init__(self) -> None:
        if not 0 < self.min_hz < self.max_hz < math.inf:
            raise ValueError(
                f"pitch range {self.min_hz} to {self.max_hz} Hz: give two frequencies with 0 < min_hz < max_hz"
            )

    @property
    def middle_hz(self) -> float:
        """The geometric mean of the two ends in Hz."""
        return math.sqrt(self.min_hz * self.max_hz)
