"""Held-out vocalisations as arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..types import Vocalisation

Samples = NDArray[np.float32]
T = TypeVar("T")  # clip or take


@dataclass(frozen=True)
class Clip:
    """A held-out vocalisation: x, dx = dt x' and d2x = dt^2 x'', each (L,) float32, and its bird where it is known."""

    vocalisation: Vocalisation
    x: Samples
    dx: Samples
    d2x: Samples
    bird: str | None = None

    @property
    def onset(self) -> int:
        """Sample of the clip at which the syllable begins; 0 where the clip begins within it."""
        return max(self.vocalisation.onset - self.vocalisation.start, 0)

    @property
    def offset(self) -> int:
        """Sample of the clip at which the syllable ends; its end where it goes on."""
        return min(self.vocalisation.offset, self.vocalisation.stop) - self.vocalisation.start


def evenly_spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many of the items, evenly spread from the first to the last."""
    return [items[i] for i in np.unique(np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int))]


def clips_hash(clips: Sequence[Clip]) -> str:
    """12 hexadecimal digits that change with any sound, label or syllable of the clips, not with their files' names."""
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(repr((clip.vocalisation.label, clip.onset, clip.offset, len(clip.x))).encode())
        digest.update(np.ascontiguousarray(clip.x, dtype="<f4").tobytes())
    return digest.hexdigest()[:12]
