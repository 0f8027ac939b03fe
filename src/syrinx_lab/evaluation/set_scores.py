"""Scores of all clips of a split together: can a classifier tell them from the bird's, and name them?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .clips import evenly_spread
from .held_out import HeldOut
from .takes import Take

LEAST_CLIPS, LEAST_RECORDINGS = 8, 3
MOST_CLIPS = 96


def set_scores(takes: Sequence[Take], held_out: HeldOut, sample_rate: int) -> dict[str, Any] | None:
    """Two-sample test and recognition of what was sung, as it is; None with fewer than 8 clips or 3 recordings.

    c2st         patches, clips: area under the curve of telling sung from real, see `c2st`; 0.5 is perfect
    c2st_bird    the same of the bird's clips against the bird's: how far from 0.5 chance lies with so few
    recognition  sung, real, ratio: see `recognition`; None in place of numbers that are not defined

    takes     of one split; of more than 96 so many, evenly spread
    held_out  whose training syllables the judge of `recognition` learns
    """
    chosen = evenly_spread(takes, MOST_CLIPS)
    groups = [take.clip.vocalisation.recording for take in chosen]
    if len(chosen) < LEAST_CLIPS or len(set(groups)) < LEAST_RECORDINGS:
        return None
    from ..metrics.recognition import recognition  # scikit-learn takes a second to import
    from ..metrics.two_sample import c2st, c2st_of_the_bird

    labels = [take.clip.vocalisation.label for take in chosen]
    sung = [take.raw[take.clip.onset : take.clip.offset] for take in chosen]
    real = [take.clip.x[take.clip.onset : take.clip.offset] for take in chosen]
    apart = c2st(sung, real, groups, sample_rate=sample_rate)
    bird = c2st_of_the_bird(real, labels, groups, sample_rate=sample_rate)
    known = held_out.labelled_syllables()
    names = recognition(
        [x.numpy() for _, x in known], [label for label, _ in known], sung, real, labels, sample_rate=sample_rate
    )
    return {
        "c2st": {"patches": _number(apart.patches), "clips": _number(apart.clips)},
        "c2st_bird": {"patches": _number(bird.patches), "clips": _number(bird.clips)},
        "recognition": {name: _number(getattr(names, name)) for name in ("sung", "real", "ratio")},
        "clips": len(chosen),
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
