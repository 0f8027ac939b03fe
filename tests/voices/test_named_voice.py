"""A voice in the place of a run: recordings that it never heard, annotated or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from omegaconf import OmegaConf

from syrinx_lab.from_voice import read_as
from syrinx_lab.named_model import NamedModel, learned_from_recordings, named_model
from syrinx_lab.report import report
from syrinx_lab.runs.directory import RunDirectory, find_run
from syrinx_lab.voices.finding import voice_folder

RATE = 22_050


def whistles(folder: Path, seconds: float = 3.0) -> Path:
    """Whistles of 0.15 s at 3 kHz, 0.15 s apart, in a stereo file whose song is on the second channel."""
    folder.mkdir()
    t = np.arange(round(seconds * RATE)) / RATE
    inside = (t % 0.3 - 0.1) / 0.15
    song = 0.2 * np.sin(np.pi * np.clip(inside, 0, 1)) ** 0.3 * np.sin(2 * np.pi * 3_000 * t)
    faint = 1e-4 * np.random.default_rng(0).standard_normal((len(t), 2))
    soundfile.write(folder / "day.flac", np.stack((0 * song, song), 1) + faint, RATE)
    return folder


def named(root: Path, tmp_path: Path) -> NamedModel:
    asked = {"run": None, "voice": "any_bird", "checkpoint": {"file": None}, "data_root": str(root), "split": "test"}
    return named_model({**asked, "paths": {"outputs": str(tmp_path / "outputs")}})


def test_a_voice_of_simulated_birds_takes_recordings_that_nobody_annotated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = named(whistles(tmp_path / "bird"), tmp_path)
    clips = found.datamodule().clips("new")
    assert len(clips) == 10
    assert all(abs(clip.offset - clip.onset - 0.15 * 44_100) < 0.02 * 44_100 for clip in clips)
    said = capsys.readouterr().out
    assert "10 syllables found in 3 s of 1 files" in said
    assert "missing" not in said, "what it was trained on lies in no folder, and is not missed"
    low, high = found.loaded.model.analyser.range_hz.tolist()
    assert low < 3_000 < high < 6_000, "calibrated to the clips"


def test_whether_a_voice_learned_from_recordings_stands_in_its_split(tmp_path: Path) -> None:
    assert not learned_from_recordings(find_run(voice_folder("any_bird")))
    run = RunDirectory(tmp_path)
    assert learned_from_recordings(run), "who stores no split may have heard anything"
    run.split_path.write_text('{"train": {"aviary/train/00000000": "a", "day1": "b"}, "val": {}, "test": {}}')
    assert learned_from_recordings(run)


def test_songs_are_read_as_the_voice_reads_them(tmp_path: Path) -> None:
    shipped = find_run(voice_folder("any_bird")).config()
    root = whistles(tmp_path / "bird", 6.0)
    cfg = OmegaConf.create({"data": {**shipped["data"], "root": str(root), "sample_rate": 8_000, "highpass_hz": None}})
    del cfg.data.simulated
    cfg.paths = {"outputs": str(tmp_path / "outputs")}
    read = read_as(cfg, voice_folder("any_bird"))
    assert (read.data.sample_rate, read.data.highpass_hz) == (44_100, 300.0)
    assert Path(read.data.root).parent == tmp_path / "outputs" / "found_songs"
    assert cfg.data.sample_rate == 8_000, "what was given is left as it is"


def test_a_voice_has_nothing_to_report() -> None:
    cfg = OmegaConf.create({"voice": "any_bird", "sweep": None, "run": None, "out": None, "smooth": "auto"})
    with pytest.raises(ValueError, match=r"^voice is 'any_bird': a voice keeps nothing .* rivals voice=any_bird"):
        report(cfg)
