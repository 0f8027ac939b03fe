"""Folders of raw recordings: what is broken in them, what a kill leaves, what a hand has changed."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import crowsetta
import numpy as np
import pytest
import soundfile as sf
from songs import RATE, cage, finch

from syrinx_lab.data.corpus import load_corpus
from syrinx_lab.data.corpus_settings import CorpusSettings
from syrinx_lab.data.segmentation import folder as folder_module
from syrinx_lab.data.segmentation.account import account_of, lines_of, table_of
from syrinx_lab.data.segmentation.folder import SegmentedFolder, SegmentSettings, segment_folder
from syrinx_lab.data.segmentation.marks import read_marks, write_own
from syrinx_lab.data.segmentation.on_the_way import SegmentsOnTheWay
from syrinx_lab.data.segmentation.threshold import ThresholdSegmenter

DESCRIBED = {"what": "threshold"}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of song beside all that a raw folder holds."""
    root = tmp_path_factory.mktemp("raw")
    for day, numbers in (("day1", (0, 1)), ("day2", (2,))):
        (root / day).mkdir()
        for k in numbers:
            sf.write(root / day / f"song{k}.wav", finch(k)[0], RATE, subtype="PCM_16")
    sf.write(root / "day2" / "cage.wav", cage(0), RATE)
    sf.write(root / "stereo.wav", np.column_stack([finch(3)[0], np.zeros(len(finch(3)[0]))]), RATE)
    (root / "empty.wav").write_bytes(b"")
    sf.write(root / "one.wav", np.array([0.1]), RATE)
    broken = finch(0)[0].copy()
    broken[1_000] = np.nan
    sf.write(root / "nan.wav", broken, RATE, subtype="FLOAT")
    (root / "text.wav").write_text("not a sound")
    return root


def segmented(root: Path, out: Path, **settings: object) -> SegmentedFolder:
    return segment_folder(str(root), out, ThresholdSegmenter(), DESCRIBED, SegmentSettings(**settings))  # type: ignore


def test_a_raw_folder_is_segmented_and_read_again(raw: Path, tmp_path: Path) -> None:
    found = segmented(raw, tmp_path)
    assert {path.name for path, _ in found.unreadable} == {"empty.wav", "one.wav", "nan.wav", "text.wav"}
    assert sorted(found.annotations) == ["day1/song0", "day1/song1", "day2/song2", "stereo"]
    account = account_of(found)
    assert (account["recordings"], account["with_song"], account["syllables"]) == (5, 4, 60)
    assert account["labels"] == {name: 12 for name in "abcde"}
    text = "\n".join(lines_of(account))
    assert "4 with song, 1 without, 4 not readable" in text
    rows = [line.split(",") for line in table_of(found).decode().splitlines()]
    assert rows[0] == ["file", "onset_s", "offset_s", "label", "confidence"]
    assert len(rows) == 61
    sure = {file.id: one.result.syllables[0].confidence for file, one in found.files if one.result.syllables}
    assert (rows[1][0], float(rows[1][4])) == ("day1/song0", pytest.approx(sure["day1/song0"], abs=1e-4))
    assert "nan.wav: sample 1000 (0.0227 s) is nan" in text
    path = found.annotations["day1/song1"]
    assert path == tmp_path / "annotations" / "day1" / "song1.csv"
    theirs = crowsetta.formats.seq.SimpleSeq.from_file(path)
    truth = finch(1)[1]
    np.testing.assert_allclose(theirs.onsets_s, truth[:, 0], atol=0.005)
    reading = CorpusSettings(annotation_root=str(tmp_path / "annotations"), unannotated="skip")
    corpus = load_corpus(str(raw), reading)
    assert sorted(corpus.recordings) == sorted(found.annotations)
    assert corpus.labels() == {name: 12 for name in "abcde"}
    with pytest.raises(ValueError, match=r"empty\.wav: empty: .*\(data\.faulty=skip leaves it out\)$"):
        segmented(raw, tmp_path / "strict", faulty="error")


