"""A corpus in memory: times, levels, labels, identity; and the real song."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from folders import RATE, TEXT, annotate, load, spans, tone, write_text

from syrinx_lab.data.corpus import CorpusSettings, inspect_corpus, load_corpus
from syrinx_lab.data.corpus_settings import label_list


def test_times_become_the_nearest_samples_of_the_labs_rate(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "0.10004 0.20001 a\n0.9 1.0009 b", rate=32000)
    corpus = load_corpus(tmp_path, CorpusSettings(sample_rate=44100))
    recording = corpus.recordings["x"]
    assert (recording.native_sample_rate, recording.sample_rate, len(recording.samples)) == (32000, 44100, 44100)
    assert recording.duration_s == 1.0
    assert spans(corpus, "x") == [("a", 4412, 8820), ("b", 39690, 44100)]


@pytest.mark.parametrize(("scale", "level"), [("peak", 0.4), ("rms", 0.1)])
def test_a_recording_is_scaled_by_its_syllables_not_by_noise_between_them(
    tmp_path: Path, scale: str, level: float
) -> None:
    wave = np.concatenate([tone(440, 0.5, RATE, 0.1), tone(440, 0.5, RATE, 0.05)])
    wave[7000] = 0.9  # a bang outside
    soundfile.write(tmp_path / "x.wav", wave, RATE, subtype="FLOAT")
    write_text(tmp_path / "x.txt", "0.1 0.2 a\n0.6 0.7 b\n")
    recording = load(tmp_path, scale=scale, scale_to=level, label="b").recordings["x"]
    cuts = np.concatenate([recording.samples[s.onset : s.offset] for s in recording.syllables])
    measured = np.abs(cuts).max() if scale == "peak" else np.sqrt(np.mean(cuts**2))
    assert measured == pytest.approx(level, rel=1e-6)
    np.testing.assert_allclose(recording.samples, recording.gain * wave, rtol=1e-5, atol=1e-7)
    assert [s.gain for s in recording.syllables] == [1.0, 1.0]


def test_scaling_each_vocalisation_leaves_the_samples_and_sets_gains(tmp_path: Path) -> None:
    wave = np.concatenate([tone(400, 0.5, RATE, 0.1), tone(400, 0.5, RATE, 0.05)])
    soundfile.write(tmp_path / "x.wav", wave, RATE, subtype="FLOAT")
    write_text(tmp_path / "x.txt", "0.1 0.2 a\n0.6 0.7 b\n")
    recording = load(tmp_path, scale_per="vocalisation").recordings["x"]
    np.testing.assert_allclose(recording.samples, wave, atol=1e-7)
    assert [s.gain for s in recording.syllables] == pytest.approx([4.0, 8.0], rel=1e-6)
    unscaled = load(tmp_path, scale="none").recordings["x"]
    assert (unscaled.gain, [s.gain for s in unscaled.syllables]) == (1.0, [1.0, 1.0])


def test_labels_select_and_keep_the_neighbours(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "0.1 0.2 1\n0.3 0.5 b\n0.6 0.7 SIL\n")
    for label in (1, "1", ["1"]):
        syllables = load(tmp_path, label=label).recordings["x"].syllables
        assert [(s.label, s.selected) for s in syllables] == [("1", True), ("b", False)]
    assert all(s.selected for s in load(tmp_path).recordings["x"].syllables)
    assert load(tmp_path, silence_labels=[]).labels() == {"1": 1, "SIL": 1, "b": 1}
    with pytest.raises(ValueError, match=r"no syllable is labelled c, z; the labels are 1 \(1\), b \(1\)$"):
        load(tmp_path, label=["z", "b", "c"])
    assert label_list(None) is None
    assert label_list([2, "b", 2]) == ["2", "b"]


def test_channels_rates_and_filters_reach_the_reader(tmp_path: Path) -> None:
    hum = tone(60, 1, RATE, 0.5)
    soundfile.write(tmp_path / "x.wav", np.stack([hum, hum + tone(800, 1, RATE, 0.1)], 1), RATE, subtype="FLOAT")
    write_text(tmp_path / "x.txt", "0.2 0.8")
    recording = load(tmp_path, channel=1, highpass_hz=300, scale="none").recordings["x"]
    np.testing.assert_allclose(recording.samples[1600:6400], tone(800, 1, RATE, 0.1)[1600:6400], atol=1e-3)
    with pytest.raises(ValueError, match="there is no channel 2"):
        load(tmp_path, channel=2)


def test_the_fingerprint_follows_samples_syllables_and_names(tmp_path: Path) -> None:
    annotate(tmp_path, "a/x.wav")
    first = load(tmp_path).fingerprint()
    assert len(first) == 16
    assert load(tmp_path).fingerprint() == first
    others = [load(tmp_path, scale_to=0.3).fingerprint(), load(tmp_path, label="b").fingerprint()]
    write_text(tmp_path / "a/x.txt", TEXT.replace("b", "c"))
    others.append(load(tmp_path).fingerprint())
    write_text(tmp_path / "a/x.txt", TEXT)
    (tmp_path / "a").rename(tmp_path / "b")
    others.append(load(tmp_path).fingerprint())
    (tmp_path / "b").rename(tmp_path / "a")
    assert len({first, *others}) == 5
    assert load(tmp_path).fingerprint() == first


def test_real_song_is_whole_and_its_two_annotations_agree(song_root: Path) -> None:
    start = time.process_time()
    table = load_corpus(song_root, CorpusSettings(label="e"))
    assert time.process_time() - start < 2
    assert table.labels() == {"a": 82, "b": 82, "c": 76, "d": 76, "e": 41, "f": 40, "g": 18, "i": 179}
    assert len(table.recordings) == 30
    assert sum(s.selected for r in table.recordings.values() for s in r.syllables) == 41
    text = load_corpus(song_root, CorpusSettings(label="e", annotations="text"))
    assert {r.annotation.suffix for r in table.recordings.values() if r.annotation} == {".csv"}
    assert {r.annotation.suffix for r in text.recordings.values() if r.annotation} == {".txt"}
    assert table.fingerprint() == text.fingerprint()
    for recording in table.recordings.values():
        loudest = max(np.abs(recording.samples[s.onset : s.offset]).max() for s in recording.syllables)
        assert loudest == pytest.approx(0.4, rel=1e-6)
    _, problems = inspect_corpus(song_root)
    assert [p.severity for p in problems] == ["note"]
