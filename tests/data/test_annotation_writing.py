"""What the lab writes of annotations, read back by the lab and by crowsetta."""

from __future__ import annotations

from pathlib import Path

import crowsetta
import pytest
from folders import tone

from syrinx_lab.data.annotation_records import Annotation
from syrinx_lab.data.annotation_writing import annotation_path, encode, writable_formats
from syrinx_lab.data.annotations import detect_format, read_annotation_file
from syrinx_lab.data.audio import write_wav

SUNG = (Annotation(0.1, 0.250001, "a"), Annotation(0.3125, 0.4, "b"), Annotation(0.4, 0.5, 'c"'))
RATE = 32000


@pytest.mark.parametrize("name", writable_formats())
def test_every_format_that_is_written_is_read_again_with_the_same_times(tmp_path: Path, name: str) -> None:
    audio = tmp_path / "bird_1.wav"
    path = annotation_path(name, audio)
    path.write_bytes(encode(name, SUNG, audio, RATE))
    detected = detect_format(path)
    assert detected is not None
    found = read_annotation_file(path, detected[0], lambda audio: RATE)
    assert not [problem for problem in found.problems if problem.severity != "note"]
    ((audio_name, read),) = found.recordings.items()
    assert Path(audio_name or "bird_1.wav").stem == "bird_1"
    assert [one.label for one in read] == ["a", "b", 'c"']
    within = 1 / RATE if name == "timit" else 1e-6
    times = [t for one in SUNG for t in (one.onset_s, one.offset_s)]
    assert [t for one in read for t in (one.onset_s, one.offset_s)] == pytest.approx(times, abs=within)
    assert path.read_bytes() == encode(name, SUNG, audio, RATE)


@pytest.mark.parametrize("name", writable_formats())
def test_crowsetta_reads_what_is_written(tmp_path: Path, name: str) -> None:
    audio = tmp_path / "bird_1.wav"
    write_wav(audio, tone(440, 1.0, RATE), RATE)
    path = annotation_path(name, audio)
    path.write_bytes(encode(name, SUNG, audio, RATE))
    loaded = crowsetta.formats.by_name(name).from_file(path)
    options = {"samplerate": RATE} if name == "timit" else {}
    annotation = loaded.to_annot(**options)
    annotation = annotation[0] if isinstance(annotation, list) else annotation
    boxes = getattr(annotation, "bboxes", None)
    if boxes is not None:
        found = [(box.onset, box.offset, box.label) for box in boxes]
    else:
        sequence = annotation.seq[0] if isinstance(annotation.seq, list) else annotation.seq
        found = [(s.onset_s, s.offset_s, s.label) for s in sequence.segments if s.label]
    # of TextGrids it leaves a quotation mark doubled, as Praat writes it
    assert [label.replace('""', '"') for *_, label in found] == ["a", "b", 'c"']
    assert [onset for onset, *_ in found] == pytest.approx([0.1, 0.3125, 0.4], abs=1e-3)  # crowsetta rounds to ms


def test_notmat_lies_beside_its_audio_under_its_whole_name() -> None:
    assert annotation_path("notmat", Path("d/x.cbin")) == Path("d/x.cbin.not.mat")
    assert annotation_path("raven", Path("d/x.wav"), Path("e")) == Path("e/x.txt")


def test_unknown_formats_and_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="format is 'koumura'"):
        encode("koumura", SUNG, Path("x.wav"), RATE)
    with pytest.raises(ValueError, match=r"x\.wav: the label 'two words' holds a blank"):
        encode("timit", [Annotation(0, 1, "two words")], Path("x.wav"), RATE)
