"""The facts of every metric, beside the scores that they speak of."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from syrinx_lab.metrics.autonomy import score_clip
from syrinx_lab.metrics.facts import METRICS, check_selection_metric, headline, higher_is_better, metric_of
from syrinx_lab.metrics.oscillator_share import oscillator_share
from syrinx_lab.metrics.score import Score
from syrinx_lab.metrics.sung_clip import SungClip


def test_every_score_has_its_facts_and_every_fact_its_score() -> None:
    assert METRICS.keys() == {field.name for field in fields(Score)} - {"outside"}
    assert all(name == metric.name and metric.unit for name, metric in METRICS.items())
    assert headline() == ("tf_corr", "autonomy", "bounded_frac", "wrong_partial")


def test_what_stands_beside_a_score_and_the_lowest_share() -> None:
    assert metric_of("val/accel_r2").higher_is_better
    tone = np.sin(np.arange(64.0))
    assert oscillator_share(tone, 9 * tone) == METRICS["oscillator_share"].low == -1.0


def test_the_direction_is_that_of_the_metric_itself() -> None:
    """The recording itself scores at least as well as a worse song in every metric, and within the bounds."""
    rate, onset, offset = 44100, 1000, 5000
    generator = np.random.default_rng(0)
    t = np.arange(6000) / rate
    target = 1e-4 * generator.standard_normal(6000)
    target[onset:offset] += 0.3 * np.sin(2 * np.pi * 900 * t[onset:offset])
    late = np.zeros(6000)
    # a wrong note with an undertone; in between an octave too high, since only octaves are octave errors
    late[onset + 1500 : offset] = 0.02 * np.sin(2 * np.pi * 1500 * t[onset + 1500 : offset])
    late[onset + 2500 : offset - 500] = 0.02 * np.sin(2 * np.pi * 1800 * t[onset + 2500 : offset - 500])
    late[onset + 1500 : offset] += 0.005 * np.sin(2 * np.pi * 500 * t[onset + 1500 : offset])
    late += 1e-4 * generator.standard_normal(6000)
    where = {"sample_rate": rate, "onset": onset, "offset": offset}
    good_fit = {"acceleration": target, "target_acceleration": target, "numbers_per_second": 0.0}
    bad_fit = {"acceleration": late, "target_acceleration": target, "numbers_per_second": 9.0}
    perfect = score_clip(SungClip(target, target, without_oscillator=0 * target, **good_fit, **where)).values()
    worse = score_clip(SungClip(late, target, without_oscillator=0.9 * late, **bad_fit, **where)).values()
    alive = {"bounded_frac"}  # both are
    for name, facts in METRICS.items():
        good, bad = perfect[name], worse[name]
        if name not in alive:
            assert good != bad, name
            assert (good > bad) == facts.higher_is_better, name
        assert facts.low - 1e-9 <= bad <= facts.high + 1e-9, name
        if name != "leak_db":  # of which the recording has some itself
            assert good == pytest.approx(facts.high if facts.higher_is_better else facts.low, abs=1e-6), name


def test_a_score_is_known_by_every_name_that_it_is_logged_under() -> None:
    for name in ("amp_pen", "val/amp_pen", "val.amp_pen", "test/rescaled_amp_pen", "eval/val/amp_pen", "new.amp_pen"):
        assert metric_of(name) is METRICS["amp_pen"]
        assert not higher_is_better(name)
    assert higher_is_better("val/rescaled_tf_corr")
    assert not higher_is_better("loss/total")
    for name in ("val/amp", "pesq", "train/lr", "loss", "val/loss/total", ""):
        with pytest.raises(ValueError, match=r"whether more of it is better is not known; .*one of tf_corr, autonomy"):
            higher_is_better(name)


def test_models_are_selected_by_a_metric_alone() -> None:
    assert check_selection_metric("f0_cents") == "f0_cents"
    for name in ("val/tf_corr", "rescaled_tf_corr", "tf_cor", None, 3):
        with pytest.raises(ValueError, match=r"^checkpoint\.metric is .*: use one of tf_corr, "):
            check_selection_metric(name)


def test_they_are_read_without_torch() -> None:
    code = "import sys, syrinx_lab.metrics.facts; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
