"""Scores of all clips of a split together: can a classifier tell them from the bird's, and name them?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .clips import Clip, Samples, evenly_spread
from .held_out import HeldOut

if TYPE_CHECKING:
    from ..metrics.recognition import Recogniser

LEAST_CLIPS, LEAST_RECORDINGS = 8, 3
MOST_CLIPS = 96


class SetJudge:
    """Two-sample test and recognition of whatever was sung of the same clips.

    What does not depend on it, the bird against itself and the classifier of syllables, is computed once.

    clips        of one split; of more than 96 so many, evenly spread
    held_out     whose training syllables the classifier learns
    sample_rate  Hz
    """

    def __init__(self, clips: Sequence[Clip], held_out: HeldOut, sample_rate: int) -> None:
        self._chosen = evenly_spread(range(len(clips)), MOST_CLIPS)
        self._clips = [clips[number] for number in self._chosen]
        self._groups = [clip.vocalisation.recording for clip in self._clips]
        self._labels = [clip.vocalisation.label for clip in self._clips]
        self._real = [clip.x[clip.onset : clip.offset] for clip in self._clips]
        self._held_out, self.sample_rate = held_out, sample_rate

    def scores(self, sung: Sequence[Samples]) -> dict[str, Any] | None:
        """Of one sound (L,) a clip, as it is; None with fewer than 8 clips or 3 recordings.

        c2st         patches, clips: area under the curve of telling sung from real, see `c2st`; 0.5 is perfect
        c2st_bird    the same of the bird's clips against the bird's: how far from 0.5 chance lies with so few
        recognition  sung, real, ratio: see `Recogniser`; None in place of numbers that are not defined
        """
        if len(self._clips) < LEAST_CLIPS or len(set(self._groups)) < LEAST_RECORDINGS:
            return None
        from ..metrics.two_sample import c2st  # scikit-learn takes a second to import

        syllables = [sung[number][clip.onset : clip.offset] for number, clip in zip(self._chosen, self._clips)]
        apart = c2st(syllables, self._real, self._groups, sample_rate=self.sample_rate)
        names = self._recogniser.recognition(syllables)
        return {
            "c2st": {"patches": _number(apart.patches), "clips": _number(apart.clips)},
            "c2st_bird": dict(self._bird),
            "recognition": {name: _number(getattr(names, name)) for name in ("sung", "real", "ratio")},
            "clips": len(self._clips),
        }

    @cached_property
    def _bird(self) -> dict[str, float | None]:
        from ..metrics.two_sample import c2st_of_the_bird

        found = c2st_of_the_bird(self._real, self._groups, sample_rate=self.sample_rate)
        return {"patches": _number(found.patches), "clips": _number(found.clips)}

    @cached_property
    def _recogniser(self) -> Recogniser:
        from ..metrics.recognition import Recogniser

        known = self._held_out.labelled_syllables()
        syllables, names = [x.numpy() for _, x in known], [label for label, _ in known]
        return Recogniser(syllables, names, self._real, self._labels, sample_rate=self.sample_rate)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
