"""Syllables of songs whose truth is known, and none where nobody sings."""

from __future__ import annotations

import numpy as np
import pytest
from songs import RATE, cage, finch, with_noise

from syrinx_lab.data.segmentation.comparison import boundary_score, syllables_found
from syrinx_lab.data.segmentation.threshold import ThresholdSegmenter


def times(segmenter: ThresholdSegmenter, samples: np.ndarray, rate: int = RATE) -> np.ndarray:
    found = segmenter.segment(samples, rate).syllables
    return np.array([(s.onset_s, s.offset_s) for s in found]).reshape(-1, 2)


@pytest.mark.parametrize(("snr_db", "least"), [(None, 1.0), (20.0, 1.0), (10.0, 0.98), (5.0, 0.93)])
def test_the_finchs_syllables_are_found_at_any_level_of_noise(snr_db: float | None, least: float) -> None:
    songs = [finch(k) for k in range(3)]
    heard = [x if snr_db is None else with_noise(x, snr_db, k) for k, (x, _, _) in enumerate(songs)]
    segmenter = ThresholdSegmenter().fitted([(x, RATE) for x in heard])
    found = [times(segmenter, x) for x in heard]
    for column in (0, 1):
        score = boundary_score([t[:, column] for _, t, _ in songs], [t[:, column] for t in found], 10.0)
        assert score.f1 >= least
        assert score.error_ms < 3.2  # the finch's own boundaries lie 20 dB above its noise


@pytest.mark.parametrize("rate", [16_000, 22_050, 96_000])
def test_any_sample_rate_will_do(rate: int) -> None:
    samples, truth, _ = finch(1, rate=rate)
    found = times(ThresholdSegmenter(), samples, rate)
    assert found.shape == truth.shape
    np.testing.assert_allclose(found, truth, atol=0.006)


def test_neither_level_nor_hum_nor_offset_matters() -> None:
    samples, truth, _ = finch(2)
    t = np.arange(len(samples)) / RATE
    hum = 0.3 * np.sin(2 * np.pi * 120 * t) + 0.01 * np.sin(2 * np.pi * 3_150 * t) + 0.1
    segmenter = ThresholdSegmenter().fitted([(samples, RATE)])
    plain = times(segmenter, samples)
    np.testing.assert_allclose(times(segmenter, 0.02 * samples), plain, atol=1e-3)
    np.testing.assert_allclose(times(segmenter, (samples + hum).astype(np.float32)), truth, atol=0.006)


def test_nobody_sings_in_noise_in_a_cage_or_in_nothing() -> None:
    rng = np.random.default_rng(0)
    quiet = (1e-3 * rng.standard_normal(5 * RATE)).astype(np.float32)
    sounds = [quiet, *(cage(seed) for seed in range(4))]
    segmenter = ThresholdSegmenter().fitted([(x, RATE) for x in sounds])
    assert [len(segmenter.segment(x, RATE).syllables) for x in sounds] == [0] * len(sounds)
    assert sum(len(segmenter.segment(x, RATE).others) for x in sounds) > 20
    for nothing in (np.zeros(1), np.zeros(7), np.zeros(RATE), np.ones(3)):
        assert ThresholdSegmenter().segment(nothing.astype(np.float32), RATE).syllables == ()


def test_a_fan_that_is_switched_on_is_no_song_and_hides_none() -> None:
    samples, truth, _ = finch(3, noise_db=-60.0)
    samples = np.concatenate([samples, samples])
    later = truth + len(samples) / 2 / RATE
    fan = np.where(np.arange(len(samples)) < len(samples) // 2, 0.0, 4e-3)
    noise = np.random.default_rng(1).standard_normal(len(samples))
    heard = (samples + fan * noise).astype(np.float32)
    found = times(ThresholdSegmenter(), heard)
    score = boundary_score([np.concatenate([truth, later])[:, 0]], [found[:, 0]], 10.0)
    assert score.f1 > 0.93
    longest = (truth[:, 1] - truth[:, 0]).max()
    assert (found[:, 1] - found[:, 0]).max() < longest + 0.02


def test_files_that_begin_and_end_inside_song_keep_what_there_is() -> None:
    samples, truth, _ = finch(4)
    first, last = truth[1].mean(), truth[-2].mean()
    cut = samples[round(first * RATE) : round(last * RATE)]
    found = times(ThresholdSegmenter().fitted([(samples, RATE)]), cut)
    assert len(found) == len(truth) - 2
    assert found[0, 0] == 0.0
    assert found[-1, 1] == pytest.approx(len(cut) / RATE, abs=1e-9)
    # a single syllable that the file cuts off is song too; alone in the middle it is a call
    one = samples[round((truth[1, 0] + 0.02) * RATE) : round((truth[1, 1] + 0.015) * RATE)]
    alone = np.concatenate([one, 2e-3 * np.random.default_rng(0).standard_normal(2 * RATE)]).astype(np.float32)
    segmenter = ThresholdSegmenter().fitted([(samples, RATE)])
    assert len(segmenter.segment(alone, RATE).syllables) == 1
    middle = np.concatenate([alone[::-1][: 2 * RATE], alone])
    assert len(segmenter.segment(middle, RATE).syllables) == 0
    keeping = ThresholdSegmenter(calls="keep").fitted([(samples, RATE)])
    assert len(keeping.segment(middle, RATE).syllables) == 1


def test_what_is_given_is_not_found_and_limits_in_the_wrong_order_are_refused() -> None:
    samples, _, _ = finch(5)
    wide = ThresholdSegmenter(gap_ms=500.0).fitted([(samples, RATE)])
    assert len(times(wide, samples)) == 1
    again = ThresholdSegmenter(gap_ms=500.0).with_found(wide.found())
    assert again == wide
    with pytest.raises(ValueError, match=r"^high_hz is 400: give Hz above low_hz, 500$"):
        ThresholdSegmenter(low_hz=500.0, high_hz=400.0)
    with pytest.raises(ValueError, match=r"^high_db is 3: give at least low_db, 5$"):
        ThresholdSegmenter(low_db=5.0, high_db=3.0)


def test_faint_song_in_noise_that_swells_is_found_and_alone_in_a_folder_of_good_recordings_too() -> None:
    songs = [finch(k) for k in range(3)]
    faint = []
    for k, (samples, _, _) in enumerate(songs):
        time = np.arange(len(samples)) / RATE
        swell = 10 ** (0.15 * np.sin(2 * np.pi * 0.4 * time + k))  # 3 dB up and down
        faint.append((samples + 0.6 * swell * (with_noise(samples, 0.0, k) - samples)).astype(np.float32))
    for others in ([], [finch(k)[0] for k in range(3, 7)]):
        segmenter = ThresholdSegmenter().fitted([(x, RATE) for x in (*faint, *others)])
        assert segmenter.found()["exponent"] == (1.0 if others else 6.0)
        found = [times(segmenter, x) for x in faint]
        hits = sum(syllables_found(truth, one) for (_, truth, _), one in zip(songs, found))
        assert hits >= 0.8 * sum(len(truth) for _, truth, _ in songs)
        assert hits >= 0.9 * sum(map(len, found))
