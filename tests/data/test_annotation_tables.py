"""Tables of syllables as programs and people write them: columns, units, quoting, and what is no syllable."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import times, write_text
from reading_annotations import read_annotations

from syrinx_lab.data.annotation_columns import canonical_name
from syrinx_lab.data.annotation_numbers import is_missing, is_number, read_number
from syrinx_lab.data.annotation_rules import AnnotationRules
from syrinx_lab.data.annotations import detect_format, own_names, read_annotation_file

TWO = [(0.1, 0.25, "a"), (0.3, 0.4, "b")]
RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)"


def problems_of(path: Path, **rules: str) -> list[tuple[str, str]]:
    detected = detect_format(path)
    assert detected is not None
    found = read_annotation_file(path, detected[0], lambda audio: 8000, AnnotationRules(**rules))  # type: ignore[arg-type]
    return [(problem.severity, problem.message) for problem in found.problems]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("excel.csv", "sep=;\nfiles;onsets;offsets;labels\nx.wav;0,1;0,25;a\nx.wav;0,3;0,4;b\n"),
        ("excel.csv", '"sep=,"\nfiles,onsets,offsets,labels\nx.wav,0.1,0.25,a\nx.wav,0.3,0.4,b\n'),
        ("quoted commas.csv", 'files,onsets,offsets,labels\nx.wav,"0,1","0,25",a\nx.wav,"0,3","0,4",b\n'),
        ("single quotes.csv", "'files','onsets','offsets','labels'\n"
         "'x.wav','0.1','0.25','a'\n'x.wav','0.3','0.4','b'\n"),
        ("spaces.csv", "files, onsets, offsets, labels\nx.wav, 0.1, 0.25, a\nx.wav, 0.3, 0.4, b\n"),
        ("commented header.csv", "# files,onsets,offsets,labels\nx.wav,0.1,0.25,a\nx.wav,0.3,0.4,b\n"),
        ("trailing.csv", "files,onsets,offsets,labels\nx.wav,0.1,0.25,a,\nx.wav,0.3,0.4,b,\n"),
        ("cr.csv", "files,onsets,offsets,labels\rx.wav,0.1,0.25,a\rx.wav,0.3,0.4,b\r"),
        ("ms.csv", "files,onset_ms,offset_ms,labels\nx.wav,100,250,a\nx.wav,300,400,b\n"),
        ("ms.csv", "files,Onset (ms),Offset (ms),labels\nx.wav,100,250,a\nx.wav,300,400,b\n"),
        ("samples.csv", "files,start_sample,end_sample,labels\nx.wav,800,2000,a\nx.wav,2400,3200,b\n"),
        ("s and samples.csv", "files,onset_sample,offset_sample,onset_s,offset_s,label\n"
         "x.wav,1,2,0.1,0.25,a\nx.wav,1,2,0.3,0.4,b\n"),
        ("empty s.csv", "files,onset_sample,offset_sample,onset_s,offset_s,label\n"
         "x.wav,800,2000,,,a\nx.wav,2400,3200,,,b\n"),
        ("duration.tsv", "file\tonset\tduration\tlabel\nx.wav\t0.1\t0.15\ta\nx.wav\t0.3\t0.1\tb\n"),
        ("clock.csv", "file,start,end,label\nx.wav,0:00.1,0:00.25,a\nx.wav,00:00:00.3,00:00:00.4,b\n"),
        ("pandas.csv", ",files,onsets,offsets,labels\n0,x.wav,0.1,0.25,a\n1,x.wav,0.3,0.4,b\n"),
        ("pandas.tsv", "Unnamed: 0\tfiles\tonsets\toffsets\tlabels\n0\tx.wav\t0.1\t0.25\ta\n1\tx.wav\t0.3\t0.4\tb\n"),
        ("write_table.txt", '"sound.files" "selec" "start" "end" "label"\n'
         '"1" "x.wav" 1 0.1 0.25 "a"\n"2" "x.wav" 2 0.3 0.4 "b"\n'),
        ("row names.csv", '"sound.files","start","end","label"\n"1","x.wav",0.1,0.25,"a"\n"2","x.wav",0.3,0.4,"b"\n'),
        ("warbler.csv", "sound.files,channel,selec,start,end,bottom.freq,label\n"
         "x.wav,1,1,0.1,0.25,1,a\nx.wav,1,2,0.3,0.4,1,b\n"),
        ("rraven.csv", "sound.files,Begin.Time..s.,End.Time..s.,Annotation\nx.wav,0.1,0.25,a\nx.wav,0.3,0.4,b\n"),
        ("birdnet.csv", "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
         "0.1,0.25,A a,a,0.9,/d/x.wav\n0.3,0.4,B b,b,0.8,/d/x.wav\n"),
        ("birdnet_r.csv", "filepath,start,end,scientific_name,common_name,confidence\n"
         "x.wav,0.1,0.25,A a,a,0.9\nx.wav,0.3,0.4,B b,b,0.8\n"),
        ("kaleidoscope.csv", "INDIR,FOLDER,IN FILE,CHANNEL,OFFSET,DURATION,MANUAL ID\n"
         "d,,x.wav,0,0.1,0.15,a\nd,,x.wav,0,0.3,0.1,b\n"),
        ("koe.csv", "id,song,start_time_ms,end_time_ms,label\n1,x.wav,100,250,a\n2,x.wav,300,400,b\n"),
        ("sap.csv", "bird,file name,start on,duration,cluster\n1,x.wav,100,150,a\n1,x.wav,300,100,b\n"),
        ("praat.csv", "file,tmin,tier,text,tmax\nx,0.1,syl,a,0.25\nx,0.3,syl,b,0.4\n"),
        ("avn.csv", ",labels,files,duration,onsets,offsets\n0,a,x.wav,9,0.1,0.25\n1,b,x.wav,9,0.3,0.4\n"),
        ("whisperseg.csv", "filename,onset,offset,species,cluster\nx.wav,0.1,0.25,zf,a\nx.wav,0.3,0.4,zf,b\n"),
        ("camel.csv", "fileName,startTime,endTime,label\nx.wav,0.1,0.25,a\nx.wav,0.3,0.4,b\n"),
        ("notes.csv", 'files,onsets,offsets,labels,notes\nx.wav,0.1,0.25,a,"two\nlines, here"\nx.wav,0.3,0.4,b,\n'),
        ("notes.csv", 'files,onsets,offsets,labels,notes\nx.wav,0.1,0.25,a,"1\n2\n3\n4"\nx.wav,0.3,0.4,b,\n'),
    ],
)  # fmt: skip
def test_every_dialect_holds_the_same_two_syllables(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    (found,) = read_annotations(path, native_rate=lambda audio: 8000).values()
    assert [one.label for one in found] == ["a", "b"]
    assert [t for one in found for t in (one.onset_s, one.offset_s)] == pytest.approx([0.1, 0.25, 0.3, 0.4])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end(tmp_path: Path, encoding: str, ends: str) -> None:
    table = ends.join(["files,onsets,offsets,labels", "x.wav,0.1,0.25,é", "x.wav,0.3,0.4,b", ""])
    (tmp_path / "t.csv").write_bytes(table.encode(encoding))
    assert times(read_annotations(tmp_path / "t.csv"), "x.wav") == [(0.1, 0.25, "é"), (0.3, 0.4, "b")]
    (tmp_path / "x.txt").write_bytes(ends.join(["0.1\t0.25\té", "0.3\t0.4\tb"]).encode(encoding))
    assert detect_format(tmp_path / "x.txt") == ("text", True)
    assert times(read_annotations(tmp_path / "x.txt")) == [(0.1, 0.25, "é"), (0.3, 0.4, "b")]
    assert problems_of(tmp_path / "t.csv") == problems_of(tmp_path / "x.txt") == []


def test_text_of_one_byte_a_letter_is_read_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("0.1 0.2 \xe9\u2019\n".encode("cp1252"))
    assert times(read_annotations(path)) == [(0.1, 0.2, "é\u2019")]
    note = "not UTF-8 (byte 8), read as Windows-1252; save it as UTF-8 if labels or names look wrong"
    assert problems_of(path) == [("note", note)]
    path.write_bytes("0.1 0.2 é\n".encode("utf-16")[:-1])
    with pytest.raises(ValueError, match=r"x\.txt: not whole UTF-16 text \(byte \d+\); save it as UTF-8"):
        read_annotations(path)
    path.write_bytes(b"0.1 0.2\x00\xff a\n")
    with pytest.raises(ValueError, match=r"x\.txt: not a text file: byte 7 is 0"):
        read_annotations(path)


def test_two_ways_to_write_a_letter_are_one_label(tmp_path: Path) -> None:
    path = write_text(tmp_path / "x.txt", "0.1 0.2 e\u0301\n0.3 0.4 \u00e9\n")
    assert {one.label for one in read_annotations(path)[""]} == {"\u00e9"}


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ('"', '"'),
        ('"a,b"', "a,b"),
        ('"say ""a"""', 'say "a"'),
        ('a"b', 'a"b'),
        ('"a"b', '"a"b'),
        ('"a', '"a'),
        ("'", "'"),
        ("'a'", "'a'"),
        ("#", "#"),
        ("1.0", "1.0"),
        ('""', "voc"),
    ],
)
@pytest.mark.parametrize("place", ["first", "last"])
def test_labels_stay_as_they_are_written(tmp_path: Path, field: str, label: str, place: str) -> None:
    head, row = ("label,onset,offset", "{},{},{}") if place == "first" else ("onset,offset,label", "{1},{2},{0}")
    rows = [row.format(one, onset, onset + 0.1) for one, onset in ((field, 1), ("b", 2), (field, 3), (field, 4))]
    path = write_text(tmp_path / "x.csv", "\n".join([head, *rows]) + "\n")
    assert [one.label for one in read_annotations(path)[""]] == [label, "b", label, label]
    tabs = write_text(tmp_path / "x.tsv", path.read_text().replace(",", "\t"))
    expected = label.replace(",", "\t")
    assert [one.label for one in read_annotations(tabs)[""]] == [expected, "b", expected, expected]


