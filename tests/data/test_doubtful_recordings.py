"""Recordings that can be read and should not be believed: the wrong channel, times that do not fit, a DC offset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from folders import RATE, TEXT, load, song, spans, tone, write_text

from syrinx_lab.data.audio import large_offset
from syrinx_lab.data.corpus import CorpusSettings, inspect_corpus
from syrinx_lab.data.report import summarise
from syrinx_lab.data.summary import channels_line

NOISE = 0.01 * np.random.default_rng(0).standard_normal((RATE, 3))
SONG = song(440, 1, RATE, 0.4) + NOISE[:, 0]


def folder(root: Path, samples: np.ndarray, text: str = TEXT, rate: int = RATE) -> Path:
    soundfile.write(root / "x.wav", samples, rate, subtype="FLOAT")
    write_text(root / "x.txt", text)
    return root


def said(root: Path, about: str, **options: object) -> list[str]:
    problems = inspect_corpus(root, CorpusSettings(**{"sample_rate": RATE, **options}))[1]  # type: ignore[arg-type]
    assert all(p.severity == "warning" for p in problems)
    return [p.message for p in problems if about in p.message]


def test_a_channel_of_noise_is_not_taken_silently(tmp_path: Path) -> None:
    folder(tmp_path, np.stack([NOISE[:, 1], SONG], 1))
    (message,) = said(tmp_path, "channel")
    assert message.startswith("another channel carries the song: channel 1 stands ")
    assert message.endswith("dB; set data.channel=1")
    assert said(tmp_path, "contrast") == []  # which would say the same once more
    assert "and channel 0, which is read, 0." in message or "and channel 0, which is read, -0." in message
    assert said(tmp_path, "channel", channel=1) == []
    corpus = load(tmp_path, channel=1)
    assert corpus.recordings["x"].gain == pytest.approx(0.4 / np.abs(SONG[800:4000]).max(), rel=1e-3)


@pytest.mark.parametrize("rate", [RATE, 3 * RATE])
def test_the_clearest_of_three_is_named_at_any_rate(tmp_path: Path, rate: int) -> None:
    wave = song(440, 1, rate, 0.4)
    noise = 0.1 * np.random.default_rng(1).standard_normal((rate, 3))
    folder(tmp_path, np.stack([noise[:, 0], 0.3 * wave + noise[:, 1], wave + 0.1 * noise[:, 2]], 1), rate=rate)
    assert "channel 2 stands" in said(tmp_path, "channel")[0]
    assert said(tmp_path, "channel", channel=2) == []
    assert "the mean of all, which is read" in said(tmp_path, "channel", channel="mean")[0]


def test_crosstalk_is_not_the_song(tmp_path: Path) -> None:
    folder(tmp_path, np.stack([0.02 * SONG, SONG], 1))
    assert "and 34 dB louder" in said(tmp_path, "channel")[0]
    folder(tmp_path, np.stack([SONG, 0.02 * SONG], 1))
    assert said(tmp_path, "channel") == []


def test_two_good_channels_are_no_matter(tmp_path: Path) -> None:
    folder(tmp_path, np.stack([SONG, 0.7 * SONG + 0.5 * NOISE[:, 1]], 1))
    assert said(tmp_path, "") == []


def test_the_channels_are_counted(tmp_path: Path) -> None:
    folder(tmp_path, np.stack([SONG, SONG], 1))
    for name in ("y", "z"):
        soundfile.write(tmp_path / f"{name}.wav", SONG, RATE)
        write_text(tmp_path / f"{name}.txt", TEXT)
    recordings = load(tmp_path).recordings.values()
    assert channels_line(recordings) == "channels: 1 (2 files), 2 (1 file); channel 0 is read"
    recordings = load(tmp_path, channel="mean").recordings.values()
    assert channels_line(recordings) == "channels: 1 (2 files), 2 (1 file); the mean of all is read"


def test_a_channel_in_the_annotation_is_read(tmp_path: Path) -> None:
    folder(tmp_path, np.stack([NOISE[:, 1], SONG], 1))
    (tmp_path / "x.txt").unlink()
    head = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tAnnotation\n"
    rows = "1\tSpectrogram 1\t2\t0.1\t0.2\t0\t9\ta\n2\tSpectrogram 1\t2\t0.3\t0.5\t0\t9\tb\n"
    write_text(tmp_path / "x.Table.1.selections.txt", head + rows)
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    recording = corpus.recordings["x"]
    assert (recording.channel, recording.channels) == (1, 2)
    np.testing.assert_allclose(recording.samples / recording.gain, SONG, atol=1e-6)
    assert [p.severity for p in problems] == ["note"]
    assert "channel 1 is read" in channels_line(corpus.recordings.values())
    write_text(tmp_path / "x.Table.1.selections.txt", head + rows.replace("1\t2\t", "1\t1\t"))
    (message,) = said(tmp_path, "another channel")
    assert message.endswith("correct the channel in the annotation")


@pytest.mark.parametrize(
    ("text", "contrast"),
    [("0.2 0.3 a\n0.6 0.8 b\n", -22), ("0.17 0.27 a\n0.43 0.63 b\n", 0.7)],
    ids=["in the gaps", "shifted"],
)
def test_syllables_that_do_not_stand_out_are_doubtful(tmp_path: Path, text: str, contrast: float) -> None:
    folder(tmp_path, SONG, text)
    (message,) = said(tmp_path, "contrast")
    assert float(message.split()[1]) == pytest.approx(contrast, abs=1.5)
    assert "the times may be shifted, in another unit or of another recording" in message
    write_text(tmp_path / "x.txt", TEXT)
    assert said(tmp_path, "contrast") == []


def test_recordings_that_are_all_song_have_no_contrast(tmp_path: Path) -> None:
    folder(tmp_path, tone(440, 1, RATE), "0 1 a\n")
    assert said(tmp_path, "contrast") == []
    folder(tmp_path, tone(440, 1, RATE), "0 0.998 a\n")
    assert said(tmp_path, "contrast") == []


def test_real_song_is_beyond_doubt(song_root: Path) -> None:
    corpus, problems = inspect_corpus(song_root)
    assert [str(p) for p in problems if p.severity != "note"] == []
    assert min(row.contrast_db for row in summarise(corpus, problems).recordings) > 10


def test_the_level_is_measured_about_a_large_offset(tmp_path: Path) -> None:
    folder(tmp_path, 0.0235 / 0.4 * song(440, 1, RATE, 0.4) + 0.3)
    (message,) = said(tmp_path, "DC offset")
    assert message.startswith(
        "DC offset: the mean, 0.3 of full scale, exceeds the standard deviation; it was taken out"
    )
    recording = load(tmp_path).recordings["x"]
    assert recording.gain == pytest.approx(17.0, rel=0.01)  # 0.4 / 0.0235; with the offset it would be 1.24
    sung = np.concatenate([recording.samples[s.onset : s.offset] for s in recording.syllables])
    assert np.abs(sung).max() == pytest.approx(0.4, rel=1e-4)
    assert abs(recording.samples.mean()) < 1e-3
    rms = load(tmp_path, scale="rms").recordings["x"]
    assert rms.gain == pytest.approx(17.0 * np.sqrt(2), rel=0.01)
    each = load(tmp_path, scale_per="vocalisation").recordings["x"]
    assert [s.gain for s in each.syllables] == pytest.approx([17.0, 17.0], rel=0.01)


def test_an_offset_is_large_above_the_deviation_on_either_side() -> None:
    for level in (0.99, 1.01):
        for sign in (1.0, -1.0):
            samples = np.array([1.0, -1.0] * 100) + sign * level
            assert large_offset(samples) == pytest.approx(sign * level if level > 1 else 0.0)


def test_a_small_offset_is_left_in(tmp_path: Path) -> None:
    folder(tmp_path, SONG + 0.02)
    assert said(tmp_path, "") == []
    assert load(tmp_path, scale="none").recordings["x"].samples.mean() == pytest.approx(0.02, rel=0.05)


def test_an_offset_hides_neither_song_nor_channel(tmp_path: Path) -> None:
    folder(tmp_path, np.stack([NOISE[:, 1] + 0.3, SONG], 1))
    assert "set data.channel=1" in said(tmp_path, "another channel")[0]
    folder(tmp_path, np.stack([NOISE[:, 1], 0.1 * SONG + 0.5], 1))
    assert "set data.channel=1" in said(tmp_path, "another channel")[0]


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
@pytest.mark.parametrize("options", [{}, {"highpass_hz": 300}, {"sample_rate": 44100}, {"sample_rate": 1000}])
def test_a_recording_of_a_few_samples_is_refused_in_a_line(tmp_path: Path, samples: int, options: dict) -> None:
    folder(tmp_path, np.array([0.1, 0.5, -0.2, 0.3])[:samples], "0 0.0001 a\n")
    with pytest.raises(ValueError, match=r"x\.(wav|txt).*: .*(too short|silent|shorter than one sample)") as caught:
        load(tmp_path, **options)
    assert "\n" not in str(caught.value)


def test_five_samples_are_a_recording_at_both_rates(tmp_path: Path) -> None:
    folder(tmp_path, np.array([0.1, 0.5, -0.2, 0.3, 0.1]), "0 0.000625 a\n")
    assert spans(load(tmp_path), "x") == [("a", 0, 5)]
    folder(tmp_path, tone(440, 0.0025, RATE), "0 0.002 a\n")
    with pytest.raises(ValueError, match=r"x\.wav: too short: 3 samples at 1000 Hz, and a recording needs 5"):
        load(tmp_path, sample_rate=1000)


def test_a_recording_shorter_than_the_filter_is_filtered(tmp_path: Path) -> None:
    folder(tmp_path, tone(440, 0.005, RATE), "0 0.004 a\n")
    for options in ({"highpass_hz": 20}, {"sample_rate": 24414}, {"sample_rate": 3000}):
        recording = load(tmp_path, **options).recordings["x"]
        assert np.isfinite(recording.samples).all()
        assert spans(load(tmp_path), "x") == [("a", 0, 32)]
