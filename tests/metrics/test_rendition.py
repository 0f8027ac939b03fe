"""The bird's own reproducibility: alignment, means, and the value on the real bird."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from syrinx_lab.metrics.rendition import rendition_autonomy, rendition_tf_corr
from syrinx_lab.metrics.time_frequency import tf_corr

RATE = 44_100
Maker = Callable[..., np.ndarray]


def mean_of_pairs(clips: list, most: int) -> float:
    """Over at most so many pairs, spread evenly over the list of all."""
    pairs = list(combinations(clips, 2))
    chosen = [pairs[round(i)] for i in np.linspace(0, len(pairs) - 1, min(most, len(pairs)))]
    return float(np.mean([pair(a.audio, b.audio, a.onset, b.onset) for a, b in chosen]))


def pair(a: np.ndarray, b: np.ndarray, onset_a: int, onset_b: int) -> float:
    return rendition_tf_corr(a, b, onset_a, onset_b, sample_rate=RATE)


def test_aligned_at_the_onset_whatever_the_lead_in_and_the_tail(syllable: Maker) -> None:
    x = syllable()
    assert pair(x, x[700:], 2000, 1300) == pytest.approx(1.0, abs=1e-12)
    assert pair(x[1999:-800], x, 1, 2000) == pytest.approx(1.0, abs=1e-12)
    assert pair(x, x[700:], 2000, 1300 + 441) < 0.85


def test_the_mean_of_both_directions(syllable: Maker) -> None:
    x, y = syllable(), 3 * syllable(720.0) + 0.01 * np.random.default_rng(0).standard_normal(7497)
    there, back = tf_corr(x, y, sample_rate=RATE), tf_corr(y, x, sample_rate=RATE)
    assert abs(there - back) > 0.01
    assert pair(x, y, 2000, 2000) == pair(y, x, 2000, 2000) == pytest.approx((there + back) / 2, abs=1e-12)


def test_a_defective_recording_is_left_out(syllable: Maker) -> None:
    x = syllable()
    broken = x.copy()
    broken[9] = np.nan
    assert math.isnan(pair(x, 0 * x, 2000, 2000))
    assert math.isnan(pair(broken, x, 2000, 2000))
    for a, b in ((0 * x, x), (x, broken)):
        between = rendition_autonomy(a, b, 2000, 2000, sample_rate=RATE)
        assert all(map(math.isnan, between.values())), "no failure of the bird"


@pytest.mark.parametrize(
    ("label", "expected"), [("a", 0.787), ("b", 0.767), ("c", 0.842), ("d", 0.772), ("e", 0.760), ("f", 0.764)]
)
def test_the_real_birds_own_reproducibility(renditions: dict, label: str, expected: float) -> None:
    # the expected values are those of all 780 to 3321 pairs of a label; 64 of them come within 0.02
    clips = renditions[label]
    assert mean_of_pairs(clips, 64) == pytest.approx(expected, abs=0.02)


def test_different_syllables_agree_less(renditions: dict) -> None:
    a, b = renditions["c"][:6], renditions["d"][:6]
    across = np.mean([pair(x.audio, y.audio, x.onset, y.onset) for x in a for y in b])
    assert across < 0.5 < 0.8 < mean_of_pairs(a, 15)