def test_comments_count_before_the_header_alone(tmp_path: Path) -> None:
    path = write_text(tmp_path / "x.csv", "# by hand\n\nlabel,onset,offset\n#,0.1,0.2\n#x,0.3,0.4\n# the end\n")
    assert times(read_annotations(path)) == [(0.1, 0.2, "#"), (0.3, 0.4, "#x")]
    with pytest.raises(ValueError, match=r"line 4: 2 fields where the header has 3"):
        read_annotations(write_text(path, "# by hand\n\nlabel,onset,offset\n#,0.1\n"))


def test_times_as_people_write_them() -> None:
    for text, value in (("0.5", 0.5), ("0,5", 0.5), ("2:03", 123.0), (" 1:02:03,5 ", 3723.5), ("-1,5e-1", -0.15)):
        assert read_number(text) == value
    for text in ("1_000", "1,000.5", "1:2:3:4", "a", ""):
        assert not is_number(text)
    assert all(map(is_missing, ("", " ", "NaN", "NA", "n/a", "None", "null", "NaT")))
    assert not any(map(is_missing, ("0", "a", "inf")))


def test_decimal_commas_between_commas_are_pointed_out(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", "files,onsets,offsets,labels\nx.wav,0,1,0,2,a\n")
    with pytest.raises(ValueError, match=r"line 2: 6 fields where the header has 4; decimal commas need another"):
        read_annotations(path)


@pytest.mark.parametrize(
    "line", ["0,1 0,25 a", "0,1\t0,25\ta", "0,1;0,25;a", "0.1;0.25;a", "0:00.1 0:00.25 a", "1e-1,2.5e-1,a"]
)
def test_lines_of_text_with_decimal_commas_or_semicolons(tmp_path: Path, line: str) -> None:
    assert times(read_annotations(write_text(tmp_path / "x.txt", line))) == [(0.1, 0.25, "a")]


def test_das_leaves_out_types_that_do_not_occur_and_events(tmp_path: Path) -> None:
    rows = "name,start_seconds,stop_seconds\na,0.1,0.25\nb,0.3,0.4\nd,,0.0\npulse,,\nsine,nan,nan\npulse,0.5,0.5\n"
    path = write_text(tmp_path / "x_annotations.csv", rows)
    assert times(read_annotations(path)) == TWO
    assert problems_of(path) == [
        ("note", "3 row(s) without times, of song types that do not occur, left out"),
        ("note", "1 event(s) without length left out"),
    ]
    with pytest.raises(ValueError, match=r"line 2: onset '' and offset '0.2' must be numbers"):
        read_annotations(write_text(path, "label,onset,offset\na,,0.2\n"))
    with pytest.raises(ValueError, match=r"line 2: onset nan and offset 0.2 of syllable a must both be finite"):
        read_annotations(write_text(path, "label,onset,offset\na,nan,0.2\n"))


def test_a_row_may_say_that_a_recording_holds_no_syllable(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", "files,onsets,offsets,labels\nx.wav,0.1,0.2,a\ny.wav,,,\n")
    assert read_annotations(path)["y.wav"] == ()
    assert problems_of(path) == [("note", "1 row(s) name a recording without any syllable")]


def test_a_table_over_several_files_counts_within_each(tmp_path: Path) -> None:
    head = f"{RAVEN}\tBegin File\tFile Offset (s)\tEnd File\tDelta Time (s)\tAnnotation\n"
    rows = [
        "1\tSpectrogram 1\t1\t0.1\t0.25\tx.wav\t0.1\tx.wav\t0.15\ta",
        "2\tWaveform 1\t1\t1.5\t1.6\ty.wav\t0.5\ty.wav\t0.1\tb",
        "2\tSpectrogram 1\t1\t1.5\t1.6\ty.wav\t0.5\ty.wav\t0.1\tb",
        "3\tSpectrogram 1\t1\t1.9\t2.1\ty.wav\t0.9\tz.wav\t0.2\tc",
    ]
    path = write_text(tmp_path / "bird.Table.1.selections.txt", head + "\n".join(rows) + "\n")
    found = read_annotation_file(path, "raven", rules=AnnotationRules(faulty="skip"))
    assert [(one.onset_s, one.label) for one in found.recordings["x.wav"]] == [(0.1, "a")]
    (syllable,) = found.recordings["y.wav"]
    assert (syllable.onset_s, syllable.offset_s, syllable.label) == pytest.approx((0.5, 0.6, "b"))
    assert [str(p).split(": ", 1)[1] for p in found.problems] == [
        "the selection ends in another file, z.wav; end it with its file or delete it; left out"
    ]
    with pytest.raises(ValueError, match=r"line 5: the selection ends in another file, z\.wav"):
        read_annotations(path)
    bare = f"{RAVEN}\tBegin File\tAnnotation\n1\tS 1\t1\t0.1\t0.2\tx.wav\ta\n2\tS 1\t1\t0.1\t0.2\ty.wav\ta\n"
    severity, message = problems_of(write_text(path, bare))[0]
    assert severity == "warning"
    assert message.startswith("no column File Offset (s)")


def test_a_label_column_is_asked_for_or_missed(tmp_path: Path) -> None:
    path = write_text(tmp_path / "x.csv", "onset,offset,Call,bird\n0.1,0.25,a,9\n0.3,0.4,b,9\n")
    assert [one.label for one in read_annotations(path)[""]] == ["voc", "voc"]
    message = "no column of labels was found; name theirs with data.label_column; not read: Call, bird"
    assert problems_of(path) == [("note", message)]
    assert times(read_annotations(path, rules=AnnotationRules(label_column="call"))) == TWO
    said = r"x\.csv: there is no column 'notes', as data.label_column asks; it has: onset, offset, Call, bird"
    with pytest.raises(ValueError, match=said):
        read_annotations(path, rules=AnnotationRules(label_column="notes"))


def test_data_time_unit_says_what_a_file_does_not(tmp_path: Path) -> None:
    table = write_text(tmp_path / "x.csv", "onset,offset,label\n100,250,a\n300,400,b\n")
    lines = write_text(tmp_path / "x.txt", "100 250 a\n300 400 b\n")
    wrong = write_text(tmp_path / "y.csv", "onset_s,offset_s,label\n100,250,a\n300,400,b\n")
    for path in (table, lines, wrong):
        assert times(read_annotations(path, rules=AnnotationRules(time_unit="ms"))) == TWO
        in_samples = read_annotations(path, native_rate=lambda audio: 1000, rules=AnnotationRules(time_unit="samples"))
        assert times(in_samples) == TWO


def test_columns_with_units_and_separators_of_any_kind() -> None:
    assert [
        canonical_name(name) for name in ("Begin Time (s)", "Begin.Time..s.", "onsetMs", "labels", "Start [ms]")
    ] == [
        ("begin_time", "s"),
        ("begin_time", "s"),
        ("onset", "ms"),
        ("labels", None),
        ("start", "ms"),
    ]
    assert canonical_name("Begin Time - ss.msec") == ("begin_time", "s")


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("x.BirdNET.results.csv", ["x.BirdNET.results", "x"]),
        ("x.BirdNET.results.txt", ["x.BirdNET.results", "x"]),
        ("x.BirdNET.selection.table.txt", ["x.BirdNET.selection.table", "x"]),
        ("x.wav.BirdNET.results.csv", ["x.wav.BirdNET.results", "x.wav"]),
        ("x_annot.csv", ["x_annot", "x"]),
    ],
)
def test_names_that_programs_add_to(file: str, names: list[str]) -> None:
    assert own_names(Path(file)) == names


