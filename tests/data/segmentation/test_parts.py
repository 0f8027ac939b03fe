"""The parts of the segmenters by closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx_lab.data.segmentation.bouts import BoutRules, Sound, bouts_of, is_song
from syrinx_lab.data.segmentation.comparison import (
    boundary_score,
    label_score,
    matched,
    overlapping,
    syllables_found,
)
from syrinx_lab.data.segmentation.envelope import excess_db
from syrinx_lab.data.segmentation.intervals import Thresholds, intervals
from syrinx_lab.data.segmentation.power import noise_of, power_of
from syrinx_lab.data.segmentation.signal_to_noise import snr_db
from syrinx_lab.data.segmentation.structure import structure_of


def test_the_noise_of_white_noise_is_its_variance_in_every_bin() -> None:
    noise = (0.03 * np.random.default_rng(0).standard_normal(8 * 32_000)).astype(np.float32)
    power = power_of(noise, 32_000, 500, 10_000)
    assert power.power.shape == (8_001, len(power.hz))
    np.testing.assert_allclose(10 * np.log10(np.median(noise_of(power.power) / 0.03**2)), 0.0, atol=0.15)
    loud = np.concatenate([noise, 10 * noise])
    levels = 10 * np.log10(np.median(noise_of(power_of(loud, 32_000, 500, 10_000).power), axis=1) / 0.03**2)
    assert levels[100] == pytest.approx(0, abs=0.3)
    assert levels[-100] == pytest.approx(20, abs=0.3)


def test_the_excess_is_the_mean_over_bins_of_power_over_noise() -> None:
    rng = np.random.default_rng(1)
    power = rng.exponential(size=(3_000, 80)).astype(np.float32) * np.geomspace(1e-6, 1e-3, 80, dtype=np.float32)
    power[1_000:1_100] *= 100
    excess, background = excess_db(power, 6.0)
    assert np.median(excess[1_020:1_080]) == pytest.approx(20.0, abs=0.4)
    assert np.median(excess) == pytest.approx(0.0, abs=0.2)
    assert background == 0


def test_crossings_are_interpolated_gaps_bridged_and_short_or_faint_sounds_left_out() -> None:
    limits = Thresholds(low_db=5.0, high_db=8.0, depth_db=30.0, gap_ms=4.0, syllable_ms=10.0)
    e = np.zeros(600, np.float32)
    e[100:120] = 20  # from 4 dB before: crossing a fraction of a frame before 100
    e[99] = 4
    e[123:140] = 20  # a gap of 3 frames
    e[200:205] = 20  # too short
    e[300:330] = 7  # too faint
    e[400:430], e[430:434], e[434:460] = 40, 9, 40  # an echo, 31 dB down
    found = intervals(e, limits)
    assert len(found) == 3
    assert found[0] == pytest.approx((100 - 15 / 16, 139 + 15 / 20))
    # the threshold is 10 dB there
    assert found[1] == pytest.approx((400 - 30 / 40, 429 + 30 / 31))
    assert found[2] == pytest.approx((434 - 30 / 31, 459 + 30 / 40))
    whole = np.full(50, 20, np.float32)
    assert intervals(whole, limits) == [(0.0, 49.0)]


def test_a_tone_has_structure_and_white_noise_none() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(4_410) / 44_100
    tone = sum(np.sin(2 * np.pi * 700 * k * t) for k in range(1, 12)) + 0.02 * rng.standard_normal(len(t))
    assert structure_of(power_of(tone.astype(np.float32), 44_100, 500, 10_000).power) > 0.99
    noise = rng.standard_normal(len(t)).astype(np.float32)
    assert structure_of(power_of(noise, 44_100, 500, 10_000).power) < 0.03


def test_bouts_are_song_where_they_are_voiced_and_long_or_cut_off() -> None:
    rules = BoutRules(gap_s=0.5, sounds=3, sound_s=0.35, voiced=0.6)
    voice = [Sound(t, t + 0.08, 1.0, 0.9) for t in (2.0, 2.2, 2.4, 3.0, 5.0)]
    assert [len(b) for b in bouts_of(voice, 0.5)] == [3, 1, 1]
    assert is_song(voice[:3], 10.0, rules)
    assert not is_song(voice[3:4], 10.0, rules)
    assert is_song(voice[3:4], 3.2, rules)
    assert not is_song([Sound(s.onset_s, s.offset_s, 1.0, 0.1) for s in voice[:3]], 10.0, rules)
    assert is_song([Sound(2.0, 2.4, 1.0, 0.9)], 10.0, rules)


def test_scores_of_boundaries_and_labels() -> None:
    assert matched(np.array([1.0, 2.0, 2.004]), np.array([1.003, 2.002, 3.0]), 0.005) == [(0, 0), (1, 1)]
    score = boundary_score([np.array([1.0, 2.0, 2.5, 3.0])], [np.array([1.002, 2.004, 9.0])], 5.0)
    assert (score.precision, score.recall) == pytest.approx((2 / 3, 2 / 4))
    assert score.f1 == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert (score.error_ms, score.bias_ms) == pytest.approx((3.0, 3.0))
    assert boundary_score([np.array([1.0])], [np.array([1.012])], 5.0, less_ms=10.0).f1 == 1.0
    assert boundary_score([np.array([])], [np.array([])], 5.0).f1 == 0.0
    labels = label_score(list("aaabbb"), ["x", "x", "y", "y", "y", "noise"], "noise")
    assert labels.purity == pytest.approx(4 / 5)
    assert labels.noise == pytest.approx(1 / 6)
    assert label_score(list("aabb"), list("yyxx"), "noise").ami == pytest.approx(1.0)
    pairs = overlapping(np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[0.9, 2.5], [5.0, 6.0]]))
    assert pairs == [(1, 0)]


def test_a_dip_of_18_db_parts_two_syllables_that_an_echo_joins() -> None:
    limits = Thresholds(low_db=5.0, high_db=8.0, depth_db=36.0, gap_ms=4.0, syllable_ms=10.0)
    e = np.zeros(300, np.float32)
    e[100:130] = 40
    e[130:160] = np.linspace(38, 14, 30)  # an echo
    e[160:190] = 40
    e[190:200] = 24  # 16 dB down: one syllable
    e[200:220] = 40
    found = intervals(e, limits)
    assert len(found) == 2
    # silence begins at 17 dB, 3 above the valley
    assert found[0] == pytest.approx((100 - 35 / 40, 155.0 + (38 - 25 * 24 / 29 - 17) / (24 / 29)), abs=0.05)
    assert found[1] == pytest.approx((160 - 23 / 26, 219 + 35 / 40), abs=0.05)


def test_a_tone_in_one_bin_of_fifty_stands_out_of_the_mean_with_an_exponent() -> None:
    rng = np.random.default_rng(0)
    power = rng.exponential(1.0, (6_000, 50)).astype(np.float32)
    power[3_000:3_100, 20] += 15.0  # 0.3 of the band's power: 1.1 dB
    plain, _ = excess_db(power, 6.0, 8.0)
    faint, _ = excess_db(power, 6.0, 8.0, exponent=6.0)
    assert np.isclose(plain[3_020:3_080].mean(), 10 * np.log10(1.3), atol=0.3)
    assert np.isclose(
        faint[3_050], 10 * np.log10(16 * 0.4 / 50 ** (1 / 6)), atol=1.2
    )  # a third is left by a bin's blur
    quiet = np.r_[faint[:2_900], faint[3_200:]]
    assert quiet.max() < 2.0 < faint[3_020:3_080].min()


def test_the_snr_is_that_of_the_sound_within_the_band() -> None:
    rng, rate = np.random.default_rng(1), 44_100
    t = np.arange(4 * rate) / rate
    inside = (t % 1.0) < 0.5
    noise = rng.standard_normal(len(t))
    share = (10_000 - 500) / (rate / 2)  # of white noise that lies within the band
    for snr in (20.0, 5.0):
        tone = np.sqrt(2 * share * 10 ** (snr / 10)) * np.sin(2 * np.pi * 3_000 * t) * inside
        hum = 30 * np.sin(2 * np.pi * 60 * t)
        samples = (1e-3 * (tone + noise + hum)).astype(np.float32)
        song = [(float(k), k + 0.5) for k in range(4)]
        assert snr_db(samples, rate, song) == pytest.approx(snr, abs=0.8)
        assert snr_db(1e-2 * samples, rate, song) == pytest.approx(snr, abs=0.8)
    assert np.isnan(snr_db(samples, rate, []))
    assert np.isnan(snr_db(samples, rate, [(0.0, 4.0)]))


def test_a_syllable_is_found_where_more_than_half_of_the_union_is_shared() -> None:
    theirs = np.array([(0.0, 0.1), (0.2, 0.3), (0.4, 0.5)])
    assert syllables_found(theirs, theirs + 0.03) == 3  # 0.07 of 0.13
    assert syllables_found(theirs, theirs + 0.04) == 0  # 0.06 of 0.14
    assert syllables_found(theirs, np.array([(0.0, 0.3), (0.41, 0.5)])) == 1
