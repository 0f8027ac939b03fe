"""Tables whose names of columns alone do not say what they hold: empty columns, folders beside names, other units."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import AB, HEADER, RATE, TEXT, annotate, load, spans, write_text, write_tone
from reading_annotations import read_annotations

from syrinx_lab.data.annotation_rules import AnnotationRules
from syrinx_lab.data.annotations import detect_format, read_annotation_file
from syrinx_lab.data.corpus import CorpusSettings, inspect_corpus

RAVEN = "Selection\tView\tChannel\tBegin Time (s)"
KALEIDOSCOPE = "INDIR,FOLDER,IN FILE,OFFSET,DURATION,MANUAL ID\n"


def notes(root: Path) -> list[str]:
    return [problem.message for problem in inspect_corpus(root, CorpusSettings(sample_rate=RATE))[1]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "files,start_millisec,end_millisec,label\nx.wav,100,250,a\nx.wav,300,400,b\n"),
        ("t.csv", "files,start_in_ms,end_in_ms,label\nx.wav,100,250,a\nx.wav,300,400,b\n"),
        ("t.csv", "files,begin_smp,end_smp,label\nx.wav,800,2000,a\nx.wav,2400,3200,b\n"),
        ("t.csv", "files|onsets|offsets|labels\nx.wav|0.1|0.25|a\nx.wav|0.3|0.4|b\n"),
        ("x.Table", "tmin\ttier\ttext\ttmax\n0.1\tsyl\ta\t0.25\n0.3\tsyl\tb\t0.4\n"),
    ],
)
def test_more_dialects_hold_the_same_two_syllables(tmp_path: Path, name: str, text: str) -> None:
    (found,) = read_annotations(write_text(tmp_path / name, text), native_rate=lambda audio: 8000).values()
    assert [one.label for one in found] == ["a", "b"]
    assert [t for one in found for t in (one.onset_s, one.offset_s)] == pytest.approx([0.1, 0.25, 0.3, 0.4])


def test_sound_analysis_pro_needs_no_labels(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", "duration,start on,FM,file name\n150,100,1,x.wav\n100,300,1,x.wav\n")
    (found,) = read_annotations(path).values()
    assert [(one.onset_s, one.offset_s, one.label) for one in found] == [(0.1, 0.25, "voc"), (0.3, 0.4, "voc")]


@pytest.mark.parametrize(
    ("columns", "first", "second", "said"),
    [
        ("start_ms,duration", "100,150", "300,100", "duration states no unit beside start_ms: read as ms"),
        ("start_ms,end", "100,0.25", "300,0.4", "end states no unit beside start_ms: read as s"),
        ("start,duration_ms", "0.1,150", "0.3,100", "start states no unit beside duration_ms: read as s"),
        ("start on,duration", "100,150", "300,100", ""),  # Sound Analysis Pro's, always ms
        ("start_on_s,duration", "0.1,0.15", "0.3,0.1", ""),
        ("syllable_start,syllable_duration", "100,150", "300,100", ""),
        ("syllable_start_s,syllable_duration_s", "0.1,0.15", "0.3,0.1", ""),
    ],
)
def test_a_column_that_states_no_unit_beside_one_that_does(
    tmp_path: Path, columns: str, first: str, second: str, said: str
) -> None:
    path = write_text(tmp_path / "x.csv", f"{columns},label\n{first},a\n{second},b\n")
    found = read_annotation_file(path, "csv")
    assert [t for one in found.recordings[""] for t in (one.onset_s, one.offset_s)] == pytest.approx(
        [0.1, 0.25, 0.3, 0.4]
    )
    assert [(p.severity, p.message.split(";")[0]) for p in found.problems] == (
        [("warning", f"the column {said}")] if said else []
    )
    asked = read_annotation_file(path, "csv", rules=AnnotationRules(time_unit="ms"))
    assert not any("states no unit" in p.message for p in asked.problems)


def test_the_channel_of_ravens_table_without_end_times_counts(tmp_path: Path) -> None:
    path = write_text(tmp_path / "x.txt", f"{RAVEN}\tDelta Time (s)\tAnnotation\n1\tS\t2\t0.1\t0.15\ta\n")
    assert detect_format(path) == ("raven", True)
    assert [one.channel for one in read_annotations(path)[""]] == [1]


def test_an_empty_column_of_labels_gives_way_to_one_that_is_not(tmp_path: Path) -> None:
    head = "files,onset,offset,annotation,syllable"
    path = write_text(tmp_path / "t.csv", f"{head}\nx.wav,0.1,0.25,,a\nx.wav,0.3,0.4,,b\n")
    assert [one.label for one in read_annotations(path)["x.wav"]] == ["a", "b"]
    write_text(path, f"{head}\nx.wav,0.1,0.25,song,a\nx.wav,0.3,0.4,,b\n")
    assert [one.label for one in read_annotations(path)["x.wav"]] == ["song", "voc"]
    write_text(path, "files,onset,offset,annotation,call\nx.wav,0.1,0.25,,a\nx.wav,0.3,0.4,,b\n")
    (problem,) = read_annotation_file(path, "csv").problems
    said = "annotation is empty; name theirs with data.label_column; not read: call"
    assert (problem.severity, problem.message) == ("note", said)
    named = read_annotations(path, rules=AnnotationRules(label_column="call"))
    assert [one.label for one in named["x.wav"]] == ["a", "b"]


def test_kaleidoscopes_folder_belongs_to_the_name(tmp_path: Path) -> None:
    for day in ("d1", "d2"):
        write_tone(tmp_path / day / "x.wav")
    rows = "/z,d1,x.wav,0.1,0.1,a\n/z,d1,x.wav,0.3,0.2,b\n/z,d2,x.wav,0.3,0.2,b\n"
    write_text(tmp_path / "id.csv", KALEIDOSCOPE + rows)
    corpus = load(tmp_path)
    assert spans(corpus, "d1/x") == AB
    assert spans(corpus, "d2/x") == AB[1:]
    write_text(tmp_path / "id.csv", KALEIDOSCOPE + rows.replace(",d2,", ",d3,"))
    with pytest.raises(ValueError, match=r"id\.csv, line 4: there is no recording 'd3/x\.wav'"):
        load(tmp_path)


@pytest.mark.parametrize("ending", [".spect.npz", ".spect.mat"])
def test_vaks_spectrograms_name_their_recording(tmp_path: Path, ending: str) -> None:
    write_tone(tmp_path / "x.wav")
    write_text(tmp_path / "t.csv", HEADER + f"/old/x.wav{ending},0.1,0.2,a\n/old/x.wav{ending},0.3,0.5,b\n")
    assert spans(load(tmp_path), "x") == AB


def test_a_name_that_also_fits_a_deeper_folder_is_answered_with_how_to_write_it(tmp_path: Path) -> None:
    root = tmp_path / "bird"
    write_tone(root / "x.wav")
    annotate(root, "day2/x.wav")
    write_text(root / "t.csv", HEADER + "x.wav,0.1,0.2,a\nx.wav,0.3,0.5,b\n")
    with pytest.raises(ValueError, match=r"name the folder too \(bird/x\.wav for the one at the top\)"):
        load(root)
    write_text(root / "t.csv", HEADER + "bird/x.wav,0.1,0.2,a\nbird/x.wav,0.3,0.5,b\n")
    assert spans(load(root), "x") == AB


def test_an_annotation_without_any_syllable_is_noted(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav")
    annotate(tmp_path, "y.wav")
    assert notes(tmp_path) == []
    write_text(tmp_path / "y.txt", "")
    assert notes(tmp_path) == ["1 annotated recording(s) hold no syllable and count as silence throughout: y"]


def test_a_pointer_of_git_lfs_is_called_so(tmp_path: Path) -> None:
    write_text(tmp_path / "x.txt", TEXT)
    write_text(tmp_path / "x.wav", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(ValueError, match=r"x\.wav: a pointer of Git LFS instead of the sound; fetch it with `git lfs"):
        load(tmp_path)


def test_some_rows_without_a_label_are_counted(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", HEADER + "x.wav,0.1,0.25,a\nx.wav,0.3,0.4,\nx.wav,0.5,0.6,a\n")
    (problem,) = read_annotation_file(path, "csv").problems
    said = "1 of 3 rows are empty in the column labels: read as voc"
    assert (problem.severity, problem.message) == ("note", said)


def test_a_column_of_na_alone_gives_way_too(tmp_path: Path) -> None:
    head = "files,onset,offset,annotation,syllable"
    path = write_text(tmp_path / "t.csv", f"{head}\nx.wav,0.1,0.25,NA,a\nx.wav,0.3,0.4,NA,b\n")
    assert [one.label for one in read_annotations(path)["x.wav"]] == ["a", "b"]
    write_text(path, f"{head}\nx.wav,0.1,0.25,NA,a\nx.wav,0.3,0.4,b,b\n")
    assert [one.label for one in read_annotations(path)["x.wav"]] == ["NA", "b"]


@pytest.mark.parametrize(
    ("fields", "channels"),
    [
        (("1", "2"), [0, 1]),
        (("1.0", "2.0"), [0, 1]),
        (("0", "1"), [0, 1]),
        (("2", "2"), [1, 1]),
        (("", "2"), [None, 1]),
    ],
)
def test_ravens_channels_however_they_are_written(
    tmp_path: Path, fields: tuple[str, str], channels: list[int | None]
) -> None:
    first, second = fields
    rows = f"1\tS\t{first}\t0.1\t0.2\ta\n2\tS\t{second}\t0.3\t0.4\tb\n"
    path = write_text(tmp_path / "x.txt", f"{RAVEN}\tEnd Time (s)\tAnnotation\n{rows}")
    found = read_annotation_file(path, "raven")
    assert [one.channel for one in found.recordings[""]] == channels
    said = ["its channels count from 0, since there is a channel 0"] if "0" in fields else []
    assert [problem.message for problem in found.problems] == said


@pytest.mark.parametrize("gap", ["\t", " ", ","])
def test_a_third_field_that_is_the_length_is_no_label(tmp_path: Path, gap: str) -> None:
    lines = [("0.1", "0.25", "0.15", "a"), ("0.3", "0.4", "0.1", "b")]
    path = write_text(tmp_path / "x.txt", "".join(gap.join(line) + "\n" for line in lines))
    assert [(one.onset_s, one.offset_s, one.label) for one in read_annotations(path)[""]] == [
        (0.1, 0.25, "a"),
        (0.3, 0.4, "b"),
    ]
    (problem,) = read_annotation_file(path, "text").problems
    said = "the third field is offset - onset in every line: read as the length, not as a label"
    assert (problem.severity, problem.message) == ("note", said)
    write_text(path, "".join(gap.join(line[:3]) + "\n" for line in lines))
    assert [one.label for one in read_annotations(path)[""]] == ["voc", "voc"]
    write_text(path, gap.join(("0.1", "0.25", "1")) + "\n" + gap.join(("0.3", "0.4", "0.1")) + "\n")
    assert [one.label for one in read_annotations(path)[""]] == ["1", "0.1"]


def test_rravens_table_of_several_files_counts_from_each_file(tmp_path: Path) -> None:
    rows = "x.wav,0.1,0.25,0.1,a\ny.wav,1.3,1.4,0.3,b\n"  # y begins at 1 s of the table's time
    path = write_text(tmp_path / "t.csv", "sound.files,start,end,File.Offset..s.,label\n" + rows)
    found = read_annotations(path)
    assert [(one.onset_s, one.offset_s) for one in found["y.wav"]] == [pytest.approx((0.3, 0.4))]
    assert [(one.onset_s, one.offset_s) for one in found["x.wav"]] == [pytest.approx((0.1, 0.25))]
