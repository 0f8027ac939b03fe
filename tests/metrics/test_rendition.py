"""The bird's own reproducibility: alignment, means, and the value on the real bird."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from syrinx_lab.metrics.rendition import rendition_anchor, rendition_anchors, rendition_tf_corr
from syrinx_lab.metrics.time_frequency import tf_corr

RATE = 44_100
Maker = Callable[..., np.ndarray]


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


def test_mean_over_all_pairs_or_an_even_choice(syllable: Maker) -> None:
    clips = [syllable(hz) for hz in (690.0, 700.0, 705.0, 740.0)]
    values = [pair(clips[i], clips[j], 2000, 2000) for i in range(4) for j in range(i + 1, 4)]
    onsets = [2000] * 4
    assert rendition_anchor(clips, onsets, sample_rate=RATE) == pytest.approx(np.mean(values), abs=1e-12)
    chosen = rendition_anchor(clips, onsets, sample_rate=RATE, max_pairs=2)
    assert chosen == pytest.approx((values[0] + values[-1]) / 2, abs=1e-12)
    assert rendition_anchor(clips, onsets, sample_rate=RATE, max_pairs=99) == pytest.approx(np.mean(values), abs=1e-12)


def test_a_label_weighs_as_many_clips_as_it_has(syllable: Maker) -> None:
    x, y, z = syllable(), syllable(720.0), syllable(1400.0)
    anchors = rendition_anchors([x, x, y, z, z, z], [2000] * 6, ["e", "e", "single", "b", "b", "b"], sample_rate=RATE)
    assert list(anchors["per_label"]) == ["b", "e", "single"]
    assert anchors["per_label"]["e"] == anchors["per_label"]["b"] == anchors["mean"] == pytest.approx(1.0, abs=1e-12)
    assert math.isnan(anchors["per_label"]["single"])
    mixed = rendition_anchors([x, y, z, z, z], [2000] * 5, ["e", "e", "b", "b", "b"], sample_rate=RATE)
    assert mixed["mean"] == pytest.approx((2 * pair(x, y, 2000, 2000) + 3) / 5, abs=1e-12)


def test_a_defective_recording_is_left_out(syllable: Maker) -> None:
    x, y = syllable(), syllable(720.0)
    broken = x.copy()
    broken[9] = np.nan
    assert math.isnan(pair(x, 0 * x, 2000, 2000))
    assert math.isnan(pair(broken, x, 2000, 2000))
    expected = pair(x, y, 2000, 2000)
    assert rendition_anchor([x, broken, y, 0 * x], [2000] * 4, sample_rate=RATE) == pytest.approx(expected, abs=1e-12)
    assert math.isnan(rendition_anchor([x], [2000], sample_rate=RATE))
    assert math.isnan(rendition_anchor([], [], sample_rate=RATE))


@pytest.mark.parametrize(
    ("label", "expected"), [("a", 0.787), ("b", 0.767), ("c", 0.842), ("d", 0.772), ("e", 0.760), ("f", 0.764)]
)
def test_the_real_birds_own_reproducibility(renditions: dict, label: str, expected: float) -> None:
    # the expected values are those of all 780 to 3321 pairs of a label; 64 of them come within 0.02
    clips = renditions[label]
    value = rendition_anchor([c.audio for c in clips], [c.onset for c in clips], sample_rate=RATE, max_pairs=64)
    assert value == pytest.approx(expected, abs=0.02)


def test_different_syllables_agree_less(renditions: dict) -> None:
    a, b = renditions["c"][:6], renditions["d"][:6]
    across = np.mean([pair(x.audio, y.audio, x.onset, y.onset) for x in a for y in b])
    within = rendition_anchor([x.audio for x in a], [x.onset for x in a], sample_rate=RATE)
    assert across < 0.5 < 0.8 < within