def test_what_was_found_is_not_found_again_and_a_kill_loses_little(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Path] = []
    real = folder_module.find_in

    def counted(path: Path, *rest: object) -> object:
        calls.append(path)
        if len(calls) == 4 and not (tmp_path / "annotations").exists():
            raise KeyboardInterrupt
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(folder_module, "find_in", counted)
    with pytest.raises(KeyboardInterrupt):
        segmented(raw, tmp_path, workers=1)
    assert not list(tmp_path.rglob("*.tmp"))
    kept = list((tmp_path / "found").glob("*.npz"))
    assert kept
    second = segmented(raw, tmp_path, workers=2)
    assert second.kept == len(kept)
    third = segmented(raw, tmp_path)
    assert third.kept == 5
    assert third.labels == second.labels
    assert (len(third.written.new), len(third.written.same)) == (0, 4)
    whole = segmented(raw, tmp_path / "at_once", workers=1)
    for name, path in whole.annotations.items():
        assert path.read_bytes() == second.annotations[name].read_bytes()
    # what is torn is found anew
    kept[0].write_bytes(kept[0].read_bytes()[:100])
    assert segmented(raw, tmp_path).kept == 4


def test_a_hands_work_is_not_written_over(raw: Path, tmp_path: Path) -> None:
    first = segmented(raw, tmp_path)
    edited, gone = first.annotations["day1/song0"], first.annotations["stereo"]
    edited.write_text("onset_s,offset_s,label\n0.1,0.2,mine\n")
    gone.unlink()
    again = segment_folder(str(raw), tmp_path, ThresholdSegmenter(depth_db=25.0), {"depth_db": 25.0})
    assert again.written.edited == (edited,)
    assert edited.read_text().endswith("mine\n")
    assert gone in again.written.new
    assert len(again.written.new) == 3  # other boundaries
    assert "1 as they are: changed by hand" in "\n".join(lines_of(account_of(again)))


def test_files_beside_the_audio_are_somebody_elses(tmp_path: Path) -> None:
    root = tmp_path / "raw"
    root.mkdir()
    for k in range(2):
        sf.write(root / f"s{k}.wav", finch(k)[0], RATE)
    (root / "s0.csv").write_text("onset_s,offset_s,label\n0.1,0.2,theirs\n")
    found = segment_folder(str(root), tmp_path / "out", ThresholdSegmenter(), DESCRIBED, beside=True)
    assert found.written.foreign == (root / "s0.csv",)
    assert found.written.new == (root / "s1.csv",)
    assert "theirs" in (root / "s0.csv").read_text()
    # a day later the clusters keep their names
    sf.write(root / "s2.wav", finch(2)[0], RATE)
    later = segment_folder(str(root), tmp_path / "out", ThresholdSegmenter(), DESCRIBED, beside=True)
    assert later.labels["s1"] == found.labels["s1"]
    assert set(later.labels["s2"]) <= {*"abcde", "noise"}
    assert later.written.same == (root / "s1.csv",)


def test_the_labs_own_file_goes_where_nothing_is_found_any_more(tmp_path: Path) -> None:
    marks, path, hand = tmp_path / "marks.json", tmp_path / "a.csv", tmp_path / "b.csv"
    assert write_own({path: b"one", hand: b"two"}, marks).new == (path, hand)
    hand.write_bytes(b"corrected")
    assert write_own({path: None, hand: None}, marks).gone == (path,)
    assert not path.exists()
    assert hand.read_bytes() == b"corrected"
    # the hash of what was about to be written counts as the lab's own: a kill may have come before the last line
    assert set(read_marks(marks)) == {path, hand}
    marks.write_text("{")
    with pytest.raises(ValueError, match=r"marks\.json: not valid"):
        write_own({path: b"one"}, marks)


def test_a_training_reads_the_segments_of_what_nobody_annotated(raw: Path, tmp_path: Path) -> None:
    segments = SegmentsOnTheWay(ThresholdSegmenter(), DESCRIBED, tmp_path)
    reading = segments.reading(str(raw), CorpusSettings(faulty="skip", sample_rate=22_050))
    corpus = load_corpus(str(raw), reading)
    assert sum(corpus.labels().values()) == 60
    assert corpus.fingerprint() == load_corpus(str(raw), segments.reading(str(raw), reading)).fingerprint()
    (tmp_path / "cage").mkdir()
    sf.write(tmp_path / "cage" / "x.wav", cage(1), RATE)
    with pytest.raises(ValueError, match=r"data\.segmenter=auto found no song in 1 recordings"):
        segments.reading(str(tmp_path / "cage"), CorpusSettings())


