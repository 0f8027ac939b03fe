"""evsonganaly's .not.mat and SongAnnotationGUI's .mat: labels of every kind, and counts that do not agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from folders import RATE, times, write_text, write_tone
from reading_annotations import read_annotations

from syrinx_lab.data.annotation_rules import AnnotationRules
from syrinx_lab.data.annotations import read_annotation_file
from syrinx_lab.data.corpus import CorpusSettings, inspect_corpus


def notmat(path: Path, onsets: list[float], offsets: list[float], labels: object = None) -> Path:
    extra = {} if labels is None else {"labels": labels}
    scipy.io.savemat(path, {"Fs": 32000.0, "onsets": np.array(onsets), "offsets": np.array(offsets), **extra})
    return path


def cell(*values: object) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("ab", ["a", "b"]),
        ("-0", ["-", "0"]),
        (np.array(["long", "b"]), ["long", "b"]),
        (cell("long", "b"), ["long", "b"]),
        (cell(np.array([3.0]), "b"), ["3", "b"]),
        (np.array([1.0, 2.5]), ["1", "2.5"]),
        (np.array([[7], [8]], dtype=np.uint8), ["7", "8"]),
        (None, ["voc", "voc"]),
    ],
)
def test_labels_of_every_kind(tmp_path: Path, labels: object, expected: list[str]) -> None:
    path = notmat(tmp_path / "x.wav.not.mat", [100, 300], [250, 400], labels)
    assert times(read_annotations(path)) == [(0.1, 0.25, expected[0]), (0.3, 0.4, expected[1])]


def test_one_syllable_with_a_label_of_several_letters(tmp_path: Path) -> None:
    path = notmat(tmp_path / "x.wav.not.mat", [100], [250], cell("long"))
    assert times(read_annotations(path)) == [(0.1, 0.25, "long")]
    assert times(read_annotations(notmat(path, [100], [250], "a"))) == [(0.1, 0.25, "a")]
    assert read_annotations(notmat(path, [], [], "")) == {"": ()}


@pytest.mark.parametrize(
    ("onsets", "offsets", "labels", "counts"),
    [
        (5, 5, "abcd", "5 onsets, 5 offsets and 4 labels"),
        (5, 5, "abcdef", "5 onsets, 5 offsets and 6 labels"),
        (5, 4, "abcde", "5 onsets, 4 offsets and 5 labels"),
        (1, 1, "long", "1 onsets, 1 offsets and 4 labels"),
    ],
)
def test_counts_that_do_not_agree_are_refused(
    tmp_path: Path, onsets: int, offsets: int, labels: str, counts: str
) -> None:
    on, off = [100.0 * k for k in range(onsets)], [100.0 * k + 50 for k in range(offsets)]
    path = notmat(tmp_path / "x.wav.not.mat", on, off, labels)
    with pytest.raises(ValueError, match=rf"x\.wav\.not\.mat: {counts}: nobody can say which belong together"):
        read_annotations(path)
    write_tone(tmp_path / "x.wav")
    write_tone(tmp_path / "y.wav")
    notmat(tmp_path / "y.wav.not.mat", [100, 300], [250, 400], "ab")
    _, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert [(p.path.name, p.severity) for p in problems] == [("x.wav.not.mat", "error")]
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE, faulty="skip"))
    assert list(corpus.recordings) == ["y"]
    assert [(p.severity, p.message.endswith("; left out")) for p in problems] == [("warning", True)]


def test_a_file_of_another_version_or_without_times(tmp_path: Path) -> None:
    path = tmp_path / "x.wav.not.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM" + bytes(384))
    with pytest.raises(ValueError, match=r"cannot be read as notmat \(.*version 7\.3: save it with -v7"):
        read_annotations(path)
    scipy.io.savemat(path, {"labels": "a"})
    with pytest.raises(ValueError, match=r"cannot be read as notmat \(it holds no onsets\)"):
        read_annotations(path)


def test_a_small_negative_onset_is_moved_and_a_large_one_refused(tmp_path: Path) -> None:
    path = notmat(tmp_path / "x.wav.not.mat", [-1.17, 300], [250, 400], "ab")
    found = read_annotation_file(path, "notmat")
    assert found.recordings[""][0].onset_s == 0.0
    message = "the onset is negative, -0.00117 s, of syllable 1, a; it was moved to 0"
    assert [(p.severity, p.message) for p in found.problems] == [("warning", message)]
    for onset, offset in ((-21.0, 250.0), (-5.0, -1.0)):
        with pytest.raises(ValueError, match=r"the onset is negative, -0\.\d+ s, of syllable 1, a; times are counted"):
            read_annotations(notmat(path, [onset, 300], [offset, 400], "ab"))


def test_times_in_seconds_in_a_file_of_milliseconds(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav")
    path = notmat(tmp_path / "x.wav.not.mat", [0.1, 0.3], [0.25, 0.4], "ab")
    _, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert [p.severity for p in problems] == ["error"]
    assert problems[0].message.endswith("were read as milliseconds but seem to be seconds: set data.time_unit=s")
    assert times(read_annotations(path, rules=AnnotationRules(time_unit="s"))) == [(0.1, 0.25, "a"), (0.3, 0.4, "b")]


def test_one_short_syllable_is_no_question_of_units(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav")
    notmat(tmp_path / "x.wav.not.mat", [100.0], [101.0], "a")
    assert inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[0].labels() == {"a": 1}
    notmat(tmp_path / "x.wav.not.mat", [100.0, 300.0], [101.0, 303.0], "ab")
    assert inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[0].labels() == {"a": 1, "b": 1}


def test_a_recording_made_of_a_cbin_is_found(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav")
    notmat(tmp_path / "x.cbin.not.mat", [100, 300], [250, 400], "ab")
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert problems == []
    assert corpus.labels() == {"a": 1, "b": 1}
    (tmp_path / "x.cbin.not.mat").unlink()
    write_text(tmp_path / "t.csv", "files,onsets,offsets,labels\nD:\\d\\x.cbin,0.1,0.2,a\n")
    assert inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[0].labels() == {"a": 1}


def test_a_cbin_that_was_not_converted_is_named(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav")
    for name in ("x", "y"):
        notmat(tmp_path / f"{name}.cbin.not.mat", [100, 300], [250, 400], "ab")
    (problem,) = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]
    said = (
        "there is no recording of this file's name in a format that can be read; .cbin: evsonganaly's audio: convert it"
    )
    assert (problem.path.name, said in problem.message) == ("y.cbin.not.mat", True)


def yarden(path: Path, **labels: list[int]) -> Path:
    on = np.array([0.1, 0.3])
    elements = cell(
        *({"segFileStartTimes": on, "segFileEndTimes": on + 0.1, "segType": np.array(v)} for v in labels.values())
    )
    scipy.io.savemat(path, {"keys": cell(*(f"{name}.wav" for name in labels)), "elements": elements})
    return path


def test_an_element_whose_counts_do_not_agree_is_left_out_alone(tmp_path: Path) -> None:
    path = yarden(tmp_path / "bird.mat", x=[1, 2], y=[1], z=[3, 3])
    with pytest.raises(ValueError, match=r"bird\.mat: 2 onsets, 2 offsets and 1 labels of y\.wav: nobody can say"):
        read_annotations(path)
    for name in "xyz":
        write_tone(tmp_path / f"{name}.wav")
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE, faulty="skip"))
    assert corpus.labels() == {"1": 1, "2": 1, "3": 2}
    assert list(corpus.recordings) == ["x", "z"]
    assert [p.severity for p in problems] == ["warning"]
    assert times(read_annotations(yarden(path, x=[4, 5])), "x.wav") == [(0.1, 0.2, "4"), (0.3, 0.4, "5")]