def test_birdnets_three_files_of_a_recording(tmp_path: Path) -> None:
    results = "Start (s),End (s),Scientific name,Common name,Confidence\n0.1,0.25,A a,a,0.9\n0.3,0.4,B b,b,0.8\n"
    raven = f"{RAVEN}\tLow Freq (Hz)\tCommon Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)\n"
    raven += "1\tSpectrogram 1\t1\t0.1\t0.25\t150\ta\taa\t0.9\t/d/x.wav\t0.1\n"
    raven += "2\tSpectrogram 1\t1\t0.3\t0.4\t0\tb\tbb\t1\t/d/x.wav\t0.3\n"
    audacity = "0.1\t0.25\ta\t0.9\n0.3\t0.4\tb\t0.8\n"
    table = write_text(tmp_path / "x.BirdNET.selection.table.txt", raven)
    assert times(read_annotations(write_text(tmp_path / "x.BirdNET.results.csv", results))) == TWO
    assert detect_format(table) == ("raven", True)
    assert times(read_annotations(table), "/d/x.wav") == [(0.1, 0.25, "a"), (0.3, pytest.approx(0.4), "b")]
    labels = write_text(tmp_path / "x.BirdNET.results.txt", audacity)
    assert times(read_annotations(labels)) == TWO
    assert problems_of(labels) == [("note", "the fields behind the label are not read")]


