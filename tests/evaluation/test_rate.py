"""Fewer numbers a second: what is held and thinned, what a channel is worth, and which settings are the best."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.data.derivatives import derivatives
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.rate import RatePoint, RateStudy, channel_names, frontier, held
from syrinx_lab.evaluation.refinement import Refinement
from syrinx_lab.evaluation.scoring import Scoring
from syrinx_lab.evaluation.takes import read_encoded
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.syrinx.loudness import LoudnessSyrinx
from syrinx_lab.ode.tract.fir_mixture import FirMixture
from syrinx_lab.types import Vocalisation

RATE = 44_100


def clip(hz: float) -> Clip:
    """A note of 100 ms that glides, in faint noise."""
    n = np.arange(8000)
    gate = np.clip(np.minimum(n - 2000, 6400 - n) / 220, 0, 1)
    x = 0.3 * gate * np.sin(2 * np.pi * np.cumsum(hz + 0.05 * n) / RATE)
    x += 1e-3 * np.random.default_rng(0).standard_normal(8000)
    dx, d2x = derivatives(x)
    where = Vocalisation("r", "a", 0, 8000, onset=2000, offset=6400)
    return Clip(where, *(y.astype(np.float32) for y in (x, dx, d2x)))


@pytest.fixture(scope="module")
def study() -> RateStudy:
    return made(32)


def made(knot_hop: int) -> RateStudy:
    """The vocal organ with a tract whose two codes stay at zero."""
    torch.manual_seed(0)
    oscillator, encoder = LoudnessSyrinx(sample_rate=RATE), FramesEncoder(3, True, RATE, d_model=8, n_layers=1)
    oscillator.initialise_(encoder.heads)
    tract = FirMixture(sample_rate=RATE, filters=4, codes=2)
    analyser = Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0))
    model = Ouroboros(encoder, oscillator, tract, None, analyser, control_hop=32, knots_per_second=RATE / knot_hop)
    clips = [clip(800.0), clip(1100.0)]
    model.calibrate([torch.from_numpy(one.x) for one in clips], [])
    return RateStudy(model.eval(), Scoring(1e-3, 0), dict(enumerate(clips)))


def test_pitch_and_loudness_are_worth_something_and_idle_channels_nothing(study: RateStudy) -> None:
    worth = study.importance()
    assert set(worth) == {"pitch_hz", "loudness", "background", "gamma", "tract_0", "tract_1", "weight_code"}
    assert list(worth)[:2] in (["loudness", "pitch_hz"], ["pitch_hz", "loudness"])
    assert worth["loudness"] > 0.1
    assert worth["pitch_hz"] > 0.05
    assert all(abs(worth[name]) < 1e-6 for name in ("tract_0", "tract_1", "weight_code", "gamma"))


def test_a_setting_counts_what_still_varies(study: RateStudy) -> None:
    whole = study.point(study.scale, 1, study.names)
    assert whole.numbers_per_second == pytest.approx(2 * RATE / 32)
    slow = study.point(study.scale, 4, study.names)
    assert (slow.knots_per_second, slow.numbers_per_second) == pytest.approx((RATE / 128, 2 * RATE / 128))
    assert 0 < slow.scores["tf_corr"] < whole.scores["tf_corr"]
    alone = study.point(study.scale, 1, ["loudness"])
    assert alone.numbers_per_second == pytest.approx(RATE / 32)
    assert alone.channels == ("loudness",)


def test_the_shipped_setting_is_refined_and_needs_no_more_numbers(study: RateStudy) -> None:
    plain, refined = study.point(study.scale, 1, study.names), study.shipped(study.scale, Refinement(20))
    assert refined.refined
    assert not plain.refined
    assert refined.scores["tf_corr"] > plain.scores["tf_corr"] + 0.002
    assert refined.numbers_per_second == pytest.approx(4 * RATE / 32), "pitch, loudness, and now the tract's two"


def test_a_model_of_few_knots_is_thinned_out_by_those(study: RateStudy) -> None:
    """Every eighth of knots 128 samples apart is one in 1,024, whatever the grid of the drives is."""
    few = made(128)
    slow = few.point(few.scale, 8, few.names)
    assert (slow.knots_per_second, slow.numbers_per_second) == pytest.approx((RATE / 1024, 2 * RATE / 1024))
    at_once = study.point(study.scale, 32, study.names)
    assert slow.scores["tf_corr"] == pytest.approx(at_once.scores["tf_corr"], abs=0.05)
    assert slow.scores["tf_corr"] < few.point(few.scale, 1, few.names).scores["tf_corr"] - 0.005


def test_held_channels_have_the_mean_and_others_are_as_they_were(study: RateStudy) -> None:
    encoded = read_encoded(study.model, study.scale[0])
    assert channel_names(encoded) == study.names
    changed = held(encoded, ("pitch_hz", "tract_1"), study.means)
    pitch = changed.oscillator.named()["pitch_hz"]
    assert bool((pitch == study.means["pitch_hz"]).all())
    several = torch.cat([read_encoded(study.model, one).oscillator.named()["pitch_hz"] for one in study.scale.values()])
    assert float(study.means["pitch_hz"]) == pytest.approx(float(several.detach().mean()), rel=1e-5)
    assert torch.equal(changed.oscillator.named()["loudness"], encoded.oscillator.named()["loudness"])


def test_the_frontier_rises_with_the_numbers() -> None:
    values = ((9, 0.9), (1, 0.5), (4, 0.4), (4, 0.7), (6, 0.7))
    best = frontier([RatePoint(1.0, (), rate, {"tf_corr": value}) for rate, value in values])
    assert [(one.numbers_per_second, one.scores["tf_corr"]) for one in best] == [(1, 0.5), (4, 0.7), (9, 0.9)]
