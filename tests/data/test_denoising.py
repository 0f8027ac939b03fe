"""Noise taken out of recordings: what is left of it, and that a clean song comes through."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from syrinx_lab.data.corpus import CorpusSettings, CorpusStorage, load_corpus
from syrinx_lab.data.denoising import Denoising, _wiener, denoised, removed
from syrinx_lab.data.report import render_report, summarise
from syrinx_lab.metrics.time_frequency import tf_corr

RATE = 44_100
SUNG = [(RATE // 2, RATE * 7 // 10), (RATE, RATE * 13 // 10)]


def clean() -> np.ndarray:
    """(2 RATE,) two harmonic sweeps in a floor 60 dB below them."""
    wave = 4e-4 * np.random.default_rng(1).standard_normal(2 * RATE)
    for onset, offset in SUNG:
        t = np.arange(offset - onset) / RATE
        phase = 2 * np.pi * (700 * t + 900 * t**2)
        wave[onset:offset] += sum(0.2 / k * np.sin(k * phase) for k in (1, 2, 3, 4)) * np.hanning(len(t)) ** 0.3
    return wave.astype(np.float32)


def noisy(snr_db: float) -> np.ndarray:
    song = clean()
    level = np.sqrt(np.mean(np.concatenate([song[a:b] for a, b in SUNG]) ** 2))
    noise = np.random.default_rng(2).standard_normal(len(song)).astype(np.float32)
    return song + noise * np.float32(level * 10 ** (-snr_db / 20))


def corr(one: np.ndarray, other: np.ndarray) -> float:
    cuts = [slice(a - 1000, b + 1000) for a, b in SUNG]
    return float(np.mean([tf_corr(one[cut], other[cut], sample_rate=RATE) for cut in cuts]))


@pytest.mark.parametrize("kind", ["gate", "wiener"])
def test_a_clean_song_comes_through(kind: str) -> None:
    song = clean()
    after = denoised(song, RATE, SUNG, Denoising(kind, 20.0))
    assert (after.dtype, after.shape) == (np.float32, song.shape)
    assert corr(after, song) >= 0.98
    assert abs(removed(song, after, SUNG).song_db) < 0.05


@pytest.mark.parametrize("kind", ["gate", "wiener"])
@pytest.mark.parametrize(("snr_db", "gain"), [(20.0, 0.03), (10.0, 0.12)])
def test_a_noisy_song_comes_nearer_to_the_clean_one(kind: str, snr_db: float, gain: float) -> None:
    before, song = noisy(snr_db), clean()
    after = denoised(before, RATE, SUNG, Denoising(kind, 20.0))
    assert corr(after, song) > corr(before, song) + gain
    taken = removed(before, after, SUNG)
    assert taken.background_db > 10
    assert taken.song_db < 1.0
    weaker = removed(before, denoised(before, RATE, SUNG, Denoising(kind, 6.0)), SUNG)
    assert 4.0 < weaker.background_db <= 6.01  # nothing is lowered by more than the strength


def test_hum_and_steady_tones_are_taken_out_under_the_song_too() -> None:
    song, t = clean(), np.arange(2 * RATE) / RATE
    hum = sum(0.02 * np.sin(2 * np.pi * hz * t + hz) for hz in (100.0, 150.0, 3001.0)).astype(np.float32)
    after = denoised(song + hum, RATE, SUNG, Denoising("gate", 20.0))

    def level(wave: np.ndarray, hz: float) -> float:
        part = wave[SUNG[1][0] : SUNG[1][1]] * np.hanning(SUNG[1][1] - SUNG[1][0])
        return float(abs(np.sum(part * np.exp(-2j * np.pi * hz * t[: len(part)]))))

    for hz in (100.0, 150.0):
        assert level(after, hz) < 0.1 * level(song + hum, hz)
    assert corr(after, song) > 0.995 > corr(song + hum, song) + 0.03


def test_without_annotation_the_quietest_moments_are_the_background() -> None:
    before = noisy(10.0)
    told, found = (denoised(before, RATE, sung, Denoising("wiener", 20.0)) for sung in (SUNG, []))
    assert corr(found, clean()) > corr(before, clean()) + 0.1
    assert corr(found, told) > 0.9


def test_parts_of_a_denoised_recording_are_those_of_the_whole_however_it_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", 0.5 * noisy(10.0), RATE, subtype="PCM_16")
    (tmp_path / "x.txt").write_text("0.5 0.7 a\n1.0 1.3 b\n")
    (tmp_path / "out").mkdir()
    settings = CorpusSettings(denoise="gate")
    held = load_corpus(str(tmp_path), settings).recordings["x"]
    raw = load_corpus(str(tmp_path), CorpusSettings()).recordings["x"]
    assert held.audio_hash == raw.audio_hash  # one recording, whatever is done to it
    assert held.content_hash() != raw.content_hash()
    for cache_mb in (1e-3, 10.0):
        read = load_corpus(str(tmp_path), settings, CorpusStorage(cache_mb)).recordings["x"]
        assert np.array_equal(read.samples[1000:40_000], held.samples[1000:40_000])
        assert np.array_equal(np.asarray(read.samples), held.samples)
    os.utime(tmp_path / "x.wav", (1e9, 1e9))
    for _ in range(2):  # read, and remembered
        corpus = load_corpus(str(tmp_path), settings, CorpusStorage(1e-3, tmp_path / "out"))
        assert np.array_equal(np.asarray(corpus.recordings["x"].samples), held.samples)
        line = next(text for text in map(str, render_report(summarise(corpus, []))) if "denoising took" in text)
        assert re.search(r"denoising took 0\.\d\d dB from the syllables and 1\d\.\d dB from the rest", line)


@pytest.mark.parametrize(
    ("settings", "said"), [({"denoise": "rnn"}, "give none, gate or wiener"), ({"denoise_db": 0}, "above 0")]
)
def test_unknown_ways_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=rf"data\.denoise.* is .*{said}"):
        CorpusSettings(**settings)  # type: ignore[arg-type]


def test_the_wiener_gain_follows_the_power_of_the_frame_before() -> None:
    ratio = np.array([[4.0, 4.0, 1.0]])
    first = 0.02 * 3
    g1 = first / (1 + first)
    second = 0.98 * g1**2 * 4 + 0.02 * 3
    g2 = second / (1 + second)
    third = 0.98 * g2**2 * 4
    expected = [[g1, g2, third / (1 + third)]]
    np.testing.assert_allclose(_wiener(ratio, np.ones((1, 1))), expected, rtol=1e-12)
