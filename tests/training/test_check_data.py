"""check_data refuses what training refuses, and says what training would use."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hydra import compose, initialize_config_dir

from syrinx_lab.check_data import check_data
from syrinx_lab.cli import config_directory


def checked(root: Path, out: Path, *overrides: str) -> None:
    given = ["data=folder", f"data.root={root}", f"paths.outputs={out}", *overrides]
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("config", overrides=given)
    check_data(cfg)


@pytest.fixture
def song(tiny_song: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_song, tmp_path / "song"))


def test_what_training_would_use_is_printed(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checked(song, tmp_path / "out", "sampler.max_segments=10")
    lines = capsys.readouterr().out.splitlines()
    assert "training: recordings train / val / test 4 / 1 / 1; vocalisations scored val / test 4 / 4" in lines
    assert "training: syllables train / val / test 16 / 4 / 4" in lines
    assert "channels: 1 (6 files); channel 0 is read" in lines
    assert any(line.startswith("training: 10 windows an epoch (4 ONSET, 4 OFFSET, 2 MID)") for line in lines)
    assert "nothing is wrong with the files, and training would take them" in lines


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["data.sample_rate=22050", "horizon.max=2048"], "1102 samples at 22050 Hz: set horizon.max=1102 or less"),
        (["horizon.max=4096"], "or less, or data.context_s=0.0929"),
        (["data.context_s=0.9"], "no window of 0.9 s fits"),
        (["sampler.ratios=[0,0,1]", "data.context_s=0.11"], "asks only for categories without windows"),
    ],
)
def test_what_training_refuses_is_an_error(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], overrides: list[str], said: str
) -> None:
    with pytest.raises(ValueError, match=r"^an error is listed above: training would refuse this folder$") as refused:
        checked(song, tmp_path / "out", *overrides)
    printed = capsys.readouterr().out
    assert "nothing is wrong" not in printed
    assert printed.count(said) == 1  # and what is raised, which is printed below it, does not say it again
    assert said not in str(refused.value)


def test_settings_that_make_no_sense_are_refused_before_a_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^data\.val_fraction 0\.6 and data\.test_fraction 0\.5: give two shares"):
        checked(tmp_path / "none", tmp_path / "out", "data.val_fraction=0.6", "data.test_fraction=0.5")


def test_the_horizon_counts_only_where_something_is_rolled_out(song: Path, tmp_path: Path) -> None:
    checked(song, tmp_path / "out", "horizon.max=4096", "loss=mse_accel")


def test_too_few_recordings_and_copies_are_errors(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (2, 3, 4, 5):
        for ending in ("wav", "txt"):
            (song / f"song{number}.{ending}").unlink()
    with pytest.raises(ValueError, match="listed above"):
        checked(song, tmp_path / "out")
    assert "2 of 2 recordings hold a selected syllable" in capsys.readouterr().out
    for name in ("again", "louder"):
        shutil.copy(song / "song0.wav", song / f"{name}.wav")
        # times that differ a little, so that another gain is measured
        first = (song / "song0.txt").read_text().splitlines()[0 if name == "again" else 1]
        (song / f"{name}.txt").write_text(first + "\n")
    with pytest.raises(ValueError, match="listed above"):
        checked(song, tmp_path / "out")
    assert "hold the same audio" in capsys.readouterr().out


def test_a_copy_in_another_format_is_the_same_audio(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples, rate = sf.read(song / "song0.wav", dtype="float32")
    rounded, text = np.round(samples * 2**15) / 2**15, (song / "song0.txt").read_text()
    for number in (0, 1, 2, 3, 4, 5):
        (song / f"song{number}.wav").unlink()
        (song / f"song{number}.txt").write_text(text)
    for number, (ending, options) in enumerate(
        [
            ("wav", {"subtype": "PCM_16"}),
            ("wav", {"subtype": "FLOAT"}),
            ("flac", {}),
            ("aiff", {}),
            ("w64", {}),
            ("au", {}),
        ]
    ):
        sf.write(song / f"song{number}.{ending}", rounded, rate, **options)
    with pytest.raises(ValueError, match="listed above"):
        checked(song, tmp_path / "out")
    assert "hold the same audio" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder that takes nothing, even from root")
def test_the_report_needs_no_folder_to_write_to(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checked(song, Path("/proc/outputs"))
    printed = capsys.readouterr().out.splitlines()
    assert "nothing is wrong with the files, and training would take them" in printed
    assert printed[-1].startswith(
        "note: no picture of examples, /proc/outputs/check_data cannot be written to: give paths"
    )
