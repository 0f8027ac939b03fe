"""Folders as labs keep them: a test for each layout, and what is ambiguous is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from folders import RATE, annotate, load, spans, write_text, write_tone
from scipy.io import savemat

from syrinx_lab.data.groups import group_recordings
from syrinx_lab.data.roots import locate
from syrinx_lab.data.splits import SplitSettings, split_recordings

TIMES = [("a", 800, 1600), ("b", 2400, 4000)]


def test_bird_experiment_day_with_not_mat_and_batch_files(tmp_path: Path) -> None:
    for day in ("041912", "042012"):
        folder = tmp_path / "bl26lb16" / "baseline" / day
        name = f"bl26lb16_{day[2:4]}{day[:2]}{day[4:]}_0721.20144.wav"
        write_tone(folder / name)
        times = {"onsets": np.array([[100.0], [300.0]]), "offsets": np.array([[200.0], [500.0]])}
        savemat(folder / f"{name}.not.mat", {"Fs": RATE, "fname": name, "labels": "ab", **times})
        write_text(folder / "batch.keep", f"{name}\n")
        write_text(folder / "batch.txt", f"{name}\n")
    corpus = load(tmp_path)
    assert [spans(corpus, name) for name in corpus.recordings] == [TIMES, TIMES]
    found = group_recordings(corpus, str(tmp_path)).values()
    assert [(one.bird, one.day) for one in found] == [("bl26lb16", "2012-04-19"), ("bl26lb16", "2012-04-20")]


def test_a_folder_a_day_with_a_text_folder_a_label(tmp_path: Path) -> None:
    for day in ("2026-05-03", "2026-05-04"):
        write_tone(tmp_path / day / "x.wav", amplitude=0.5 if day.endswith("3") else 0.4)
        write_text(tmp_path / day / "a" / "x.txt", "0.1 0.2\n")
        write_text(tmp_path / day / "b" / "x.txt", "0.3 0.5\n")
    corpus = load(tmp_path)
    assert list(corpus.recordings) == ["2026-05-03/x", "2026-05-04/x"]  # one recording, whatever labels it bears
    assert [spans(corpus, name) for name in corpus.recordings] == [TIMES, TIMES]
    write_text(tmp_path / "2026-05-03" / "c" / "x.txt", "0.6 0.7\n")
    assert spans(load(tmp_path), "2026-05-03/x") == [*TIMES, ("c", 4800, 5600)]


def test_one_wav_under_several_label_folders_is_one_recording(tmp_path: Path) -> None:
    for day in ("2026-05-03", "2026-05-04", "2026-05-05"):
        for label, text in (("a", "0.1 0.2\n"), ("b", "0.3 0.5\n")):
            write_tone(tmp_path / day / label / "x.wav", amplitude=0.1 * int(day[-1]))
            write_text(tmp_path / day / label / "x.txt", text)
    corpus = load(tmp_path)
    assert list(corpus.recordings) == ["2026-05-03/x", "2026-05-04/x", "2026-05-05/x"]
    assert [spans(corpus, name) for name in corpus.recordings] == [TIMES] * 3
    splits = split_recordings(corpus, SplitSettings(val_fraction=0.3, test_fraction=0.3))
    assert sorted(map(len, (splits.train, splits.val, splits.test))) == [1, 1, 1]
    day = group_recordings(corpus, str(tmp_path))["2026-05-04/x"]
    assert (day.day, day.session) == ("2026-05-04", "2026-05-04")
    for label in "ab":  # whichever copy is named, it is that recording
        assert locate(tmp_path / "2026-05-03" / label / "x.wav", [tmp_path])[1] == "2026-05-03/x"
    write_text(tmp_path / "2026-05-04" / "b" / "x.txt", "0.15 0.3\n")
    with pytest.raises(
        ValueError, match=r"04/b/x\.txt: .*04/a/x\.txt as well.*'a' from 0\.1 to 0\.2 s and 'b' from 0\.15"
    ):
        load(tmp_path)


def test_copies_that_are_no_label_folders_stay_one_song_twice(tmp_path: Path) -> None:
    for folder in ("2026-05-03", "2026-05-04"):  # days
        write_tone(tmp_path / folder / "x.wav")
        write_text(tmp_path / folder / "x.txt", "0.1 0.2\n")
    for folder in ("a", "b"):  # other bytes
        write_tone(tmp_path / "2026-05-05" / folder / "x.wav", amplitude=0.3 if folder == "a" else 0.4)
        write_text(tmp_path / "2026-05-05" / folder / "x.txt", "0.1 0.2\n")
    found = ["2026-05-03/x", "2026-05-04/x", "2026-05-05/a/x", "2026-05-05/b/x"]
    assert list(load(tmp_path).recordings) == found


def test_two_annotations_of_the_same_are_no_label_folders(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav")
    write_text(tmp_path / "first" / "x.txt", "0.1 0.2\n0.3 0.5\n")
    write_text(tmp_path / "second" / "x.txt", "0.11 0.2\n0.3 0.5\n")
    with pytest.raises(ValueError, match=r"x is annotated in .*first/x\.txt as well; keep one"):
        load(tmp_path)
    write_text(tmp_path / "first" / "x.txt", "0.1 0.2 a\n")
    write_text(tmp_path / "second" / "x.txt", "0.3 0.5 b\n")
    with pytest.raises(ValueError, match="as well; keep one"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", "onset,offset,cluster\n0.1,0.2,a\n0.3,0.5,b\n"),  # WhisperSeg
        ("x_annotations.csv", "name,start_seconds,stop_seconds\na,0.1,0.2\nb,0.3,0.5\n"),  # DAS
        ("x.Table.1.selections.txt", "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tAnnotation\n"
         "1\tWaveform 1\t1\t0.1\t0.2\ta\n2\tWaveform 1\t1\t0.3\t0.5\tb\n"),  # Raven
        ("all.csv", "files,onsets,offsets,labels\nx.wav,0.1,0.2,a\nx.wav,0.3,0.5,b\n"),  # AVN
    ],
)  # fmt: skip
def test_tables_of_annotation_programs(tmp_path: Path, name: str, text: str) -> None:
    write_tone(tmp_path / "B1" / "2026-05-03" / "x.wav")
    write_text(tmp_path / "B1" / "2026-05-03" / name, text)
    corpus = load(tmp_path)
    assert spans(corpus, "B1/2026-05-03/x") == TIMES
    (found,) = group_recordings(corpus, str(tmp_path)).values()
    assert found.named() == {"bird": "B1", "day": "2026-05-03", "session": "B1/2026-05-03", "root": tmp_path.name}


def test_a_table_of_groups_beside_the_recordings_annotates_nothing(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav")
    table = write_text(tmp_path / "groups.csv", "file,bird,day\nx.wav,pk1,2026-05-03\n")
    corpus = load(tmp_path)
    assert spans(corpus, "x") == TIMES
    assert group_recordings(corpus, str(tmp_path), str(table))["x"].bird == "pk1"
