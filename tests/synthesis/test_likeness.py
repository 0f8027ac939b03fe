"""The likeness of long sounds is the metric's, piece by piece."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_voices import RATE, song

from syrinx_lab.metrics.time_frequency import tf_corr
from syrinx_lab.synthesis import likeness
from syrinx_lab.synthesis.account import compared, finite
from syrinx_lab.synthesis.likeness import rms, tf_corr_chunked
from syrinx_lab.synthesis.song import Song


@pytest.mark.parametrize("samples", [1000, 20 * 128, 20 * 128 + 1, 20000])
def test_pieces_add_up_to_tf_corr(monkeypatch: pytest.MonkeyPatch, samples: int) -> None:
    monkeypatch.setattr(likeness, "_FRAMES", 10)
    target = song()[3000:][:samples] + np.float32(0.01)
    noise = 0.01 * np.random.default_rng(1).standard_normal(samples)
    output = (0.7 * np.roll(target, 40) + noise).astype(np.float32)
    wanted = tf_corr(output, target, sample_rate=RATE)
    assert 0.1 < wanted < 0.99
    assert tf_corr_chunked(output, target, sample_rate=RATE) == pytest.approx(wanted, abs=1e-9)


def test_silence_is_like_nothing() -> None:
    x = song()
    assert tf_corr_chunked(np.zeros_like(x), x, sample_rate=RATE) == 0
    assert math.isnan(tf_corr_chunked(x, np.zeros_like(x), sample_rate=RATE))


def test_rms_is_about_the_mean_and_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "_FRAMES", 10)
    assert rms(song() + np.float32(0.5)) == pytest.approx(song().std(), rel=1e-5)


def test_the_account_compares_at_the_loudness_of_the_recording() -> None:
    x = song()
    lines = compared(0.5 * x, Song(0.25 * x, 0.25, True), RATE, alike=True)
    assert lines[0] == "duration  0.600 s, the recording 0.600 s"
    assert lines[1].endswith("-6.02 dB re the recording")
    assert lines[2].startswith("tf_corr   0.9")
    assert len(compared(x, Song(x, 1.0, True), RATE, alike=False)) == 2
    assert compared(x[:441], None, RATE, alike=True)[0] == "duration  0.010 s"
    assert compared(0 * x, Song(x, 1.0, True), RATE, alike=False)[1] == "rms       0, silent"


def test_a_sound_that_diverges_is_cut_and_reported() -> None:
    sound, lines = finite(np.array([0.1, np.nan, np.inf, 0.2], np.float32), 1000)
    assert sound.tolist() == pytest.approx([0.1, 0, 0, 0.2])
    assert lines == ["warning   the oscillator diverged at 0.001 s: silence instead"]
    assert finite(sound, 1000)[1] == []
