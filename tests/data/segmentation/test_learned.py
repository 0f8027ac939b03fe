"""An ear says what sings, the envelope when."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from songs import RATE, finch
from torch import Tensor

from syrinx_lab.data.segmentation import learned
from syrinx_lab.data.segmentation.learned import LearnedSegmenter


class CoarseEar:
    """Knows the syllables of a recording but for 8 ms at either end, whatever piece of it comes."""

    def __init__(self, truth: np.ndarray, samples: np.ndarray, confidence: float = 0.9) -> None:
        self.truth, self.samples, self.confidence = truth, samples, confidence

    def __call__(self, audio: Tensor, sample_rate: int) -> SimpleNamespace:
        piece = audio.numpy()
        starts = np.flatnonzero(self.samples == piece[0])
        first = next(k for k in starts if np.array_equal(self.samples[k : k + len(piece)], piece))
        times = self.truth - first / sample_rate
        inside = times[(times[:, 0] > 0) & (times[:, 1] < len(piece) / sample_rate)]
        sure = [self.confidence] * len(inside)
        return SimpleNamespace(onsets=inside[:, 0] + 0.008, offsets=inside[:, 1] - 0.008, confidence=sure)


@pytest.mark.parametrize("piece_s", [30.0, 0.7])
def test_what_the_ear_hears_has_the_envelopes_boundaries(piece_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "_PIECE_S", piece_s)
    samples, truth, _ = finch(0)
    segmenter = LearnedSegmenter(CoarseEar(truth, samples)).fitted([(samples, RATE)])
    found = segmenter.segment(samples, RATE).syllables
    assert len(found) == len(truth)
    np.testing.assert_allclose([s.onset_s for s in found], truth[:, 0], atol=0.004)
    np.testing.assert_allclose([s.offset_s for s in found], truth[:, 1], atol=0.004)
    assert segmenter.with_found(segmenter.found()).envelope == segmenter.envelope


def test_what_the_ear_does_not_hear_is_no_syllable() -> None:
    samples, truth, _ = finch(0)
    half = LearnedSegmenter(CoarseEar(truth[:8], samples)).fitted([(samples, RATE)])
    result = half.segment(samples, RATE)
    assert [round(s.onset_s, 1) for s in result.syllables] == [round(t, 1) for t in truth[:8, 0]]
    assert len(result.others) == len(truth) - 8
    deaf = LearnedSegmenter(CoarseEar(truth[:0], samples)).segment(samples, RATE)
    assert deaf.syllables == ()