def test_two_days_with_one_name_are_not_taken_for_one(tmp_path: Path) -> None:
    for day in (1, 2):
        (tmp_path / f"day{day}").mkdir()
        sf.write(tmp_path / f"day{day}" / "0001.wav", finch(day)[0], RATE)
    out = tmp_path / "out"
    first = segmented(tmp_path / "day1", out).annotations["0001"]
    content = first.read_bytes()
    with pytest.raises(
        ValueError, match=r"0001\.csv: annotates .*day1/0001\.wav, and .*day2/0001\.wav has the same name"
    ):
        segmented(tmp_path / "day2", out)
    first.write_bytes(content + b"0.9,0.95,mine\n")
    with pytest.raises(ValueError, match="has the same name here"):
        segmented(tmp_path / "day2", out)
    first.write_bytes(content)
    # the same recordings elsewhere, and a recording that was cut, are no strangers
    (tmp_path / "day1").rename(tmp_path / "moved")
    assert segmented(tmp_path / "moved", out).written.same == (first,)
    sf.write(tmp_path / "moved" / "0001.wav", finch(1)[0][: 2 * RATE], RATE)
    segmented(tmp_path / "moved", out)


def test_a_folder_of_segments_can_be_moved(raw: Path, tmp_path: Path) -> None:
    segmented(raw, tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    again = segmented(raw, tmp_path / "b")
    assert len(again.written.same) == 4
    assert not again.written.foreign


def test_another_format_takes_the_place_of_the_old_one_but_not_of_a_hands_work(raw: Path, tmp_path: Path) -> None:
    first = segmented(raw, tmp_path)
    edited = first.annotations["day1/song0"]
    edited.write_text("onset_s,offset_s,label\n0.1,0.2,mine\n")
    again = segmented(raw, tmp_path, format="raven")
    assert again.written.edited == (edited,)
    left = sorted(path.name for path in (tmp_path / "annotations").rglob("*.*"))
    assert left == ["song0.csv", "song1.txt", "song2.txt", "stereo.txt"]
    with pytest.raises(ValueError, match="format is 'bogus'"):
        segmented(raw, tmp_path, format="bogus")


def test_a_folder_in_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.wav").write_bytes(b"no sound")
    with pytest.raises(ValueError, match=r"none of the 1 recordings can be read; .*a\.wav"):
        segmented(tmp_path / "raw", tmp_path / "out")


def test_song_on_another_channel_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    song = finch(1)[0]
    quiet = 1e-3 * np.random.default_rng(0).standard_normal(len(song))
    sf.write(tmp_path / "raw" / "a.wav", np.stack((quiet, song), 1), RATE)
    found = segmented(tmp_path / "raw", tmp_path / "out")
    assert not found.annotations
    assert "no song in channel 0 of 2" in "\n".join(lines_of(account_of(found)))
    assert segmented(tmp_path / "raw", tmp_path / "other", channel=1).annotations


def test_a_second_process_waits_and_one_that_is_killed_is_gone_on_with(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    for k in range(4):
        sf.write(raw / f"song{k}.wav", finch(k)[0], RATE, subtype="PCM_16")
    alone = segmented(raw, tmp_path / "alone")
    script = (
        "import sys, os, time; from pathlib import Path\n"
        "from syrinx_lab.data.segmentation import folder, threshold\n"
        "found, count = folder.find_in, []\n"
        "def slow(*job):\n"
        "    if len(count) == 2:\n"
        "        print('two', flush=True); time.sleep(60)\n"
        "    count.append(1); return found(*job)\n"
        "folder.find_in = slow\n"
        "one, by = folder.SegmentSettings(workers=1), threshold.ThresholdSegmenter()\n"
        "folder.segment_folder(sys.argv[1], Path(sys.argv[2]), by, {'what': 'threshold'}, one)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(raw), str(out)], stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()  # it holds the folder, and two recordings are found
        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(segmented, raw, out)
            with pytest.raises(TimeoutError):
                second.result(timeout=1.0)
            first.kill()
            both = second.result(timeout=60)
    assert both.kept == 2
    assert both.labels == alone.labels
    assert sorted(path.read_text() for path in both.annotations.values()) == sorted(
        path.read_text() for path in alone.annotations.values()
    )
