"""Which recording a name in a table means: the folders of the name count, and the root's own name among them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from folders import AB, HEADER, RATE, TEXT, annotate, load, spans, write_text, write_tone

from syrinx_lab.data.audio_index import AudioIndex
from syrinx_lab.data.corpus import CorpusSettings, inspect_corpus
from syrinx_lab.data.layout import AudioFile, list_files

BIRD = "/songs/bird"  # no such folder: these tests are of names alone


def index_of(*names: str, root: str = BIRD, annotations: str | None = None) -> AudioIndex:
    files = [AudioFile(n.rpartition(".")[0], Path(root, n), tuple(n.split("/")[:-1])) for n in names]
    return AudioIndex(files, None if annotations is None else Path(annotations))


def found(index: AudioIndex, name: str, near: str = "") -> list[str]:
    return [file.id for file in index.find(name, tuple(near.split("/")) if near else ())]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rec0.wav", ["d1/rec0", "d2/rec0"]),
        ("rec0", ["d1/rec0", "d2/rec0"]),
        ("d1/rec0.wav", ["d1/rec0"]),
        ("d2/rec0", ["d2/rec0"]),
        ("./d2/rec0.wav", ["d2/rec0"]),
        ("d1/../d2/rec0.wav", ["d2/rec0"]),
        ("../../bird/d2/rec0.wav", ["d2/rec0"]),
        ("bird/d1/rec0.wav", ["d1/rec0"]),
        ("songs/bird/d1/rec0.wav", ["d1/rec0"]),
        ("/songs/bird/d1/rec0.wav", ["d1/rec0"]),
        ("d3/rec0.wav", []),
        ("bird/rec0.wav", []),
        ("d2/only.wav", []),
        ("d1/only.wav", ["d1/only"]),
        ("C:\\data\\bird\\d1\\rec0.wav", ["d1/rec0"]),
        ("C:\\data\\finch\\d2\\rec0.wav", ["d2/rec0"]),
        ("\\\\server\\share\\d2\\rec0.wav", ["d2/rec0"]),
        ("file:///old/d1/rec0.wav", ["d1/rec0"]),
        ("/home/x/audio/only.wav", ["d1/only"]),
        ("C:only.wav", ["d1/only"]),
        ("/home/x/d2/only.wav", []),
        ("D:/d2/only.wav", []),
        ("/home/x/bird/only.wav", []),
        ("old/d1/only.wav", ["d1/only"]),
        ("d2/d1/only.wav", []),
        ("/home/d2/d1/only.wav", []),
        ("audio/only.wav", []),
        ("only.flac", ["d1/only"]),
        ("d1/rec0.mp3", ["d1/rec0"]),
        ("other.wav", []),
        ("", []),
        ("..", []),
        ("/", []),
    ],
)
def test_the_folders_of_a_name_decide(name: str, expected: list[str]) -> None:
    assert found(index_of("d1/rec0.wav", "d1/only.wav", "d2/rec0.wav", "d2/more.wav"), name) == expected


@pytest.mark.parametrize(
    ("name", "annotations", "expected"),
    [
        ("d1/rec0.wav", "/songs", ["rec0"]),
        ("bird/d1/rec0.wav", "/songs", ["rec0"]),
        ("d3/rec0.wav", "/songs", []),
        ("d3/rec0.wav", None, []),
        ("/old/d3/rec0.wav", "/songs", ["rec0"]),
        ("wavs/rec0.wav", f"{BIRD}/d1", ["rec0"]),  # copied flat, with its table
        ("wavs/rec0.wav", f"{BIRD}/d1/tables", ["rec0"]),
    ],
)
def test_the_roots_own_name_counts(name: str, annotations: str | None, expected: list[str]) -> None:
    index = index_of("rec0.wav", "rec1.wav", root=f"{BIRD}/d1", annotations=annotations)
    assert found(index, name) == expected
    assert index.renamed(name) == ("wavs" if name.startswith("wavs") else None)


def test_a_renamed_folder_above_hides_no_other_folder() -> None:
    assert found(index_of("d1/rec.wav", "b/d1/rec.wav"), "old/d1/rec.wav") == ["d1/rec"]
    flat_and_not = index_of("rec.wav", "d2/rec.wav", root=f"{BIRD}/d1", annotations=f"{BIRD}/d1")
    assert found(flat_and_not, "wavs/rec.wav") == []


def test_a_root_behind_a_link_goes_by_both_names(tmp_path: Path) -> None:
    write_tone(tmp_path / "d1/rec0.wav")
    (tmp_path / "link").symlink_to(tmp_path / "d1")
    for name in ("d1", "link"):
        write_text(tmp_path / "s.csv", HEADER + f"{name}/rec0.wav,0.1,0.2,a\n")
        assert spans(load(tmp_path / "link", annotation_root=tmp_path), "rec0") == [("a", 800, 1600)]


def test_a_file_of_the_root_that_is_no_recording_is_not_outside_it(tmp_path: Path) -> None:
    write_tone(tmp_path / "d1/rec0.wav")
    write_text(tmp_path / "d1/notes.md", "")
    write_text(tmp_path / "s.csv", HEADER + "d1/rec0.wav,0.1,0.2,a\nd1/notes.md,0.1,0.2,a\n")
    with pytest.raises(ValueError, match=r"s\.csv, line 3: there is no recording 'd1/notes\.md'"):
        load(tmp_path)


def test_a_name_that_fits_several_takes_the_nearest_to_its_annotation() -> None:
    index = index_of("b1/audio/x.wav", "b2/audio/x.wav", "audio/b3/x.wav", "x.wav")
    assert found(index, "x", "b1/times") == ["b1/audio/x"]
    assert found(index, "audio/x", "b2/times") == ["b2/audio/x"]
    assert found(index, "x", "segments/b3") == ["audio/b3/x"]
    assert found(index, "x") == ["b1/audio/x", "b2/audio/x", "audio/b3/x", "x"]
    composed, split = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    assert found(index_of(f"{split}/x.wav", "b1/x.wav"), "x", composed) == [f"{split}/x"]


def test_an_exact_name_comes_before_another_ending_and_the_folder_before_both() -> None:
    index = index_of("d1/x.flac", "d2/x.wav", "x.wav.flac")
    assert found(index, "x.wav") == ["d2/x"]
    assert found(index, "d1/x.wav") == ["d1/x"]
    assert found(index, "x.flac") == ["d1/x"]
    assert found(index, "x.mp3") == ["d1/x", "d2/x"]


def test_rows_of_a_folder_without_that_recording_are_refused(tmp_path: Path) -> None:
    write_tone(tmp_path / "d1/rec0.wav")
    write_text(tmp_path / "s.csv", HEADER + "d3/rec0.wav,0.1,0.2,a\n")
    with pytest.raises(
        ValueError, match=r"s\.csv, line 2: there is no recording 'd3/rec0\.wav': one of that name lies"
    ):
        load(tmp_path)
    write_text(tmp_path / "s.csv", HEADER + "D:\\bird\\d3\\rec0.wav,0.1,0.2,a\n")
    assert load(tmp_path).labels() == {"a": 1}  # another machine's folders
    write_tone(tmp_path / "d3/rec1.wav")
    with pytest.raises(
        ValueError, match=r"there is no recording 'D:.*rec0\.wav': one of that name lies in .*/d1; correct"
    ):
        load(tmp_path)


def test_a_table_beside_the_root_names_it_and_its_neighbours(tmp_path: Path) -> None:
    for day in ("d1", "d2"):
        write_tone(tmp_path / day / "rec0.wav")
    write_text(tmp_path / "s.csv", HEADER + "d1/rec0.wav,0.1,0.2,a\nd2/rec0.wav,0.3,0.4,b\n")
    corpus, problems = inspect_corpus(tmp_path / "d1", CorpusSettings(sample_rate=RATE, annotation_root=tmp_path))
    assert spans(corpus, "rec0") == [("a", 800, 1600)]
    assert [p.severity for p in problems if "outside" in p.message] == ["note"]
    assert spans(load(tmp_path / "d2", annotation_root=tmp_path / "s.csv"), "rec0") == [("b", 2400, 3200)]
    write_text(tmp_path / "s.csv", HEADER + "d3/rec0.wav,0.1,0.2,a\n")
    with pytest.raises(ValueError, match=r"there is no recording 'd3/rec0\.wav'"):
        load(tmp_path / "d1", annotation_root=tmp_path)


def test_a_root_that_was_renamed_is_a_warning(tmp_path: Path) -> None:
    write_tone(tmp_path / "copy/d1/x.wav")
    write_text(tmp_path / "copy/s.csv", HEADER + "bird/d1/x.wav,0.1,0.2,a\n")
    corpus, problems = inspect_corpus(tmp_path / "copy", CorpusSettings(sample_rate=RATE))
    assert corpus.labels() == {"a": 1}
    assert [(p.line, p.severity) for p in problems if "folder 'bird', which is not here" in p.message] == [
        (2, "warning")
    ]
    (tmp_path / "bird").mkdir()  # now the name means something
    with pytest.raises(ValueError, match=r"there is no recording 'bird/d1/x\.wav'"):
        load(tmp_path / "copy")


def test_an_annotation_among_recordings_belongs_to_its_folder(tmp_path: Path) -> None:
    annotate(tmp_path, "d3/other.wav")
    write_tone(tmp_path / "d1/x.wav")
    write_text(tmp_path / "d3/x.txt", TEXT)
    with pytest.raises(ValueError, match=r"x\.txt: there is no recording of this file's name"):
        load(tmp_path)
    (tmp_path / "d3/x.txt").rename(tmp_path / "x.txt")
    assert spans(load(tmp_path), "d1/x") == AB
    write_tone(tmp_path / "y.wav")
    write_text(tmp_path / "d1/y.txt", TEXT)  # of a folder above, though x.wav lies beside it
    assert spans(load(tmp_path), "y") == AB


def test_letters_that_look_alike_are_alike(tmp_path: Path) -> None:
    composed, split = (unicodedata.normalize(form, "Männchen") for form in ("NFC", "NFD"))
    write_tone(tmp_path / split / f"{split}_1.wav")
    write_text(tmp_path / split / f"{composed}_1.txt", TEXT)
    key = f"{composed}/{composed}_1"
    assert spans(load(tmp_path), key) == AB
    (tmp_path / split / f"{composed}_1.txt").unlink()
    write_text(tmp_path / "s.csv", HEADER + f"{composed}/{composed}_1.wav,0.1,0.2,a\n")
    for pattern in (f"{composed}*", f"{split}/*"):
        assert list(load(tmp_path, audio_pattern=pattern).recordings) == [key]
    assert list(load(tmp_path / composed, annotation_root=tmp_path).recordings) == [f"{composed}_1"]
    assert list(load([str(tmp_path / composed)], annotation_root=tmp_path / composed / ".." / "s.csv").recordings)
    write_tone(tmp_path / split / f"{composed}_1.wav")
    with pytest.raises(ValueError, match="they differ only in how their letters are encoded; rename one"):
        load(tmp_path)


def test_a_pattern_chooses_between_two_forms_of_one_recording(tmp_path: Path) -> None:
    annotate(tmp_path, "d/x.wav")
    write_tone(tmp_path / "d/x.flac", seconds=0.7)
    for ending in ("wav", "flac"):
        for pattern in (f"*.{ending}", f"d/*.{ending}"):
            corpus = load(tmp_path, audio_pattern=pattern)
            assert [r.path.suffix for r in corpus.recordings.values()] == [f".{ending}"]
            assert spans(corpus, "d/x") == AB
    with pytest.raises(
        ValueError, match=r"x\.wav: has the same name as x\.flac; keep one, or choose with data\.audio_p"
    ):
        load(tmp_path, audio_pattern="x.*")
    annotate(tmp_path, "y.wav")
    assert list(load(tmp_path, audio_pattern="y*").recordings) == ["y"]


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    annotate(tmp_path, "x.wav")
    annotate(tmp_path, "locked/y.wav")
    listed = os.scandir

    def scandir(path: str) -> Iterator[os.DirEntry[str]]:
        if os.fspath(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(ValueError, match=r"/locked: the folder cannot be read \(Permission denied\).*chmod u\+rx"):
        load(tmp_path)
    said = [
        p.path.name
        for p in inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]
        if "cannot be read" in p.message
    ]
    assert said == ["locked"]  # once, though recordings and annotations are looked for in it
    (tmp_path / "song").mkdir()
    (tmp_path / "x.wav").rename(tmp_path / "song/x.wav")
    with pytest.raises(ValueError, match="/locked: the folder cannot be read"):
        load(tmp_path / "song", annotation_root=tmp_path)
    problems = inspect_corpus(tmp_path / "locked", CorpusSettings(sample_rate=RATE))[1]
    assert [str(p).split(":")[0] for p in problems] == [str(tmp_path / "locked")]


def test_a_link_to_a_recording_is_the_same_recording(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav")
    (tmp_path / "y.wav").symlink_to(tmp_path / "x.wav")
    with pytest.raises(ValueError, match=r"y\.wav: the same file is read as x already; give it once"):
        load(tmp_path)
    assert list(load(tmp_path, audio_pattern="x*").recordings) == ["x"]


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav")
    (tmp_path / "day2").symlink_to(tmp_path / "gone")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    corpus, problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))
    assert spans(corpus, "x") == AB
    said = {p.path.name: (p.severity, p.message) for p in problems}
    assert said["day2"] == ("warning", f"a link to {tmp_path / 'gone'}, which does not exist; passed over")
    assert said["loop"][0] == "warning"
    (tmp_path / "y.wav").symlink_to(tmp_path / "gone.wav")
    write_text(tmp_path / "y.txt", TEXT)
    with pytest.raises(ValueError, match=r"y\.wav: a link to .*gone\.wav, which does not exist"):
        load(tmp_path)


def test_ids_do_not_depend_on_the_order_of_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    annotate(tmp_path, "zoo/x.wav")
    (tmp_path / "alias").symlink_to(tmp_path / "zoo")
    assert [str(path) for path in list_files(tmp_path)[0]] == ["zoo/x.txt", "zoo/x.wav"]


@pytest.mark.parametrize("made", ["run", "sweeps/one", "data/synthetic"])
def test_what_the_lab_wrote_below_the_recordings_is_no_recording(tmp_path: Path, made: str) -> None:
    annotate(tmp_path, "x.wav")
    folder = tmp_path / "outputs" / made
    annotate(folder, "audio/finch-000.wav")
    markers = {"run": ["config.yaml", "state.json"], "sweeps/one": ["plan.json"], "data/synthetic": ["dataset.json"]}
    for name in markers[made]:
        write_text(folder / name, '{"what": "synthetic finch"}')
    assert list(load(tmp_path).recordings) == ["x"]
    problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]
    (note,) = [problem for problem in problems if "the lab wrote" in problem.message]
    assert (note.severity, note.path) == ("note", folder)
    assert note.message.startswith("1 folder(s) ")
    assert list(load(folder).recordings) == ["audio/finch-000"]  # what is asked for is read
    with pytest.raises(ValueError, match="holds nothing but what the lab wrote"):
        load(tmp_path / "outputs")


def test_a_folder_of_song_with_one_name_of_the_labs_is_read(tmp_path: Path) -> None:
    for folder, name in (("a", "config.yaml"), ("b", "plan.json"), ("c", "dataset.json")):
        annotate(tmp_path / folder, f"{folder}.wav")
        write_text(tmp_path / folder / name, "{}")
    assert list(load(tmp_path).recordings) == ["a/a", "b/b", "c/c"]


def steps(action) -> int:
    """How many lines of Python an action takes."""
    import sys

    count = 0

    def trace(frame, event, argument):
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("name", ["rec.wav", "/old/disk/rec.wav"])
def test_names_that_every_folder_holds_are_found_in_linear_time(name: str) -> None:
    def search(folders: int) -> int:
        names = [f"d{k}/rec.wav" for k in range(folders)]
        index = index_of(*names)

        def all_of_them() -> None:
            for k in range(folders):
                assert found(index, name, f"d{k}") == [f"d{k}/rec"]
                assert found(index, names[k]) == [f"d{k}/rec"]
                assert found(index, f"/machine{k}/d{k}/rec.wav") == [f"d{k}/rec"]

        return steps(all_of_them)

    assert search(200) < 2.3 * search(100)


def test_the_fault_of_a_wrong_day(faults_root: Path, tmp_path: Path) -> None:
    for name in ("audio/rec0.wav", "days_wrong_folder/syllables.csv"):
        target = tmp_path / ("d1/rec0.wav" if name.endswith("wav") else "syllables.csv")
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((faults_root / name).read_bytes())
    with pytest.raises(
        ValueError, match=r"line 2: there is no recording 'd3/rec0\.wav'.*: one of that name lies in .*/d1;"
    ):
        load(tmp_path, sample_rate=44100)
    (tmp_path / "d1").rename(tmp_path / "d3")
    corpus = load(tmp_path, sample_rate=44100, unannotated="skip")  # the table has rows of four more recordings
    assert len(corpus.recordings["d3/rec0"].syllables) == 5


def test_names_that_are_not_utf8_can_be_read_and_printed(tmp_path: Path) -> None:
    name = os.fsdecode(b"s\xe9ng")
    annotate(tmp_path, "song.wav")
    try:
        for ending in ("wav", "txt"):
            (tmp_path / f"song.{ending}").rename(tmp_path / f"{name}.{ending}")
    except OSError:
        pytest.skip("this file system takes no names but UTF-8")
    (recording,) = load(tmp_path).recordings.values()
    assert recording.id == "s\\xe9ng"
    assert (recording.id.encode(), len(recording.syllables)) == (b"s\\xe9ng", 2)
    (tmp_path / f"{name}.txt").write_text("0.2 0.1 a\n")
    with pytest.raises(ValueError, match=r"s\\xe9ng\.txt, line 1: the offset") as caught:
        load(tmp_path)
    assert str(caught.value).encode()


@pytest.mark.skipif(os.name == "nt", reason="Windows takes no such names")
@pytest.mark.parametrize(
    ("character", "shown"), [("\n", "\\n"), ("\r", "\\r"), ("\u2028", "\\u2028"), ("\x1b", "\\x1b")]
)
def test_a_name_that_would_break_a_line_is_written_on_one(tmp_path: Path, character: str, shown: str) -> None:
    root = tmp_path / f"day{character}1"
    annotate(root, f"so{character}ng.wav")
    corpus = load(root)
    assert spans(corpus, f"so{shown}ng") == AB
    write_text(root / f"so{character}ng.txt", "0.2 0.1 a\n")
    with pytest.raises(ValueError, match=r"the offset, 0\.1 s, must come after") as caught:
        load(root)
    assert f"/day{shown}1/so{shown}ng.txt, line 1: " in str(caught.value)
    write_text(root / f"so{character}ng.txt", "9 9.1 a\n")
    (problem,) = inspect_corpus(root, CorpusSettings(sample_rate=RATE))[1]
    assert f"beyond the end of so{shown}ng.wav, 1.0000 s" in str(problem)
    assert len(str(problem).splitlines()) == 1
