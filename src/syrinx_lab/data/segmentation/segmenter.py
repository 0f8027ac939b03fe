"""What a segmenter takes and gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Found:
    """A sound that may be a syllable.

    onset_s, offset_s  seconds from the start of the recording
    confidence         0 to 1: how sure it is that this is a syllable of song with these boundaries
    """

    onset_s: float
    offset_s: float
    confidence: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.offset_s - self.onset_s


@dataclass(frozen=True)
class Segmentation:
    """What was found in one recording, in order of time.

    syllables  those of song
    others     sounds that are no song: calls, noise of the cage
    doubts     a line for all that makes the result doubtful
    """

    syllables: tuple[Found, ...] = ()
    others: tuple[Found, ...] = ()
    doubts: tuple[str, ...] = ()


class Segmenter(ABC):
    """Finds syllables in a recording; must be picklable, for recordings are segmented by several processes."""

    def fitted(self, recordings: Sequence[tuple[np.ndarray, int]]) -> Segmenter:
        """A segmenter with what it wants to know of all recordings, found from some of them.

        recordings  (samples (n,) float32, sample rate in Hz) of each
        """
        return self

    def found(self) -> dict[str, Any]:
        """What `fitted` found, in plain values that JSON takes; {} where nothing was."""
        return {}

    def with_found(self, found: Mapping[str, Any]) -> Segmenter:
        """The segmenter with what was found before, see `found`."""
        return self

    @abstractmethod
    def segment(self, samples: np.ndarray, sample_rate: int) -> Segmentation:
        """The syllables of one recording, that do not overlap.

        samples      (n,) float32, full scale 1, n >= 1, finite
        sample_rate  Hz
        """
