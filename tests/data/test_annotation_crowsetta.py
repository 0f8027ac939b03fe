"""Annotations in the formats that crowsetta reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from folders import times, write_text
from reading_annotations import read_annotations

from syrinx_lab.data.annotations import detect_format


def test_notmat_is_read_from_milliseconds(tmp_path: Path) -> None:
    path = tmp_path / "x.wav.not.mat"
    on, off = np.array([100.125, 300.0]), np.array([250.0625, 400.0])
    scipy.io.savemat(path, {"Fs": 32000.0, "fname": "x.wav", "onsets": on, "offsets": off, "labels": "a1"})
    assert detect_format(path) == ("notmat", True)
    # crowsetta would round to 0.1 and 0.25
    assert times(read_annotations(path)) == [(0.100125, 0.2500625, "a"), (0.3, 0.4, "1")]
    scipy.io.savemat(path, {"onsets": off, "offsets": on, "labels": "a1"})
    with pytest.raises(ValueError, match=r"not\.mat: the offset, 0.100125 s, must come after the onset, 0.250063 s"):
        read_annotations(path)
    path.write_bytes(b"not matlab at all")
    with pytest.raises(ValueError, match=r"not\.mat: cannot be read as notmat \(") as caught:
        read_annotations(path)
    assert "\n" not in str(caught.value)


def textgrid(*tiers: list[tuple[float, float, str]]) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", "xmax = 1", "tiers? <exists>"]
    lines += [f"size = {len(tiers)}", "item []:"]
    for k, tier in enumerate(tiers, 1):
        lines += [f"item [{k}]:", 'class = "IntervalTier"', f'name = "t{k}"', "xmin = 0", "xmax = 1"]
        lines.append(f"intervals: size = {len(tier)}")
        for j, (onset, offset, label) in enumerate(tier, 1):
            lines += [f"intervals [{j}]:", f"xmin = {onset}", f"xmax = {offset}", f'text = "{label}"']
    return "\n".join(lines) + "\n"


def test_textgrid_takes_the_first_tier_that_holds_labels(tmp_path: Path) -> None:
    syllables = [(0.0, 0.12345, ""), (0.12345, 0.25, "a"), (0.25, 0.3, ""), (0.3, 0.4, "b")]
    path = write_text(tmp_path / "x.TextGrid", textgrid([(0.0, 1.0, "")], syllables, [(0.0, 1.0, "bout")]))
    assert times(read_annotations(path)) == [(0.12345, 0.25, "a"), (0.3, 0.4, "b")]
    with pytest.raises(ValueError, match=r"x\.TextGrid: cannot be read as textgrid"):
        read_annotations(write_text(path, textgrid(syllables)[:300]))


def test_timit_counts_in_samples_of_its_recording(tmp_path: Path) -> None:
    path = write_text(tmp_path / "x.phn", "0 800 h#\n800 1600 sh\n")
    assert times(read_annotations(path, native_rate=lambda audio: 8000)) == [(0.0, 0.1, "h#"), (0.1, 0.2, "sh")]
    write_text(path, "0 800 h#\n1600 800 sh\n")
    with pytest.raises(ValueError, match=r"x\.phn, line 2: the offset"):
        read_annotations(path, native_rate=lambda audio: 8000)


def test_audacity_labels_with_frequencies(tmp_path: Path) -> None:
    path = write_text(tmp_path / "x.txt", "0.1\t0.25\ta\n\\\t500\t8000\n0.2\t0.4\tb\n\\\t500\t8000\n")
    assert detect_format(path) == ("aud-bbox", True)
    with pytest.raises(ValueError, match=r"x\.txt, line 3: syllable b .* overlaps syllable a of line 1"):
        read_annotations(path)


def test_koumuras_xml_counts_from_the_start_of_each_sequence(tmp_path: Path) -> None:
    def note(position: int, label: int) -> str:
        return f"<Note><Position>{position}</Position><Length>800</Length><Label>{label}</Label></Note>"

    def sequence(name: str, position: int, *notes: str) -> str:
        where = f"<WaveFileName>{name}</WaveFileName><Position>{position}</Position><Length>9</Length>"
        return f"<Sequence>{where}{''.join(notes)}</Sequence>"

    text = sequence("0.wav", 8000, note(0, 0), note(1600, 1)) + sequence("0.wav", 16000, note(800, 2))
    path = write_text(tmp_path / "Annotation.xml", f"<Sequences>{text}{sequence('1.wav', 0, note(0, 3))}</Sequences>")
    found = read_annotations(path, native_rate=lambda audio: 8000)
    first, second = (str(tmp_path / "Wave" / name) for name in ("0.wav", "1.wav"))
    assert times(found, first) == [(1.0, 1.1, "0"), (1.2, 1.3, "1"), (2.1, 2.2, "2")]
    assert times(found, second) == [(0.0, 0.1, "3")]


def test_song_annotation_gui_files_name_their_recordings(tmp_path: Path) -> None:
    def element(onsets: list[float], labels: list[int]) -> dict[str, object]:
        on = np.array(onsets)
        return {"segFileStartTimes": on, "segFileEndTimes": on + 0.1, "segType": np.array(labels), "fs": 8000.0}

    elements = np.empty(2, dtype=object)
    elements[:] = [element([0.1, 0.5], [1, 2]), element([0.2, 0.3], [3, 3])]
    path = tmp_path / "bird.mat"
    scipy.io.savemat(path, {"keys": np.array(["x.wav", "y.wav"], dtype=object), "elements": elements})
    assert detect_format(path) == ("yarden", True)
    found = read_annotations(path)
    assert times(found, "x.wav") == [(0.1, 0.2, "1"), (0.5, 0.6, "2")]
    assert [label for *_, label in times(found, "y.wav")] == ["3", "3"]
    scipy.io.savemat(tmp_path / "other.mat", {"data": np.zeros(3)})
    assert detect_format(tmp_path / "other.mat") is None


@pytest.mark.parametrize(
    "name", ["marron1", "gy6or6", "Recording1", "bird1.csv", "Annotation.xml", "sa1.phn", "AVO-maea-basic", "bl26lb16"]
)
def test_every_example_of_crowsetta_reads_as_crowsetta_reads_it(name: str) -> None:
    crowsetta = pytest.importorskip("crowsetta")
    path, loaded = crowsetta.example(name, return_path=True), crowsetta.example(name)
    in_samples = loaded.name in ("timit", "birdsong-recognition-dataset")
    annotation = loaded.to_annot(samplerate=32000) if in_samples else loaded.to_annot()
    if isinstance(annotation, list):
        annotation = annotation[0]
    if hasattr(annotation, "bboxes"):
        expected = [(box.onset, box.offset, box.label) for box in annotation.bboxes]
    else:
        sequence = annotation.seq[0] if isinstance(annotation.seq, list) else annotation.seq
        expected = [(one.onset_s, one.offset_s, one.label) for one in sequence.segments]
    expected.sort()  # not every file is in order
    found = next(iter(read_annotations(path, native_rate=lambda audio: 32000).values()))
    assert [one.label for one in found] == [label for *_, label in expected]
    ends = [min(offset, after) for (_, offset, _), (after, _, _) in zip(expected, [*expected[1:], (np.inf, 0, "")])]
    np.testing.assert_allclose([one.onset_s for one in found], [onset for onset, *_ in expected], rtol=0, atol=6e-4)
    np.testing.assert_allclose([one.offset_s for one in found], ends, rtol=0, atol=6e-4)  # crowsetta rounds to ms
