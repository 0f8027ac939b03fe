"""Where an evaluation's clips come from."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from ..data.stored_split import Changes
from .clips import Clip


class HeldOut(Protocol):
    """The recordings of a run in the split that it was trained with; `SongDataModule` is one.

    changes  what has happened to them since
    """

    changes: Changes

    def clips(self, split: str) -> list[Clip]:
        """The clips of val or test, or those of recordings that are new since the training."""

    def groups_of(self, split: str) -> dict[str, dict[str, str]]:
        """Recording -> its bird, day and session, of the clips of a split; only kinds that differ there."""

    def renditions(self, split: str) -> list[tuple[Clip, Clip]]:
        """Pairs of renditions of one syllable by one bird, the first of them a clip of the split."""

    def calibration_material(self) -> tuple[list[Tensor], list[Tensor]]:
        """Vocalisations of train, each (L,): with their silence, and the syllables alone."""

    def labelled_syllables(self) -> list[tuple[str, Tensor]]:
        """Syllables of train alone, (L,), with their labels."""

    def fingerprint(self) -> str:
        """Hash of what was read."""
