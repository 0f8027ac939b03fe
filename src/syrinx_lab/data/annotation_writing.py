"""Annotations of one recording in the formats that crowsetta writes, and Praat's TextGrid, as bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import scipy.io

from .annotation_records import Annotation

Writer = Callable[[Sequence[Annotation], Path, int], bytes]


def writable_formats() -> tuple[str, ...]:
    """The names of the formats that `encode` knows, as crowsetta calls them."""
    return tuple(_FORMATS)


def ending(name: str) -> str:
    """What follows the name of the audio file less its ending; the .not.mat of x.cbin is x.cbin.not.mat.

    Raises ValueError when there is no such format.
    """
    return _format(name)[0]


def annotation_path(name: str, audio: Path, folder: Path | None = None) -> Path:
    """Where the annotation of a recording in the format `name` lies: beside the audio, or in `folder`."""
    stem = audio.name if name == "notmat" else audio.stem
    return (audio.parent if folder is None else folder) / f"{stem}{ending(name)}"


def encode(name: str, syllables: Sequence[Annotation], audio: Path, sample_rate: int) -> bytes:
    """The annotation of one recording as the bytes of a file of the format `name`.

    Times keep a resolution of a microsecond or better, those of timit that of a sample. A recording without a syllable
    gives a file that says so, as far as the format can.

    syllables    in order of onset, none overlapping
    audio        the recording, whose name some formats hold
    sample_rate  Hz, of the audio file itself; timit counts in its samples
    Raises ValueError for a format that is not known, and for labels that a format cannot hold, in one line.

    Formats: crowsetta 5 (Nicholson, 2023), `crowsetta.formats`, their `to_file`.
    """
    return _format(name)[1](syllables, audio, sample_rate)


def _format(name: str) -> tuple[str, Writer]:
    if name not in _FORMATS:
        raise ValueError(f"format is {name!r}: annotations can be written as {', '.join(_FORMATS)}")
    return _FORMATS[name]


def _table(header: Sequence[str], rows: Sequence[Sequence[object]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerows([header, *rows] if header else rows)
    return text.getvalue().encode()


def _simple(syllables: Sequence[Annotation], audio: Path, rate: int) -> bytes:
    return _table(("onset_s", "offset_s", "label"), [(_s(s.onset_s), _s(s.offset_s), s.label) for s in syllables])


def _generic(syllables: Sequence[Annotation], audio: Path, rate: int) -> bytes:
    header = ("label", "onset_s", "offset_s", "notated_path", "annot_path", "sequence", "annotation")
    own = f"{audio.stem}{ending('generic-seq')}"
    return _table(header, [(s.label, _s(s.onset_s), _s(s.offset_s), audio.name, own, 0, 0) for s in syllables])


def _audacity(syllables: Sequence[Annotation], audio: Path, rate: int) -> bytes:
    _refuse(syllables, audio, "aud-seq", "\t\n\r")
    return "".join(f"{_s(s.onset_s)}\t{_s(s.offset_s)}\t{s.label}\n" for s in syllables).encode()


def _audacity_boxes(syllables: Sequence[Annotation], audio: Path, rate: int) -> bytes:
    _refuse(syllables, audio, "aud-bbox", "\t\n\r")
    lines = [f"{_s(s.onset_s)}\t{_s(s.offset_s)}\t{s.label}\n\\\t0.000000\t{rate / 2:.6f}\n" for s in syllables]
    return "".join(lines).encode()


def _raven(syllables: Sequence[Annotation], audio: Path, rate: int) -> bytes:
    header = ("Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)")
    rows = [
        (k, "Spectrogram 1", 1, _s(s.onset_s), _s(s.offset_s), "0.0", f"{rate / 2:.1f}", s.label)
        for k, s in enumerate(syllables, start=1)
    ]
    return _table((*header, "Annotation"), rows, "\t")


def _timit(syllables: Sequence[Annotation], audio: Path, rate: int) -> bytes:
    _refuse(syllables, audio, "timit", " \t\n\r")
    return "".join(f"{round(s.onset_s * rate)} {round(s.offset_s * rate)} {s.label}\n" for s in syllables).encode()


def _notmat(syllables: Sequence[Annotation], audio: Path, rate: int) -> bytes:
    """evsonganaly's variables; its labels are a row of one character each, longer ones a cell array."""
    labels = [s.label for s in syllables]
    row: object = "".join(labels) if all(len(label) == 1 for label in labels) else np.array(labels, dtype=object)
    fixed = {"fname": audio.name, "threshold": 0.0, "min_int": 0.0, "min_dur": 0.0, "sm_win": 0.0}
    times = {
        name: np.array([[1e3 * getattr(s, f"{name[:-1]}_s")] for s in syllables], dtype=float).reshape(-1, 1)
        for name in ("onsets", "offsets")
    }
    file = io.BytesIO()
    scipy.io.savemat(file, {"Fs": float(rate), **fixed, **times, "labels": row})
    content = bytearray(file.getvalue())
    header = b"MATLAB 5.0 MAT-file, written by syrinx_lab"
    content[:116] = header.ljust(116)  # scipy writes the time of day there
    return bytes(content)


def _textgrid(syllables: Sequence[Annotation], audio: Path, rate: int) -> bytes:
    """One interval tier that is filled from 0 on, as Praat wants it."""
    intervals: list[tuple[float, float, str]] = []
    end = 0.0
    for one in syllables:
        if one.onset_s > end:
            intervals.append((end, one.onset_s, ""))
        intervals.append((one.onset_s, one.offset_s, one.label))
        end = one.offset_s
    intervals = intervals or [(0.0, 1e-3, "")]
    end = intervals[-1][1]
    span = f"xmin = 0\nxmax = {_s(end)}\n"
    lines = [f'File type = "ooTextFile"\nObject class = "TextGrid"\n\n{span}tiers? <exists>\nsize = 1\nitem []:\n']
    lines.append('    item [1]:\n        class = "IntervalTier"\n        name = "syllables"\n        xmin = 0\n')
    lines.append(f"        xmax = {_s(end)}\n        intervals: size = {len(intervals)}\n")
    for k, (onset, offset, label) in enumerate(intervals, start=1):
        quoted = label.replace('"', '""')
        lines.append(f"        intervals [{k}]:\n            xmin = {_s(onset)}\n            xmax = {_s(offset)}\n")
        lines.append(f'            text = "{quoted}"\n')
    return "".join(lines).encode()


def _refuse(syllables: Sequence[Annotation], audio: Path, name: str, characters: str) -> None:
    """Raise where a label holds one of the characters that end a field."""
    for one in syllables:
        if set(one.label) & set(characters):
            raise ValueError(
                f"{audio}: the label {one.label!r} holds a blank, a tab or a new line, which {name} cannot: rename "
                "it, or use simple-seq"
            )


def _s(time: float) -> str:
    """Seconds with as many digits as a microsecond needs."""
    return f"{time:.6f}"


_FORMATS: dict[str, tuple[str, Writer]] = {
    "simple-seq": (".csv", _simple),
    "generic-seq": (".csv", _generic),
    "aud-seq": (".txt", _audacity),
    "aud-bbox": (".txt", _audacity_boxes),
    "raven": (".txt", _raven),
    "timit": (".phn", _timit),
    "notmat": (".not.mat", _notmat),
    "textgrid": (".TextGrid", _textgrid),
}
