"""Annotations as text and tables, the formats by name and by content, and what is said of bad lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import times, write_text, write_tone
from reading_annotations import read_annotations

from syrinx_lab.data.annotations import (
    Annotation,
    available_formats,
    detect_format,
    own_names,
    read_annotation_file,
)

TWO = (Annotation(0.1, 0.25, "a", 1), Annotation(0.3, 0.4, "b", 2))


@pytest.mark.parametrize(
    "text",
    [
        "0.1 0.25 a\n0.3 0.4 b\n",
        "0.1\t0.25\ta\n0.3\t0.4\tb",
        "0.1,0.25,a\r\n0.3, 0.4 ,b\r\n",
        "\ufeff  0.1   0.25 a  \n1e-1 2.5e-1 a".replace("1e-1 2.5e-1 a", "3e-1 4.0e-1 b"),
    ],
)
def test_text_is_read_whatever_separates_its_fields(tmp_path: Path, text: str) -> None:
    assert read_annotations(write_text(tmp_path / "x.txt", text))[""] == TWO


def test_text_passes_over_comments_blank_lines_and_a_header_but_counts_them(tmp_path: Path) -> None:
    text = "# made by hand\n\nonset offset label\n0.1 0.25 a\n   \n# next\n0.3 0.4 b\n"
    assert read_annotations(write_text(tmp_path / "x.txt", text))[""] == (
        Annotation(0.1, 0.25, "a", 4),
        Annotation(0.3, 0.4, "b", 7),
    )


def test_labels_may_be_missing_numbers_or_several_words(tmp_path: Path) -> None:
    path = write_text(tmp_path / "x.txt", "0 1\n1\t2\t\n2 3 1\n3,4,1.0\n4\t5\tlong call\n5 6 é\n")
    assert [one.label for one in read_annotations(path)[""]] == ["voc", "voc", "1", "1.0", "long call", "é"]


def test_lines_out_of_order_are_sorted(tmp_path: Path) -> None:
    path = write_text(tmp_path / "x.txt", "3 4 c\n1 2 a\n2 3 b\n")
    assert [(one.label, one.line) for one in read_annotations(path)[""]] == [("a", 2), ("b", 3), ("c", 1)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0.3", "is not `onset offset"),
        ("zero one a", "is not `onset offset"),
        ("0.3 0.4 b extra", "is not `onset offset.*tabs between"),
        ("0;3 0;4 b", "is not `onset offset"),
        ("0.3 0.3 b", "offset, 0.3 s, must come after the onset, 0.3 s"),
        ("0.4 0.3 b", "offset, 0.3 s, must come after the onset, 0.4 s"),
        ("-0.1 0.05 b", "onset is negative, -0.1 s"),
        ("nan 0.4 b", "must both be finite"),
        ("0.3 inf b", "must both be finite"),
        ("0.2 0.4 b", "syllable b from 0.2 to 0.4 s overlaps syllable a of line 2 from 0.1 to 0.25 s"),
        ("0.1 0.25 a", "overlaps syllable a of line 2"),
    ],
)
def test_a_bad_line_is_named_with_its_file(tmp_path: Path, line: str, said: str) -> None:
    path = write_text(tmp_path / "x.txt", f"# times\n0.1 0.25 a\n\n{line}\n")
    with pytest.raises(ValueError, match=rf"x\.txt, line 4: .*{said}") as caught:
        read_annotations(path)
    assert "\n" not in str(caught.value)
    table = write_text(tmp_path / "t.csv", "files,onsets,offsets,labels\nx.wav,0.1,0.25,a\n\n")
    if len(line.split()) == 3 and "," not in line:
        onset, offset, label = line.split()
        write_text(table, f"{table.read_text()}x.wav,{onset},{offset},{label}\n")
        with pytest.raises(ValueError, match=r"t\.csv, line 4: "):
            read_annotations(table)


@pytest.mark.parametrize(("offset_s", "warnings"), [(0.2009, 0), (0.2011, 1), (0.2199, 1)])
def test_a_small_overlap_is_cut_at_the_later_onset(tmp_path: Path, offset_s: float, warnings: int) -> None:
    path = write_text(tmp_path / "x.txt", f"0.1 {offset_s} a\n0.2 0.3 b\n")
    assert times(read_annotations(path)) == [(0.1, 0.2, "a"), (0.2, 0.3, "b")]
    problems = read_annotation_file(path, "text").problems
    assert [(problem.line, problem.severity) for problem in problems] == [(2, "warning")] * warnings


@pytest.mark.parametrize("lines", ["0.1 0.2201 a\n0.2 0.3 b\n", "0.1 0.2 a\n0.185 0.19 b\n", "0.1 0.11 a\n0.1 0.3 b\n"])
def test_a_large_overlap_or_a_syllable_inside_another_is_refused(tmp_path: Path, lines: str) -> None:
    path = write_text(tmp_path / "x.txt", lines)
    with pytest.raises(ValueError, match=r"line 2: syllable b .* overlaps syllable a of line 1 .*; correct or delete"):
        read_annotations(path)


@pytest.mark.parametrize(
    "text",
    [
        "files,onsets,offsets,labels\nx.wav,0.1,0.2,1\ny.wav,0.3,0.4,b\nx.wav,0.5,0.6,\n",
        ",labels,files,duration,onsets,offsets\n0,1,x.wav,9,0.1,0.2\n1,b,y.wav,9,0.3,0.4\n2,,x.wav,9,0.5,0.6\n",
        "# AVN\nfiles;onsets;offsets;labels\nx.wav;0.1;0.2;1\ny.wav;0.3;0.4;b\n\nx.wav;0.5;0.6;\n",
        'filename\tstart_seconds\tstop_seconds\tname\n"x.wav"\t0.1\t0.2\t1\ny.wav\t0.3\t0.4\tb\nx.wav\t0.5\t0.6\t\n',
    ],
)
def test_tables_of_many_recordings(tmp_path: Path, text: str) -> None:
    found = read_annotations(write_text(tmp_path / "t.csv", text))
    assert times(found, "x.wav") == [(0.1, 0.2, "1"), (0.5, 0.6, "voc")]
    assert times(found, "y.wav") == [(0.3, 0.4, "b")]


def test_a_table_without_files_belongs_to_the_recording_of_its_name(tmp_path: Path) -> None:
    path = write_text(tmp_path / "x.csv", "onset_s,offset_s,label\n0.1,0.25,a\n0.3,0.4,b\n")
    assert times(read_annotations(path, "simple-seq")) == [(0.1, 0.25, "a"), (0.3, 0.4, "b")]
    assert times(read_annotations(path)) == times(read_annotations(path, "csv"))
    assert read_annotations(write_text(path, "onset,offset\n")) == {"": ()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("files,begin,finish,labels\nx.wav,0,1,a\n", r"line 1: the header must name .*it has: files, begin, finish"),
        ("\n\n", r"line 1: the header must name .*it has: none"),
        ("files,onsets,offsets,labels\nx.wav,0,1,a\nx.wav,1,2\n", r"line 3: 3 fields where the header has 4"),
        ("files,onsets,offsets,labels\n,0,1,a\n", r"line 2: the name of the recording is empty"),
        ("files,onsets,offsets,labels\nx.wav,,1,a\n", r"line 2: onset '' and offset '1' must be numbers"),
        ("# v2\nfiles,onsets,offsets\nx.wav,0,1\n# then\nx.wav,3,2\n", r"line 5: the offset"),
    ],
)
def test_a_bad_table_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"t\.csv, {said}"):
        read_annotations(write_text(tmp_path / "t.csv", text))


def test_generic_seq_in_samples_uses_the_rate_of_each_recording(tmp_path: Path) -> None:
    head = "label,onset_sample,offset_sample,notated_path,annot_path,sequence,annotation\n"
    path = write_text(tmp_path / "t.csv", f"{head}1,800,1600,x.wav,t.csv,0,0\n2,800,1600,y.wav,t.csv,0,1\n")
    found = read_annotations(path, "generic-seq", {"x.wav": 8000, "y.wav": 32000}.get)
    assert times(found, "x.wav") == [(0.1, 0.2, "1")]
    assert times(found, "y.wav") == [(0.025, 0.05, "2")]


def test_raven_selections_are_read_once_though_listed_for_two_views(tmp_path: Path) -> None:
    head = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tAnnotation\n"
    rows = [
        f"{k}\t{view} 1\t1\t{onset}\t{onset + 0.1}\t500\t8000\t{label}\n"
        for k, onset, label in ((1, 0.5, "a"), (2, 0.75, "b"))
        for view in ("Waveform", "Spectrogram")
    ]
    path = write_text(tmp_path / "x.Table.1.selections.txt", head + "".join(rows))
    assert detect_format(path) == ("raven", True)
    assert times(read_annotations(path)) == [(0.5, 0.6, "a"), (0.75, 0.85, "b")]


def test_formats_are_detected_by_their_contents(tmp_path: Path) -> None:
    for name, text, expected in (
        ("a.txt", "0.1 0.2 a\n", ("text", True)),
        ("b.txt", "onset,offset,label\n0.1,0.2,a\n", ("text", True)),
        ("c.txt", "files,onset,offset\nx.wav,0.1,0.2\n", ("csv", True)),
        ("d.txt", "Recorded on a rainy day\n", ("text", False)),
        ("e.txt", "", ("text", False)),
        ("f.csv", "bird,age\n1,2\n", ("csv", False)),
        ("g.xml", "<html></html>", None),
        ("h.json", "{}", None),
    ):
        assert detect_format(write_text(tmp_path / name, text)) == expected, name


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("b.1_2.txt", ["b.1_2"]),
        ("b.wav.not.mat", ["b.wav"]),
        ("b.cbin.not.mat", ["b.cbin", "b"]),
        ("b.Table.2.selections.txt", ["b.Table.2.selections", "b"]),
        ("b_annotations.csv", ["b_annotations", "b"]),
    ],
)
def test_names_of_recordings_from_names_of_annotations(file: str, names: list[str]) -> None:
    assert own_names(Path(file)) == names


def test_formats_go_by_the_names_that_crowsetta_knows(tmp_path: Path) -> None:
    crowsetta = pytest.importorskip("crowsetta")
    assert set(available_formats()) >= {*crowsetta.formats.as_list(), "text", "csv", "aud-txt"}
    path = write_text(tmp_path / "x.txt", "0.1\t0.25\ta\n0.3\t0.4\tb\n")
    for name in ("text", "aud-seq", "aud-txt"):
        assert read_annotations(path, name)[""] == TWO
    with pytest.raises(ValueError, match=r"data\.annotations is 'nosuch': give auto or one of aud-bbox, .*, yarden"):
        read_annotations(path, "nosuch")
    write_tone(tmp_path / "x.wav")
    assert detect_format(tmp_path / "x.wav") is None
