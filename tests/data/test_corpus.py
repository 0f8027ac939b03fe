"""Folders of song in every layout, and what is said of what is wrong with them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from folders import RATE, tone, write_text, write_tone

from syrinx_lab.data.corpus import Corpus, inspect_corpus, label_list, load_corpus

TEXT = "0.1 0.2 a\n0.3 0.5 b\n"
HEADER = "files,onsets,offsets,labels\n"


def annotate(root: Path, audio: str, text: str = TEXT, annotation: str | None = None, **options: float) -> None:
    """Write one second of tone and its annotation, beside it unless `annotation` says where."""
    write_tone(root / audio, **options)  # type: ignore[arg-type]
    write_text(root / (annotation or str(Path(audio).with_suffix(".txt"))), text)


def load(root: Path | list[str], **options: object) -> Corpus:
    return load_corpus(root, **{"sample_rate": RATE, **options})  # type: ignore[arg-type]


def spans(corpus: Corpus, name: str) -> list[tuple[str, int, int]]:
    return [(s.label, s.onset, s.offset) for s in corpus.recordings[name].syllables]


AB = [("a", 800, 1600), ("b", 2400, 4000)]


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
    corpus, problems = inspect_corpus(tmp_path, sample_rate=RATE)
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


def test_times_become_the_nearest_samples_of_the_labs_rate(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "0.10004 0.20001 a\n0.9 1.0009 b", rate=32000)
    corpus = load_corpus(tmp_path, sample_rate=44100)
    recording = corpus.recordings["x"]
    assert (recording.native_sample_rate, recording.sample_rate, len(recording.samples)) == (32000, 44100, 44100)
    assert recording.duration_s == 1.0
    assert spans(corpus, "x") == [("a", 4412, 8820), ("b", 39690, 44100)]


@pytest.mark.parametrize(("scale", "level"), [("peak", 0.4), ("rms", 0.1)])
def test_a_recording_is_scaled_by_its_syllables_not_by_noise_between_them(
    tmp_path: Path, scale: str, level: float
) -> None:
    wave = np.concatenate([tone(440, 0.5, RATE, 0.1), tone(440, 0.5, RATE, 0.05)])
    wave[7000] = 0.9  # a bang outside
    soundfile.write(tmp_path / "x.wav", wave, RATE, subtype="FLOAT")
    write_text(tmp_path / "x.txt", "0.1 0.2 a\n0.6 0.7 b\n")
    recording = load(tmp_path, scale=scale, scale_to=level, label="b").recordings["x"]
    cuts = np.concatenate([recording.samples[s.onset : s.offset] for s in recording.syllables])
    measured = np.abs(cuts).max() if scale == "peak" else np.sqrt(np.mean(cuts**2))
    assert measured == pytest.approx(level, rel=1e-6)
    np.testing.assert_allclose(recording.samples, recording.gain * wave, rtol=1e-5, atol=1e-7)
    assert [s.gain for s in recording.syllables] == [1.0, 1.0]


def test_scaling_each_vocalisation_leaves_the_samples_and_sets_gains(tmp_path: Path) -> None:
    wave = np.concatenate([tone(400, 0.5, RATE, 0.1), tone(400, 0.5, RATE, 0.05)])
    soundfile.write(tmp_path / "x.wav", wave, RATE, subtype="FLOAT")
    write_text(tmp_path / "x.txt", "0.1 0.2 a\n0.6 0.7 b\n")
    recording = load(tmp_path, scale_per="vocalisation").recordings["x"]
    np.testing.assert_allclose(recording.samples, wave, atol=1e-7)
    assert [s.gain for s in recording.syllables] == pytest.approx([4.0, 8.0], rel=1e-6)
    unscaled = load(tmp_path, scale="none").recordings["x"]
    assert (unscaled.gain, [s.gain for s in unscaled.syllables]) == (1.0, [1.0, 1.0])


def test_labels_select_and_keep_the_neighbours(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "0.1 0.2 1\n0.3 0.5 b\n0.6 0.7 SIL\n")
    for label in (1, "1", ["1"]):
        syllables = load(tmp_path, label=label).recordings["x"].syllables
        assert [(s.label, s.selected) for s in syllables] == [("1", True), ("b", False)]
    assert all(s.selected for s in load(tmp_path).recordings["x"].syllables)
    assert load(tmp_path, silence_labels=[]).labels() == {"1": 1, "SIL": 1, "b": 1}
    with pytest.raises(ValueError, match=r"no syllable is labelled c, z; the labels are 1 \(1\), b \(1\)$"):
        load(tmp_path, label=["z", "b", "c"])
    assert label_list(None) is None
    assert label_list([2, "b", 2]) == ["2", "b"]


def test_channels_rates_and_filters_reach_the_reader(tmp_path: Path) -> None:
    hum = tone(60, 1, RATE, 0.5)
    soundfile.write(tmp_path / "x.wav", np.stack([hum, hum + tone(800, 1, RATE, 0.1)], 1), RATE, subtype="FLOAT")
    write_text(tmp_path / "x.txt", "0.2 0.8")
    recording = load(tmp_path, channel=1, highpass_hz=300, scale="none").recordings["x"]
    np.testing.assert_allclose(recording.samples[1600:6400], tone(800, 1, RATE, 0.1)[1600:6400], atol=1e-3)
    with pytest.raises(ValueError, match="there is no channel 2"):
        load(tmp_path, channel=2)


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
    corpus, problems = inspect_corpus(tmp_path, sample_rate=RATE)
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
    _, problems = inspect_corpus(tmp_path, sample_rate=RATE, unannotated="skip")
    assert {(p.line, p.severity) for p in problems if p.path.name == "s.csv"} == {(3, "warning")}


def test_two_names_of_one_table_for_one_recording(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav")
    write_text(tmp_path / "s.csv", HEADER + "b1/x.wav,0.1,0.2,a\nb2/x.wav,0.3,0.4,a\n")
    assert "s.csv, line 3: two names in this file mean the one recording x" in bad(tmp_path)


def test_faults_of_lines_are_told_with_file_and_line(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "0.1 0.2 a\n0.9 1.0011 b\n")
    assert "x.txt, line 2: syllable b from 0.9 to 1.0011 s lies beyond the end of x.wav, 1.0000 s" in bad(tmp_path)
    write_text(tmp_path / "x.txt", "0.1 0.2 a\n0.3 0.30001 b\n")
    assert "x.txt, line 2: syllable b from 0.3 to 0.30001 s is shorter than one sample of x.wav" in bad(tmp_path)
    write_text(tmp_path / "x.txt", "0.1 0.2 a\n0.4 0.3 b\noops\n")
    said = bad(tmp_path)
    assert "x.txt, line 2: the offset, 0.3 s, must come after the onset, 0.4 s" in said
    assert said.endswith("(1 more such; check_data lists them all)")
    corpus, problems = inspect_corpus(tmp_path, sample_rate=RATE)
    assert spans(corpus, "x") == AB[:1]
    assert [(p.path.name, p.line) for p in problems] == [("x.txt", 2), ("x.txt", 3)]


def test_a_damaged_annotation_is_told_once_and_not_as_missing(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav", "zero one a\n")
    assert "x.txt, line 1: 'zero one a' is not `onset offset [label]`" in bad(tmp_path)
    write_text(tmp_path / "x.txt", "")
    (tmp_path / "x.txt").unlink()
    write_text(tmp_path / "x.TextGrid", "File type")
    assert "x.TextGrid: cannot be read as textgrid" in bad(tmp_path)
    assert len(inspect_corpus(tmp_path, sample_rate=RATE)[1]) == 1
    (tmp_path / "x.TextGrid").unlink()
    write_text(tmp_path / "s.csv", "files,begin,finish\nx.wav,0.1,0.2\n")
    assert "s.csv, line 1: the header must name the columns onsets and offsets" in bad(tmp_path)
    write_text(tmp_path / "x.txt", TEXT)  # nothing is missing any more, so the table may be anything
    assert spans(load(tmp_path), "x") == AB


def test_two_files_of_one_name_are_not_one_recording(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav")
    write_tone(tmp_path / "x.flac")
    assert "x.wav: has the same name as x.flac; keep one" in bad(tmp_path)


def test_unreadable_audio_is_told_among_the_rest(tmp_path: Path) -> None:
    for name in "wxyz":
        annotate(tmp_path, f"{name}.wav")
    path = tmp_path / "w.wav"
    path.write_bytes(path.read_bytes()[:5000])
    broken = tone(440, 1, RATE)
    broken[80] = np.nan
    soundfile.write(tmp_path / "x.wav", broken, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "y.wav", 0 * tone(440, 1, RATE), RATE)
    corpus, problems = inspect_corpus(tmp_path, sample_rate=RATE)
    assert list(corpus.recordings) == ["z"]
    assert [(p.path.stem, p.message.split(" ")[0], p.severity) for p in problems] == [
        ("w", "truncated:", "error"),
        ("x", "sample", "error"),
        ("y", "silent:", "error"),
    ]
    assert bad(tmp_path).startswith(f"{path}: truncated: ")


def test_doubtful_audio_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loud = np.clip(tone(440, 1, RATE, 1.3), -1, 1)
    for name, wave in (("clipped", loud), ("faint", loud / 2000), ("float", 2 * tone(440, 1, RATE))):
        soundfile.write(tmp_path / f"{name}.wav", wave * 1.01 if name == "float" else wave, RATE, subtype="FLOAT")
        write_text(tmp_path / f"{name}.txt", TEXT)
    problems = inspect_corpus(tmp_path, sample_rate=RATE)[1]
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
    ],
)
def test_options_that_make_no_sense_are_refused_before_reading(tmp_path: Path, option: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{option} must"):
        inspect_corpus(tmp_path / "none", **{"sample_rate": RATE, option: value})  # type: ignore[arg-type]


def test_the_fingerprint_follows_samples_syllables_and_names(tmp_path: Path) -> None:
    annotate(tmp_path, "a/x.wav")
    first = load(tmp_path).fingerprint()
    assert len(first) == 16
    assert load(tmp_path).fingerprint() == first
    others = [load(tmp_path, scale_to=0.3).fingerprint(), load(tmp_path, label="b").fingerprint()]
    write_text(tmp_path / "a/x.txt", TEXT.replace("b", "c"))
    others.append(load(tmp_path).fingerprint())
    write_text(tmp_path / "a/x.txt", TEXT)
    (tmp_path / "a").rename(tmp_path / "b")
    others.append(load(tmp_path).fingerprint())
    (tmp_path / "b").rename(tmp_path / "a")
    assert len({first, *others}) == 5
    assert load(tmp_path).fingerprint() == first


@pytest.mark.parametrize("kind", ["notmat", "textgrid", "raven", "simple-seq", "timit", "aud-bbox", "yarden", "xml"])
def test_formats_are_detected_in_a_folder(tmp_path: Path, kind: str) -> None:
    import scipy.io

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


def test_real_song_is_whole_and_its_two_annotations_agree(song_root: Path) -> None:
    start = time.perf_counter()
    table = load_corpus(song_root, label="e")
    assert time.perf_counter() - start < 2
    assert table.labels() == {"a": 82, "b": 82, "c": 76, "d": 76, "e": 41, "f": 40, "g": 18, "i": 179}
    assert len(table.recordings) == 30
    assert sum(s.selected for r in table.recordings.values() for s in r.syllables) == 41
    text = load_corpus(song_root, label="e", annotations="text")
    assert {r.annotation.suffix for r in table.recordings.values() if r.annotation} == {".csv"}
    assert {r.annotation.suffix for r in text.recordings.values() if r.annotation} == {".txt"}
    assert table.fingerprint() == text.fingerprint()
    for recording in table.recordings.values():
        loudest = max(np.abs(recording.samples[s.onset : s.offset]).max() for s in recording.syllables)
        assert loudest == pytest.approx(0.4, rel=1e-6)
    _, problems = inspect_corpus(song_root)
    assert [p.severity for p in problems] == ["note"]
