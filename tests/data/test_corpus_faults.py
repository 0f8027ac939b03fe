"""What is said of folders with something wrong in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from folders import AB, HEADER, RATE, TEXT, annotate, load, song, spans, tone, write_text, write_tone

from syrinx_lab.data.corpus import CorpusSettings, inspect_corpus


def bad(tmp_path: Path, **options: object) -> str:
    """The one line that loading ends with."""
    with pytest.raises(ValueError) as caught:
        load(tmp_path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_folders_that_hold_no_song(tmp_path: Path) -> None:
    assert "none: there is no such folder; set data.root" in bad(tmp_path / "none")
    assert "the folder holds nothing; set data.root" in bad(tmp_path)
    write_text(tmp_path / "x.txt", TEXT)
    assert "the folder holds 1 files, none of them audio" in bad(tmp_path)
    assert "x.txt: this is a file, not a folder" in bad(tmp_path / "x.txt")
    write_tone(tmp_path / "x.wav")
    assert "no recording matches data.audio_pattern=*_song.wav" in bad(tmp_path, audio_pattern="*_song.wav")


def test_recordings_without_annotation(tmp_path: Path) -> None:
    for name in "vwxyz":
        write_tone(tmp_path / f"{name}.wav")
    said = bad(tmp_path)
    assert "no recording is annotated (5 .wav); put NAME.txt" in said
    assert said == bad(tmp_path, unannotated="skip")
    write_text(tmp_path / "z.txt", TEXT)
    assert "4 of 5 recordings have no annotation (v, w, x, ...); annotate them, or leave them out" in bad(tmp_path)
    assert list(load(tmp_path, unannotated="skip").recordings) == ["z"]
    assert list(load(tmp_path, audio_pattern="z*").recordings) == ["z"]
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert list(corpus.recordings) == list("vwxyz")
    assert [p.severity for p in problems] == ["error"]


def test_an_empty_annotation_says_that_nothing_was_sung(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav")
    annotate(tmp_path, "y.wav", "# cage noise only\n")
    assert spans(load(tmp_path), "y") == []
    (tmp_path / "x.txt").write_text("")
    assert "the annotations hold no syllable" in bad(tmp_path)


def test_annotations_without_recording(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", TEXT)
    write_text(tmp_path / "lost.txt", TEXT)
    assert "lost.txt: there is no recording of this file's name; add the audio" in bad(tmp_path)
    assert list(load(tmp_path, unannotated="skip").recordings) == ["x"]
    (tmp_path / "lost.txt").unlink()
    rows = "x.wav,0.1,0.2,a\ngone.wav,0.1,0.2,a\ngone.wav,0.3,0.4,a\nfar.wav,0.1,0.2,a\n"
    write_text(tmp_path / "s.csv", HEADER + rows)
    assert "s.csv, line 3: there is no recording 'gone.wav' (nor 1 more that it names)" in bad(tmp_path)
    _, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE, unannotated="skip"))
    assert {(p.line, p.severity) for p in problems if p.path.name == "s.csv"} == {(3, "warning")}


def test_strays_of_a_format_that_is_not_needed_are_a_note(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav")
    write_text(tmp_path / "s.csv", HEADER + "x.wav,0.1,0.2,a\n")
    write_text(tmp_path / "lost.txt", TEXT)
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert corpus.labels() == {"a": 1}
    assert [(p.path.name, p.severity) for p in problems] == [("lost.txt", "note")]


def test_two_names_of_one_table_for_one_recording(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav")
    write_text(tmp_path / "s.csv", HEADER + "b1/x.wav,0.1,0.2,a\nb2/x.wav,0.3,0.4,a\n")
    assert "s.csv, line 3: two names in this file mean the one recording x" in bad(tmp_path)


def test_faults_of_lines_are_reported_with_file_and_line(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "0.1 0.2 a\n0.9 1.0011 b\n")
    assert "x.txt, line 2: syllable b from 0.9 to 1.0011 s lies beyond the end of x.wav, 1.0000 s" in bad(tmp_path)
    write_text(tmp_path / "x.txt", "0.1 0.2 a\n0.3 0.30001 b\n")
    assert "x.txt, line 2: syllable b from 0.3 to 0.30001 s is shorter than one sample of x.wav" in bad(tmp_path)
    write_text(tmp_path / "x.txt", "0.1 0.2 a\n0.4 0.3 b\noops\n")
    said = bad(tmp_path)
    assert "x.txt, line 2: the offset, 0.3 s, must come after the onset, 0.4 s" in said
    assert said.endswith("(1 more such; check_data lists them all)")
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert spans(corpus, "x") == AB[:1]
    assert [(p.path.name, p.line) for p in problems] == [("x.txt", 2), ("x.txt", 3)]


def test_a_damaged_annotation_is_reported_once_and_not_as_missing(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "zero one a\n")
    assert "x.txt, line 1: 'zero one a' is not `onset offset [label]`" in bad(tmp_path)
    write_text(tmp_path / "x.txt", "")
    (tmp_path / "x.txt").unlink()
    write_text(tmp_path / "x.TextGrid", "File type")
    assert "x.TextGrid: cannot be read as textgrid" in bad(tmp_path)
    assert len(inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]) == 1
    (tmp_path / "x.TextGrid").unlink()
    write_text(tmp_path / "s.csv", "files,begin,finish\nx.wav,0.1,0.2\n")
    assert "s.csv, line 1: the header must name the columns onsets and offsets" in bad(tmp_path)
    write_text(tmp_path / "x.txt", TEXT)  # nothing is missing any more, so the table may be anything
    assert spans(load(tmp_path), "x") == AB


def test_two_files_of_one_name_are_not_one_recording(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav")
    write_tone(tmp_path / "x.flac")
    assert "x.wav: has the same name as x.flac; keep one" in bad(tmp_path)


def test_unreadable_audio_is_reported_among_the_rest(tmp_path: Path) -> None:
    for name in "wxyz":
        annotate(tmp_path, f"{name}.wav")
    path = tmp_path / "w.wav"
    path.write_bytes(path.read_bytes()[:5000])
    broken = tone(440, 1, RATE)
    broken[80] = np.nan
    soundfile.write(tmp_path / "x.wav", broken, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "y.wav", 0 * tone(440, 1, RATE), RATE)
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert list(corpus.recordings) == ["z"]
    assert [(p.path.stem, p.message.split(" ")[0], p.severity) for p in problems] == [
        ("w", "truncated:", "error"),
        ("x", "sample", "error"),
        ("y", "silent:", "error"),
    ]
    assert bad(tmp_path).startswith(f"{path}: truncated: ")


def test_broken_audio_under_an_annotation_in_samples_is_reported_once(tmp_path: Path) -> None:
    write_text(tmp_path / "x.wav", "no sound")
    write_text(tmp_path / "x.phn", "800 1600 a\n")
    problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]
    assert [(p.path.name, p.message.split(" (")[0]) for p in problems] == [("x.wav", "cannot be read as audio")]


def test_doubtful_audio_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loud = np.clip(song(440, 1, RATE, 1.3), -1, 1)
    for name, wave in (("clipped", loud), ("faint", loud / 2000), ("float", 2 * song(440, 1, RATE))):
        soundfile.write(tmp_path / f"{name}.wav", wave * 1.01 if name == "float" else wave, RATE, subtype="FLOAT")
        write_text(tmp_path / f"{name}.txt", TEXT)
    problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]
    assert [(p.path.stem, p.severity) for p in problems] == [(n, "warning") for n in ("clipped", "faint", "float")]
    assert [p.message.split(":")[0] for p in problems[:2]] == ["clipped", "nearly silent"]
    assert "divided by 2" in problems[2].message
    assert len(load(tmp_path).recordings) == 3
    assert sum("clipped" in record.message for record in caplog.records) == 1


def test_digital_silence_inside_a_syllable_cannot_be_scaled_alone(tmp_path: Path) -> None:
    wave = tone(440, 1, RATE)
    wave[2400:4000] = 0
    soundfile.write(tmp_path / "x.wav", wave, RATE)
    write_text(tmp_path / "x.txt", TEXT)
    assert len(load(tmp_path).recordings) == 1
    assert "x.wav: all 1600 samples are zero" in bad(tmp_path, scale_per="vocalisation")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("scale", "max"),
        ("scale_per", "file"),
        ("scale_to", 0.0),
        ("unannotated", "ignore"),
        ("annotations", "excel"),
        ("channel", "left"),
        ("sample_rate", -1),
        ("highpass_hz", 4000),
        ("highpass_hz", 0),
        ("faulty", "ignore"),
        ("time_unit", "min"),
    ],
)
def test_settings_that_make_no_sense_are_refused(option: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^data.{option} is {value!r}: give "):
        CorpusSettings(**{"sample_rate": RATE, option: value})  # type: ignore[arg-type]
