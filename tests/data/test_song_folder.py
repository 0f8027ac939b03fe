"""The folder that the synthetic finch leaves: complete, reused, replaced, and never at the cost of other files."""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from syrinx_lab.data import song_folder
from syrinx_lab.data.synthetic import SyntheticFinch, render_song, write_dataset

SMALL = SyntheticFinch(n_recordings=2, motifs_per_recording=1, seed=3)


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_dataset_is_complete_and_consistent(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "finch", SMALL)
    assert set(contents(root)) == {
        *("dataset.json", "syllables.csv"),
        *(
            f"{f}/finch-00{k}{s}"
            for k in range(2)
            for f, s in (("audio", ".wav"), ("segments", ".txt"), ("controls", ".npz"))
        ),
    }
    by_file = defaultdict(list)
    for row in csv.DictReader((root / "syllables.csv").read_text().splitlines()):
        by_file[row["files"]].append(f"{row['onsets']} {row['offsets']} {row['labels']}")
    for k in range(2):
        samples, rate = soundfile.read(root / f"audio/finch-00{k}.wav", dtype="float32")
        song = render_song(SMALL, np.random.default_rng([3, k]))
        assert rate == 44_100
        np.testing.assert_array_equal(samples, song.samples)
        lines = (root / f"segments/finch-00{k}.txt").read_text().splitlines()
        assert lines == by_file[f"finch-00{k}.wav"]
        times = np.array([[float(word) for word in line.split()[:2]] for line in lines])
        np.testing.assert_array_equal(np.round(times * rate), [s[1:] for s in song.syllables])
        with np.load(root / f"controls/finch-00{k}.npz") as truth:
            np.testing.assert_array_equal(truth["alpha"], song.alpha)
            np.testing.assert_array_equal(truth["beta"], song.beta)
            assert truth["sample_rate"] == 44_100
    card = json.loads((root / "dataset.json").read_text())
    assert SyntheticFinch(**card["spec"]) == SMALL


def test_equal_specs_give_equal_bytes_and_a_complete_dataset_is_left_alone(tmp_path: Path) -> None:
    one, two = (write_dataset(tmp_path / name, SMALL) for name in ("one", "two"))
    assert contents(one) == contents(two)
    before = {path: path.stat().st_mtime_ns for path in one.rglob("*")}
    write_dataset(one, SMALL)
    assert {path: path.stat().st_mtime_ns for path in one.rglob("*")} == before


def test_an_incomplete_dataset_is_written_anew(tmp_path: Path) -> None:
    root = write_dataset(tmp_path, SMALL)
    whole = contents(root)
    (root / "segments/finch-001.txt").unlink()
    assert contents(write_dataset(root, SMALL)) == whole
    (root / "dataset.json").unlink()
    (root / "audio/finch-000.wav").write_bytes(b"half")
    assert contents(write_dataset(root, SMALL)) == whole


def test_another_spec_replaces_the_dataset(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "changed", SMALL)
    smaller = replace(SMALL, n_recordings=1, seed=4)
    assert contents(write_dataset(root, smaller)) == contents(write_dataset(tmp_path / "fresh", smaller))


def test_a_run_that_dies_leaves_no_dataset_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_file = os.replace

    def full(source: Path, target: Path) -> None:
        if target.suffix == ".npz":
            raise OSError(28, "No space left on device")
        replace_file(source, target)

    root = write_dataset(tmp_path / "finch", replace(SMALL, seed=9))
    with monkeypatch.context() as patch:
        patch.setattr(song_folder.os, "replace", full)
        with pytest.raises(
            OSError, match=f"could not write the synthetic finch to {root}: No space left on device; free"
        ):
            write_dataset(root, SMALL)
    assert "dataset.json" not in contents(root)
    assert not [name for name in contents(root) if name.endswith(".tmp")]
    assert contents(write_dataset(root, SMALL)) == contents(write_dataset(tmp_path / "fresh", SMALL))


@pytest.mark.parametrize("name", ["audio/bird7.wav", "notes.txt", "dataset.json"])
def test_a_folder_of_other_files_is_refused_and_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("{}")
    with pytest.raises(ValueError, match=f"{name}: not a file of a synthetic finch") as error:
        write_dataset(tmp_path, SMALL)
    assert "\n" not in str(error.value)
    assert contents(tmp_path) == {name: b"{}"}
