"""Folders of song in every layout and format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from folders import AB, HEADER, RATE, TEXT, annotate, load, spans, write_text, write_tone

from syrinx_lab.data.corpus import CorpusSettings, inspect_corpus


@pytest.mark.parametrize(
    ("audio", "annotation"),
    [
        ("x.wav", "x.txt"),
        ("audio/x.wav", "segments/x.txt"),
        ("day1/audio/x.1.flac", "day1/times/x.1.txt"),
        ("deep/er/x.WAV", "other/x.txt"),
        ("x.wav", "x.wav.txt"),
        ("x.wav", "x_segments.txt"),
    ],
)
def test_annotations_are_found_beside_and_apart(tmp_path: Path, audio: str, annotation: str) -> None:
    annotate(tmp_path, audio, TEXT, annotation)
    write_text(tmp_path / "README.txt", "Recorded in spring.\n")
    write_text(tmp_path / "birds.csv", "bird,age\n1,90\n")
    write_text(tmp_path / "._x.wav", "what some systems leave behind")
    write_text(tmp_path / ".trash/x.wav", "deleted")
    corpus = load(tmp_path)
    key = str(Path(audio).with_suffix(""))
    assert list(corpus.recordings) == [key]
    assert spans(corpus, key) == AB
    assert corpus.recordings[key].annotation == tmp_path / annotation


def test_a_table_annotates_recordings_in_any_folder(tmp_path: Path) -> None:
    for name in ("d1/x", "d2/x", "d2/y"):
        write_tone(tmp_path / f"{name}.wav")
    rows = "d1/x.wav,0.1,0.2,1\nD:\\song\\d2\\x.wav,0.2,0.3,2\ny,0.3,0.4,\n"
    write_text(tmp_path / "syllables.csv", HEADER + rows)
    corpus = load(tmp_path)
    assert spans(corpus, "d1/x") == [("1", 800, 1600)]
    assert spans(corpus, "d2/x") == [("2", 1600, 2400)]
    assert spans(corpus, "d2/y") == [("voc", 2400, 3200)]
    assert corpus.labels() == {"1": 1, "2": 1, "voc": 1}


def test_equal_names_in_several_folders_take_the_nearest_annotation(tmp_path: Path) -> None:
    for bird, label in (("b1", "p"), ("b2", "q")):
        annotate(tmp_path / "near", f"{bird}/audio/x.wav", f"0.1 0.2 {label}", f"{bird}/times/x.txt")
        annotate(tmp_path / "far", f"audio/{bird}/x.wav", f"0.1 0.2 {label}", f"times/{bird}/x.txt")
    for root, ids in (("near", ["b1/audio/x", "b2/audio/x"]), ("far", ["audio/b1/x", "audio/b2/x"])):
        corpus = load(tmp_path / root)
        assert [spans(corpus, key)[0][0] for key in ids] == ["p", "q"]
    (tmp_path / "near/b2/times/x.txt").rename(tmp_path / "near/x.txt")
    with pytest.raises(ValueError, match=r"near/x\.txt: the file's name fits 2 recordings, b1/audio/x and b2/audio/x"):
        load(tmp_path / "near")


def test_an_unannotated_recording_does_not_take_another_folders_annotation(tmp_path: Path) -> None:
    annotate(tmp_path, "b1/x.wav")
    write_tone(tmp_path / "b2/x.wav")
    with pytest.raises(ValueError, match=r"1 of 2 recordings have no annotation \(b2/x\)"):
        load(tmp_path)


def test_a_table_comes_before_files_and_either_can_be_asked_for(tmp_path: Path) -> None:
    annotate(tmp_path, "audio/x.wav", "0.1 0.2 text", "segments/x.txt")
    write_text(tmp_path / "syllables.csv", HEADER + "x.wav,0.1,0.2,table\n")
    write_text(tmp_path / "more/labels.csv", HEADER + "x.wav,0.1,0.2,more\n")
    with pytest.raises(ValueError, match=r"syllables\.csv, line 2: audio/x is annotated in .*more/labels\.csv as well"):
        load(tmp_path)
    assert load(tmp_path, annotations="text").labels() == {"text": 1}
    assert load(tmp_path, annotation_root=tmp_path / "more").labels() == {"more": 1}
    assert load(tmp_path, annotation_root=tmp_path / "syllables.csv").labels() == {"table": 1}
    (tmp_path / "more/labels.csv").unlink()
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert corpus.labels() == {"table": 1}
    assert [(p.severity, p.path.name) for p in problems] == [("note", "x.txt")]
    assert "1 text file(s) not used, since csv annotates the same" in problems[0].message


def test_several_roots_prefix_their_ids_with_the_shortest_ends_that_differ(tmp_path: Path) -> None:
    for bird in ("b1", "b2"):
        annotate(tmp_path, f"{bird}/day/x.wav", f"0.1 0.2 {bird}")
    corpus = load([str(tmp_path / "b1/day"), str(tmp_path / "b2/day")])
    assert list(corpus.recordings) == ["b1/day/x", "b2/day/x"]
    assert spans(corpus, "b2/day/x") == [("b2", 800, 1600)]
    assert list(load([str(tmp_path / "b1"), str(tmp_path / "b2")]).recordings) == ["b1/day/x", "b2/day/x"]
    assert list(load([str(tmp_path / "b1")]).recordings) == ["day/x"]
    with pytest.raises(ValueError, match="the same root is given twice"):
        load([str(tmp_path / "b1"), str(tmp_path / "b1")])
    with pytest.raises(ValueError, match=r"x\.wav: the same file is read as .* already"):
        load([str(tmp_path / "b1"), str(tmp_path / "b1/day")])


def test_annotations_in_folders_of_their_own(tmp_path: Path) -> None:
    for bird in ("b1", "b2"):
        annotate(tmp_path, f"song/{bird}/x.wav", f"0.1 0.2 {bird}", f"hand/{bird}/x.txt")
    roots = [str(tmp_path / "song" / bird) for bird in ("b1", "b2")]
    for sides in (str(tmp_path / "hand"), [str(tmp_path / "hand" / bird) for bird in ("b1", "b2")]):
        corpus = load(roots, annotation_root=sides)
        assert [spans(corpus, f"{bird}/x")[0][0] for bird in ("b1", "b2")] == ["b1", "b2"]
    with pytest.raises(ValueError, match="2 annotation roots for 1 roots"):
        load(tmp_path / "song", annotation_root=["a", "b"])
    with pytest.raises(ValueError, match=r"nowhere: there is no such folder; set data\.annotation_root"):
        load(tmp_path / "song", annotation_root=str(tmp_path / "nowhere"))


@pytest.mark.parametrize("kind", ["notmat", "textgrid", "raven", "simple-seq", "timit", "aud-bbox", "yarden", "xml"])
def test_formats_are_detected_in_a_folder(tmp_path: Path, kind: str) -> None:
    write_tone(tmp_path / "Wave/x.wav", rate=16000)
    if kind == "notmat":
        times = {"onsets": np.array([100.0, 300.0]), "offsets": np.array([200.0, 500.0])}
        scipy.io.savemat(tmp_path / "Wave/x.wav.not.mat", {**times, "labels": "ab"})
    elif kind == "textgrid":
        intervals = "".join(f'{on}\n{off}\n"{label}"\n' for on, off, label in ((0.1, 0.2, "a"), (0.3, 0.5, "b")))
        head = (
            'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n1\n"IntervalTier"\n"s"\n0\n1\n2\n'
        )
        write_text(tmp_path / "Wave/x.TextGrid", head + intervals)
    elif kind == "raven":
        rows = "1\t0.1\t0.2\ta\n2\t0.3\t0.5\tb\n"
        write_text(tmp_path / "x.Table.1.selections.txt", "Selection\tBegin Time (s)\tEnd Time (s)\tSpecies\n" + rows)
    elif kind == "simple-seq":
        write_text(tmp_path / "x.csv", "onset_s,offset_s,label\n0.1,0.2,a\n0.3,0.5,b\n")
    elif kind == "timit":
        write_text(tmp_path / "x.phn", "0 1600 h#\n1600 3200 a\n4800 8000 b\n")
    elif kind == "aud-bbox":
        write_text(tmp_path / "x.txt", "0.1\t0.2\ta\n\\\t9\t99\n0.3\t0.5\tb\n\\\t9\t99\n")
    elif kind == "yarden":
        on = np.array([0.1, 0.3])
        element = {"segFileStartTimes": on, "segFileEndTimes": on + [0.1, 0.2], "segType": np.array([1, 2]), "fs": 16e3}
        two = np.empty(2, dtype=object)
        two[:] = [element, element]
        write_tone(tmp_path / "Wave/y.wav")
        scipy.io.savemat(tmp_path / "bird.mat", {"keys": np.array(["x.wav", "y.wav"], dtype=object), "elements": two})
    else:
        notes = "".join(
            f"<Note><Position>{on}</Position><Length>{size}</Length><Label>{label}</Label></Note>"
            for on, size, label in ((0, 1600, "a"), (3200, 3200, "b"))
        )
        where = "<WaveFileName>x.wav</WaveFileName><Position>1600</Position><Length>9</Length>"
        write_text(tmp_path / "Annotation.xml", f"<Sequences><Sequence>{where}{notes}</Sequence></Sequences>")
    corpus = load(tmp_path)
    expected = [("1", *AB[0][1:]), ("2", *AB[1][1:])] if kind == "yarden" else AB
    assert spans(corpus, "Wave/x") == expected


def test_denoised_audio_takes_the_annotation_of_its_original(tmp_path: Path) -> None:
    """As published: x_cleaned.wav beside, or apart from, x.txt; where x.wav is there as well, x.txt is its own."""
    annotate(tmp_path / "beside", "one_cleaned.wav", annotation="one.txt")
    annotate(tmp_path / "apart", "denoised/84/one_cleaned.wav", annotation="segs/84/one.txt")
    annotate(tmp_path / "table", "one_cleaned.wav", annotation="all.csv", text=HEADER + "one.wav,0.1,0.2,a\n")
    for folder, name in (("beside", "one_cleaned"), ("apart", "denoised/84/one_cleaned"), ("table", "one_cleaned")):
        assert spans(load(tmp_path / folder), name)[0] == AB[0], folder

    annotate(tmp_path / "both", "one.wav")
    write_tone(tmp_path / "both" / "one_cleaned.wav")
    with pytest.raises(ValueError, match="one_cleaned"):
        load(tmp_path / "both")
    assert list(load(tmp_path / "both", unannotated="skip").recordings) == ["one"]
    cleaned = load(tmp_path / "both", audio_pattern="*_cleaned.wav")
    assert spans(cleaned, "one_cleaned") == AB
