"""Annotations and recordings together: channels, units, silences, what is left out, and what is said of the rest."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from folders import RATE, TEXT, annotate, load, spans, tone, write_text, write_tone

from syrinx_lab.data.annotations import ORDER
from syrinx_lab.data.corpus import CorpusSettings, inspect_corpus
from syrinx_lab.data.examples import examples
from syrinx_lab.data.report import print_report, summarise
from syrinx_lab.runs.identity import run_key

RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tAnnotation\n"


def stereo(root: Path, *rows: tuple[int, float, str], channels: int = 2) -> Path:
    """A recording whose channel k holds a constant tone of amplitude 0.1 (k + 1), and selections of 0.1 s."""
    wave = np.stack([tone(400, 1, RATE, 0.1 * (k + 1)) for k in range(channels)], axis=1)
    soundfile.write(root / "x.wav", wave, RATE, subtype="FLOAT")
    lines = [f"{k}\tS {c}\t{c}\t{onset}\t{onset + 0.1}\t{label}" for k, (c, onset, label) in enumerate(rows)]
    write_text(root / "x.selections.txt", RAVEN + "\n".join(lines) + "\n")
    return root


def loudness(root: Path, **options: object) -> float:
    return float(np.abs(load(root, scale="none", **options).recordings["x"].samples).max())


def test_selections_of_one_channel_are_cut_from_it(tmp_path: Path) -> None:
    root = stereo(tmp_path, (2, 0.1, "a"), (2, 0.5, "b"))
    assert loudness(root) == pytest.approx(0.2, rel=1e-3)
    _, problems = inspect_corpus(root, CorpusSettings(sample_rate=RATE))
    message = "the selections are on channel 2, which was read instead of data.channel=0"
    assert message in [p.message for p in problems if p.severity == "note"]
    assert loudness(root, channel="mean") == pytest.approx(0.15, rel=1e-3)


def test_of_selections_on_several_channels_those_of_data_channel_count(tmp_path: Path) -> None:
    root = stereo(tmp_path, (1, 0.1, "a"), (2, 0.12, "b"), (2, 0.5, "b"))
    _, problems = inspect_corpus(root, CorpusSettings(sample_rate=RATE))
    said = (
        "selections of x.wav: 1 on channel 1, 2 on channel 2; those of channel 1 were read, data.channel=1 reads others"
    )
    assert said in [p.message for p in problems if p.severity == "warning"]
    assert (load(root).labels(), loudness(root)) == ({"a": 1}, pytest.approx(0.1, rel=1e-3))
    assert (load(root, channel=1).labels(), loudness(root, channel=1)) == ({"b": 2}, pytest.approx(0.2, rel=1e-3))


def test_a_selection_of_no_channel_counts_on_each(tmp_path: Path) -> None:
    root = stereo(tmp_path, (1, 0.1, "a"), (2, 0.3, "b"), (2, 0.7, "b"))
    path = root / "x.selections.txt"
    write_text(path, path.read_text() + "4\tS 1\t\t0.5\t0.6\tc\n")
    assert load(root).labels() == {"a": 1, "c": 1}
    assert load(root, channel=1).labels() == {"b": 2, "c": 1}


def test_a_selection_on_both_channels_counts_once_for_their_mean(tmp_path: Path) -> None:
    root = stereo(tmp_path, (1, 0.1, "a"), (2, 0.1, "a"), (2, 0.5, "b"))
    assert load(root, channel="mean").labels() == {"a": 1, "b": 1}


def test_selections_of_two_channels_that_overlap_are_a_fault_of_their_mean(tmp_path: Path) -> None:
    root = stereo(tmp_path, (1, 0.1, "a"), (2, 0.15, "b"), (2, 0.5, "b"))
    with pytest.raises(ValueError, match=r"line 3: syllable b from 0\.15 to 0\.25 s overlaps syllable a of line 2"):
        load(root, channel="mean")
    assert load(root, channel="mean", faulty="skip").labels() == {"a": 1, "b": 1}
    assert load(root, channel="mean", label="b").labels() == {"b": 2}


def test_a_channel_that_the_recording_lacks(tmp_path: Path) -> None:
    root = stereo(tmp_path, (2, 0.1, "a"), channels=1)
    corpus, problems = inspect_corpus(root, CorpusSettings(sample_rate=RATE))
    assert corpus.labels() == {"a": 1}
    said = "x.wav has one channel, but selections are on channel 2; the one was read"
    assert [(p.severity, p.message) for p in problems if "contrast" not in p.message] == [("warning", said)]


@pytest.mark.parametrize(
    ("scale", "unit", "says"), [(1e3, "ms", "as milliseconds"), (RATE, "samples", f"as samples at {RATE} Hz")]
)
def test_times_beyond_the_end_hint_at_their_unit(tmp_path: Path, scale: float, unit: str, says: str) -> None:
    onsets = [5e-4, *(0.11 + 0.09 * k for k in range(9))]  # the first lies within, as a number of ms or samples
    annotate(tmp_path, "x.wav", "".join(f"{onset * scale:g} {(onset + 0.08) * scale:g} a\n" for onset in onsets))
    _, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    (problem,) = problems
    assert f"times lie beyond the end of x.wav, 1.0000 s, but fit {says}: set data.time_unit={unit}" in problem.message
    assert problem.severity == "error"
    assert load(tmp_path, time_unit=unit).labels()["a"] == 10


def test_one_syllable_a_little_beyond_the_end_is_no_question_of_units(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "1.2 1.3 a\n")
    (problem,) = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]
    assert "syllable a from 1.2 to 1.3 s lies beyond the end of x.wav" in problem.message
    # as samples these would fit, but half of them fit as seconds
    annotate(tmp_path, "x.wav", "0.1 0.2 a\n0.3 0.4 a\n1600 2400 b\n3200 4000 b\n")
    said = [problem.message for problem in inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]]
    assert [message.partition(" lies ")[0] for message in said] == [
        "syllable b from 1600 to 2400 s",
        "syllable b from 3200 to 4000 s",
    ]


def test_silences_are_counted_unless_asked_for(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "0.1 0.2 a\n0.3 0.4 SIL\n0.5 0.6 h#\n0.7 0.8 SIL\n")
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert corpus.labels() == {"a": 1}
    message = "3 stretches left out as silence: SIL (2), h# (1); data.silence_labels=[] keeps them"
    assert [(p.severity, p.message) for p in problems] == [("note", message)]
    assert load(tmp_path, silence_labels=[]).labels() == {"SIL": 2, "a": 1, "h#": 1}
    assert load(tmp_path, silence_labels=["a"]).labels() == {"SIL": 2, "h#": 1}
    assert load(tmp_path, label=["a", "SIL"]).labels() == {"SIL": 2, "a": 1}


def test_a_label_called_null_is_not_meant_by_null(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "0.1 0.2 a\n0.3 0.4 null\n")
    (problem,) = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]
    assert problem.severity == "note"
    assert problem.message == (
        """all labels are read; for those that are called null alone quote the name: data.label='"null"'"""
    )
    assert inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE, label="null"))[1] == []


@pytest.mark.parametrize(
    "bad", ["0.6 0.5 s", "nan 0.5 s", "0.9 1.2 s", "0.55 0.5500001 s", "-0.5 0.05 s", "0.31 0.49 s", "0.05 0.95 s"]
)
def test_a_fault_of_a_label_that_was_not_asked_for_stops_nothing(tmp_path: Path, bad: str) -> None:
    annotate(tmp_path, "x.wav", f"0.1 0.2 a\n0.3 0.5 b\n{bad}\n")
    with pytest.raises(ValueError, match=r"x\.txt, line [123]: "):
        load(tmp_path)
    for options in ({"label": ["a", "b"]}, {"faulty": "skip"}):
        corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE, **options))  # type: ignore[arg-type]
        assert {p.severity for p in problems} == {"warning"}
        assert all(p.message.endswith("; left out") for p in problems)
        if "label" in options:
            assert spans(corpus, "x") == [("a", 800, 1600), ("b", 2400, 4000)]


def test_of_two_labels_that_were_not_asked_for_the_later_gives_way(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "0.1 0.2 a\n0.16 0.28 b\n0.3 0.5 c\n")
    corpus, (problem,) = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE, label="c"))
    assert spans(corpus, "x") == [("a", 800, 1600), ("c", 2400, 4000)]
    assert (problem.line, problem.severity) == (2, "warning")


def test_what_cannot_be_read_is_left_out_with_its_recording(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav")
    write_tone(tmp_path / "y.wav")
    write_text(tmp_path / "y.TextGrid", "File type")
    assert "y.TextGrid: cannot be read as textgrid" in str(
        inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1][0]
    )
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE, faulty="skip"))
    assert list(corpus.recordings) == ["x"]
    assert [p.severity for p in problems] == ["warning"]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("t.csv", "bird,age\nx,1\n", "its header names no onsets and no offsets; it has: bird, age"),
        ("notes.txt", "a rainy day\n", "its lines are not `onset offset [label]` with numbers first"),
        ("t.xlsx", "PK", "a spreadsheet: save it as csv with the columns files, onsets, offsets, labels"),
        ("x.eaf", "<xml/>", "ELAN's: export it as a Praat TextGrid"),
        ("x.aup3", "SQLite", "an Audacity project: export its labels"),
    ],
)
def test_where_nothing_is_annotated_the_files_there_are_named(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    write_tone(tmp_path / "x.wav")
    write_text(tmp_path / name, text)
    problem = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1][-1]
    assert f"no recording is annotated (1 .wav); {name} was not read: {reason}" in problem.message


def test_the_likeliest_files_are_named_first_and_the_others_counted(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav")
    for name in ("a.txt", "b.txt", "c.txt", "d.txt", "t.xlsx", "u.ods"):
        write_text(tmp_path / name, "a rainy day\n")
    message = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1][-1].message
    assert re.findall(r"(\S+) was not read", message) == ["t.xlsx", "u.ods", "a.txt"]
    assert message.endswith("; nor were 3 more files")


def test_a_table_with_a_byte_that_is_no_text_is_named(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav")
    (tmp_path / "t.csv").write_bytes(b"files,onsets\x00\x01\n")
    assert (
        "t.csv was not read: not a text file: byte 12 is 0"
        in inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1][-1].message
    )


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("x.cbin", "evfuncs.load_cbin"),
        ("x.m4a", "ffmpeg"),
        ("x.rhd", "Intan"),
        ("x.dat", "raw samples"),
        ("x.mat", "audiowrite"),
    ],
)
def test_audio_of_kinds_that_cannot_be_read(tmp_path: Path, name: str, advice: str) -> None:
    write_text(tmp_path / name, "")
    write_text(tmp_path / "x.cbin.not.mat", "")
    (problem,) = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]
    assert f"none of them audio; 1 {Path(name).suffix} file(s) cannot be read; {Path(name).suffix}: " in problem.message
    assert advice in problem.message


def test_names_in_two_normal_forms_are_one_name(tmp_path: Path) -> None:
    annotate(tmp_path / "a", "e\u0301.wav", "0.1 0.2 e\u0301", "\u00e9.txt")
    assert load(tmp_path / "a", label="\u00e9").labels() == {"\u00e9": 1}
    write_tone(tmp_path / "b" / "\u00e9.wav")
    write_text(tmp_path / "b" / "t.csv", "files,onsets,offsets,labels\ne\u0301.wav,0.1,0.2,a\n")
    assert load(tmp_path / "b").labels() == {"a": 1}


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes UTF-8 names alone")
def test_names_that_are_not_utf8_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"caf\xe9")
    annotate(tmp_path, "x.wav")
    os.rename(tmp_path / "x.wav", tmp_path / f"{name}.wav")
    os.rename(tmp_path / "x.txt", tmp_path / f"{name}.txt")
    corpus = load(tmp_path)
    assert len(corpus.fingerprint()) == 16
    assert list(corpus.recordings) == ["caf\\xe9"]
    assert [title for title, _ in examples(corpus)] == ["a  caf\\xe9 at 0.10 s", "b  caf\\xe9 at 0.30 s"]
    write_text(tmp_path / f"{name}.txt", "0.2 0.1 a\n")
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert "caf\\xe9.txt, line 1: the offset" in str(problems[0])
    print_report(summarise(corpus, problems))
    capsys.readouterr().out.encode("utf-8")
    with pytest.raises(ValueError, match=r"caf\\xe9\.txt, line 1: ") as caught:
        load(tmp_path)
    str(caught.value).encode("utf-8")
    (tmp_path / name).mkdir()
    (problem,) = inspect_corpus(tmp_path / name, CorpusSettings(sample_rate=RATE))[1]
    assert "caf\\xe9: the name of this folder is not UTF-8; rename it, or set data.root to a link" in str(problem)


def test_headerless_csv_belongs_to_the_recording_of_its_name(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", TEXT.replace(" ", ","), "x.csv")
    assert load(tmp_path).labels() == {"a": 1, "b": 1}
    write_text(tmp_path / "features.csv", "1.5,2.5\n3,4\n")
    assert load(tmp_path).labels() == {"a": 1, "b": 1}


def test_files_of_the_recordings_left_bare_are_named(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav")
    write_tone(tmp_path / "y.wav")
    write_text(tmp_path / "y.eaf", "<xml/>")
    write_text(tmp_path / "notes.xlsx", "PK")
    problem = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1][-1]
    said = (
        "1 of 2 recordings have no annotation (y); y.eaf was not read: ELAN's: export it as a Praat TextGrid; annotate"
    )
    assert said in problem.message


def test_the_page_on_data_names_keys_and_formats_that_exist() -> None:
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "data.md").read_text(encoding="utf-8")
    keys = set(yaml.safe_load((root / "conf" / "data" / "folder.yaml").read_text(encoding="utf-8")))
    assert set(re.findall(r"data\.(\w+)", page)) <= keys | {"md"}
    listed = re.findall(r"^\| `([a-z-]+)` \|", page.split("## Tables")[0], flags=re.MULTILINE)
    assert tuple(listed) == ORDER


def test_digital_silence_under_a_label_that_was_not_asked_for_stops_nothing(tmp_path: Path) -> None:
    wave = tone(440, 1, RATE)
    wave[2400:4000] = 0
    soundfile.write(tmp_path / "x.wav", wave, RATE)
    soundfile.write(tmp_path / "y.wav", wave, RATE)
    write_text(tmp_path / "x.txt", TEXT)
    write_text(tmp_path / "y.txt", TEXT.splitlines()[1])
    for per in ("vocalisation", "recording"):
        corpus = load(tmp_path, label="a", scale_per=per)
        assert corpus.recordings["x"].syllables[-1].gain == corpus.recordings["y"].syllables[-1].gain == 1.0
        with pytest.raises(ValueError, match=r"[xy]\.wav: all 1600 samples are zero"):
            load(tmp_path, scale_per=per)


@pytest.mark.parametrize("key", ["tier", "label_column", "time_unit", "faulty", "silence_labels"])
def test_how_annotations_are_read_is_part_of_a_models_identity(key: str) -> None:
    one, other = ({"data": {"root": "r", key: value}} for value in ("ms", "skip"))
    assert run_key(one, "fingerprint") != run_key(other, "fingerprint")
