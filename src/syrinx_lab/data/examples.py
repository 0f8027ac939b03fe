"""Typical syllables of a corpus, to look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .annotation_problem import printable
from .corpus import Corpus, Recording, Syllable

MOST = 16  # clips of a figure
MARGIN_MS = 20.0


def examples(corpus: Corpus) -> list[tuple[str, NDArray[np.float32]]]:
    """Clips for a figure: of each selected label the one or two renditions whose length is nearest to the median.

    Returns (title, samples (N,) with 20 ms before and after the syllable) in order of label: two a label up to eight
    labels, else one of the 16 commonest.
    """
    by_label: dict[str, list[tuple[Recording, Syllable]]] = {}
    for recording in corpus.recordings.values():
        for syllable in recording.syllables:
            if syllable.selected:
                by_label.setdefault(syllable.label, []).append((recording, syllable))
    commonest = sorted(by_label, key=lambda label: (-len(by_label[label]), label))[:MOST]
    each = 2 if 2 * len(commonest) <= MOST else 1
    margin = round(MARGIN_MS * 1e-3 * corpus.sample_rate)
    clips = []
    for label in sorted(commonest):
        renditions = by_label[label]
        middle = float(np.median([len(syllable) for _, syllable in renditions]))
        for recording, syllable in sorted(renditions, key=lambda pair: abs(len(pair[1]) - middle))[:each]:
            cut = slice(max(syllable.onset - margin, 0), syllable.offset + margin)
            title = f"{label}  {printable(recording.path.stem)} at {syllable.onset / corpus.sample_rate:.2f} s"
            clips.append((title, recording.samples[cut] * np.float32(syllable.gain)))
    return clips
