"""Recordings of any rate and kind, read piece by piece, and what a voice takes from the song itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_song_files import at_rate, written
from made_voices import RATE, song, syrinx_voice

from syrinx_lab.data.audio import read_audio
from syrinx_lab.data.resampling import resample_to
from syrinx_lab.synthesis import song_file
from syrinx_lab.synthesis.at_song_rate import RateChange
from syrinx_lab.synthesis.bird import calibrate_to
from syrinx_lab.synthesis.song_file import SongFile
from syrinx_lab.synthesis.stretches_of_song import stretches_of_song


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_414, 44_100, 48_000, 96_000])
def test_pieces_are_those_of_the_whole_at_every_rate(rate: int, tmp_path: Path) -> None:
    path = at_rate(tmp_path, rate)
    whole = read_audio(path, sample_rate=RATE, highpass_hz=300.0).samples
    file = SongFile(path, RATE, 300.0)
    assert file.samples == len(whole)
    pieces = np.concatenate([file.read(start, start + 7001) for start in range(0, file.samples, 7001)])
    # the ends of the high-pass's padding aside
    assert np.abs(pieces - whole).max() < 2e-5 * np.abs(whole).max() + 1e-6


def test_a_long_file_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "stereo.flac", np.stack([song(), 0.5 * song()], 1), subtype="PCM_16")
    held = SongFile(path, 22_050, None)
    monkeypatch.setattr(song_file, "WHOLE", 100)
    streamed = SongFile(path, 22_050, None)
    assert streamed._frames is None
    assert np.array_equal(streamed.read(3000, 9000), held.read(3000, 9000))


def test_the_loudest_channel_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "stereo.wav", np.stack([1e-4 * song(), song()], 1))
    file = SongFile(path, RATE, None)
    assert file.take_loudest_channel([(0, file.samples)]) == "2: channel 1, counted from 0, is read"
    assert file.read(0, 100) == pytest.approx(song()[:100])


def test_what_is_no_number_is_named_by_its_sample(tmp_path: Path) -> None:
    x = song()
    x[9000] = np.nan
    file = SongFile(written(tmp_path, "bad.wav", x), RATE, None)
    with pytest.raises(ValueError, match=r"bad\.wav: sample 9000 \(0\.204 s\) is nan, no number: export"):
        file.read(5000, 9500)


def test_too_short_and_too_slow_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"3 samples are no song"):
        SongFile(written(tmp_path, "short.wav", song()[:3]), RATE, None)
    with pytest.raises(ValueError, match=r"4000 Hz holds no birdsong"):
        SongFile(written(tmp_path, "slow.wav", song(), 4000), RATE, None)


def test_syllables_are_found_where_they_are() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    found, none, silent, empty = stretches_of_song([song(1.0), 1e-4 * noise, 0 * noise, noise[:0]], RATE)
    assert len(found) == 5
    for number, (on, off) in enumerate(found):  # sin(pi t / 0.12) from 0.05 s on
        assert on / RATE == pytest.approx(0.2 * number + 0.05, abs=0.015)
        assert off / RATE == pytest.approx(0.2 * number + 0.17, abs=0.015)
    assert none == silent == empty == []
    assert stretches_of_song([noise], RATE) == [[]]
    assert stretches_of_song([], RATE) == []


def test_a_voice_takes_range_level_and_background_from_the_song(tmp_path: Path) -> None:
    model = syrinx_voice()
    model.analyser.given = None
    x = 0.02 * song(1.0)
    x[100:110] = 0.9  # a bang, which must not decide the level
    bird = calibrate_to(model, SongFile(written(tmp_path, "song.wav", x), RATE, None), 0.4)
    assert bird.found
    assert bird.range_hz[0] < 700 < 1100 < bird.range_hz[1] < 2500
    peak = 0.02 * np.abs(song(1.0)).max()
    assert bird.scale == pytest.approx(0.4 / peak, rel=0.1)


@pytest.mark.parametrize(("seconds", "hz"), [(0.05, 3000.0), (0.5, 3000.0)])
def test_song_without_a_pause_is_no_background(seconds: float, hz: float, tmp_path: Path) -> None:
    model = syrinx_voice()
    tone = 0.1 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)
    bird = calibrate_to(model, SongFile(written(tmp_path, "tone.wav", tone), RATE, None), 0.4)
    assert float(model.analyser.background) <= 0.11 * bird.scale * tone.std()


def test_silence_is_refused(tmp_path: Path) -> None:
    file = SongFile(written(tmp_path, "zero.wav", np.zeros(RATE)), RATE, None)
    with pytest.raises(ValueError, match=r"zero\.wav: silent: there is nothing to sing"):
        calibrate_to(syrinx_voice(), file, 0.4)


@pytest.mark.parametrize("rate", [16_000, 22_050, 96_000])
def test_chunks_change_their_rate_as_the_whole_does(rate: int) -> None:
    x = np.random.default_rng(0).standard_normal(6 * RATE).astype(np.float32)
    whole = resample_to(x, RATE, rate)[: 6 * rate]
    change = RateChange(RATE, rate, 6 * rate)
    made = [change.push(x[start : start + 33_000]) for start in range(0, len(x), 33_000)] + [change.rest()]
    assert len(np.concatenate(made)) == 6 * rate
    assert np.abs(np.concatenate(made) - whole).max() < 1e-5
