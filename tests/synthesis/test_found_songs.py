"""A folder without annotation becomes one that can be trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_song_files import written
from made_voices import RATE, song

from syrinx_lab.data.corpus import load_corpus
from syrinx_lab.data.corpus_settings import CorpusSettings
from syrinx_lab.data.splits import split_recordings
from syrinx_lab.synthesis.edits import Edit
from syrinx_lab.synthesis.found_songs import found_songs
from syrinx_lab.synthesis.output_files import output_files

READING = CorpusSettings(sample_rate=RATE, highpass_hz=300.0)


def test_one_file_is_cut_in_pauses_with_its_syllables(tmp_path: Path) -> None:
    root = tmp_path / "bird"
    root.mkdir()
    x = song(15.0)
    written(root, "day.wav", x)
    found = found_songs(str(root), READING, tmp_path / "outputs")
    assert found is not None
    folder, line = found
    assert "75 syllables found in 15 s of 1 files" in line
    corpus = load_corpus(str(folder), READING)
    assert len(corpus.recordings) >= 6
    assert sum(len(one.syllables) for one in corpus.recordings.values()) == 75
    assert sum(len(one.samples) for one in corpus.recordings.values()) == len(x), "nothing twice, nothing left out"
    assert all(part for part in (lambda s: (s.train, s.val, s.test))(split_recordings(corpus)))
    again = found_songs(str(root), READING, tmp_path / "outputs")
    assert again is not None
    assert again[0] == folder, "named by the sound alone"


def test_little_song_is_cut_finer(tmp_path: Path) -> None:
    root = tmp_path / "bird"
    root.mkdir()
    written(root, "short.wav", song(2.0))  # pieces of 1.5 s would be two
    found = found_songs(str(root), READING, tmp_path / "outputs")
    assert found is not None
    corpus = load_corpus(str(found[0]), READING)
    assert len(corpus.recordings) >= 3
    assert sum(len(one.syllables) for one in corpus.recordings.values()) == 10


def test_of_a_long_file_the_parts_with_most_song_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("MOST_S", 6.0), ("LOOKED_AT_S", 20.0), ("_PART_S", 2.0)):
        monkeypatch.setattr(f"syrinx_lab.synthesis.found_songs.{name}", seconds)
    root = tmp_path / "bird"
    root.mkdir()
    quiet = 1e-4 * np.random.default_rng(0).standard_normal(20 * RATE).astype(np.float32)
    quiet[12 * RATE : 16 * RATE] += song(4.0)
    written(root, "long.wav", quiet)
    found = found_songs(str(root), READING, tmp_path / "outputs")
    assert found is not None
    assert found[1].startswith("20 syllables found in 6 s of 1 files"), "the first six seconds hold none"


def test_a_folder_that_is_annotated_is_read_as_it_is(tiny_song: Path, tmp_path: Path) -> None:
    assert found_songs(str(tiny_song), READING, tmp_path) is None


def test_noise_holds_no_song(tmp_path: Path) -> None:
    root = tmp_path / "cage"
    root.mkdir()
    written(root, "noise.wav", 1e-3 * np.random.default_rng(0).standard_normal(2 * RATE))
    with pytest.raises(ValueError, match=r"cage: 0 syllables stand out of the background in 2\.0 s of it, in 0 pieces"):
        found_songs(str(root), READING, tmp_path)


def test_a_song_of_no_folder_has_a_name_of_its_own(tmp_path: Path) -> None:
    chosen = {"song": str(tmp_path / "bird.wav"), "drives_in": None, "out": None, "drives_out": None, "picture": "none"}
    home = tmp_path / "outputs" / "voices" / "any_bird"
    files = output_files(chosen, Edit(), home, str(home))
    assert files["sound"].parent == home
    assert files["sound"].name.startswith("bird-")
    assert files["drives"] == files["sound"].with_suffix(".csv")
