"""Intervals of means: their width, and that recordings, not clips, are drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from syrinx_lab.runs.intervals import bootstrap_intervals


def test_independent_clips_have_the_normal_interval() -> None:
    """200 recordings of a clip each: mean +- 1.96 s / sqrt n."""
    x = np.random.default_rng(0).normal(3.0, 2.0, 200)
    low, high = bootstrap_intervals({"m": x.tolist()}, [str(k) for k in range(200)])["m"] or (0, 0)
    half = 1.97 * x.std() / math.sqrt(199)
    assert (low, high) == pytest.approx((x.mean() - half, x.mean() + half), abs=0.05)


def test_clips_of_one_recording_are_one_draw() -> None:
    """Ten copies of each of 20 values say no more than the 20: the interval is as wide, not sqrt 10 narrower."""
    x = np.random.default_rng(1).normal(0.0, 1.0, 20)
    alone = bootstrap_intervals({"m": x.tolist()}, [str(k) for k in range(20)])["m"]
    copies = bootstrap_intervals({"m": np.repeat(x, 10).tolist()}, [str(k) for k in range(20) for _ in range(10)])["m"]
    assert copies == pytest.approx(alone, abs=1e-12)


def test_what_is_not_defined_is_left_out() -> None:
    groups = ["a", "a", "b", "b", "c"]
    found = bootstrap_intervals({"m": [1.0, None, 1.0, math.nan, 1.0], "n": [1.0, 2.0, None, None, None]}, groups)
    assert found == {"m": (1.0, 1.0), "n": None}
    assert bootstrap_intervals({"m": []}, []) == {"m": None}


@pytest.mark.parametrize("recordings", [3, 5, 40])
def test_it_covers_the_truth_as_often_as_it_says(recordings: int) -> None:
    """Of few recordings, with twelve clips each, as of many."""
    generator = np.random.default_rng(2)
    groups = [str(k) for k in range(recordings) for _ in range(12)]
    hits = 0
    for trial in range(200):
        x = np.repeat(generator.normal(0.0, 1.0, recordings), 12) + generator.normal(0.0, 0.3, 12 * recordings)
        low, high = bootstrap_intervals({"m": x.tolist()}, groups, seed=trial)["m"] or (0, 0)
        hits += low <= 0 <= high
    assert 0.9 <= hits / 200 <= 0.995
