"""Where somebody sings in pieces of recordings that nobody annotated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..data.segmentation.threshold import ThresholdSegmenter

Samples = NDArray[np.float32]


def stretches_of_song(pieces: Sequence[Samples], sample_rate: int) -> list[list[tuple[int, int]]]:
    """The syllables [onset, offset) of every piece, in samples of it; none where nothing stands out of its background.

    They are those of `ThresholdSegmenter`, calibrated to these pieces, calls included: of a bird of which nothing is
    known every voiced sound counts, bangs and wings do not.

    pieces       (L,) each, of one bird, high-passed, any unit
    sample_rate  Hz
    """
    sounding = [(piece, sample_rate) for piece in pieces if len(piece) and np.ptp(piece) > 0]
    segmenter = ThresholdSegmenter(calls="keep").fitted(sounding)
    found = []
    for piece in pieces:
        syllables = segmenter.segment(piece, sample_rate).syllables if len(piece) and np.ptp(piece) > 0 else ()
        ends = [(round(one.onset_s * sample_rate), round(one.offset_s * sample_rate)) for one in syllables]
        found.append([(on, min(off, len(piece))) for on, off in ends if on < min(off, len(piece))])
    return found