@pytest.mark.parametrize(
    "text",
    [
        '{"onset": [0.1, 0.3], "offset": [0.25, 0.4], "cluster": ["a", "b"], "species": "zf", "sr": 32000}',
        '[{"onset": 0.1, "offset": 0.25, "label": "a"}, {"onset": 0.3, "offset": 0.4, "label": "b"}]',
        '{"start": {"0": 0.1, "1": 0.3}, "end": {"0": 0.25, "1": 0.4}, "label": {"0": "a", "1": "b"}}',
    ],
)
def test_lists_and_records_in_json(tmp_path: Path, text: str) -> None:
    path = write_text(tmp_path / "x.json", text)
    assert detect_format(path) == ("json", True)
    assert times(read_annotations(path)) == TWO
    with pytest.raises(ValueError, match=r"x\.json: 2 onset, 1 offset: nobody can say which belong together"):
        read_annotations(write_text(path, '{"onset": [0.1, 0.3], "offset": [0.25]}'))
    assert detect_format(write_text(path, "{broken")) is None


def test_regions_of_sonic_visualiser(tmp_path: Path) -> None:
    points = '<point frame="800" value="1" duration="1200" label="a"/><point frame="2400" duration="800" label="b"/>'
    model = '<model id="1" sampleRate="8000" type="sparse" dimensions="3" subtype="region"/>'
    text = f'<?xml version="1.0"?><!DOCTYPE sonic-visualiser><sv><data>{model}<dataset>{points}</dataset></data></sv>'
    path = write_text(tmp_path / "x.svl", text)
    assert times(read_annotations(path)) == TWO
    assert problems_of(write_text(path, text.replace("duration", "height"))) == [
        ("warning", "its 2 points have no duration; draw a layer of regions")
    ]
    with pytest.raises(ValueError, match=r"x\.svl: cannot be read as svl"):
        read_annotations(write_text(path, text[:-20]))


def test_the_key_overrules_a_unit_that_a_column_states_wrongly(tmp_path: Path) -> None:
    path = write_text(tmp_path / "x.csv", "onset_ms,offset_ms,label\n0.1,0.25,a\n0.3,0.4,b\n")
    assert times(read_annotations(path, rules=AnnotationRules(time_unit="s"))) == TWO


def test_a_table_without_a_header_is_distinguished_from_one_with_other_columns(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", "x.wav,0.1,0.2,a\n")
    with pytest.raises(
        ValueError, match=r"it has: x\.wav, 0\.1, 0\.2, a, which are no names: give it a header, such as"
    ):
        read_annotations(path)
