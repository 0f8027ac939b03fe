"""Annotations as tables with a header, one for many recordings (AVN, generic-seq) or one for each (simple-seq)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from .annotation_records import AnnotationFile, NativeRate
from .annotation_text import OFFSET_COLUMNS, ONSET_COLUMNS, data_lines, decode

AUDIO_COLUMNS = ("files", "file", "filename", "file_name", "audio_file", "audio_path", "wav_file", "wav", "recording",
                 "notated_path", "source_file", "begin file")  # fmt: skip
LABEL_COLUMNS = ("labels", "label", "annotation", "syllable", "name", "species", "cluster", "type")
SAMPLE_COLUMNS = ("onset_sample", "offset_sample")


@dataclass(frozen=True)
class Columns:
    """Where in a row the fields stand; None for a column that the table lacks."""

    audio: int | None
    onset: int | None
    offset: int | None
    label: int | None
    in_samples: bool
    count: int

    @property
    def complete(self) -> bool:
        """Whether the table says when syllables begin and end."""
        return self.onset is not None and self.offset is not None


def read_columns(text: str) -> tuple[Columns, list[str], str]:
    """The columns of a table's header, its names as written, and the delimiter: tab, semicolon or comma."""
    lines = data_lines(text)
    header = lines[0][1] if lines else ""
    delimiter = next((mark for mark in ("\t", ";") if mark in header), ",")
    names = next(csv.reader([header], delimiter=delimiter), [])
    lower = [name.strip().lower() for name in names]

    def find(known: tuple[str, ...]) -> int | None:
        return next((lower.index(name) for name in known if name in lower), None)

    onset, offset = find(ONSET_COLUMNS), find(OFFSET_COLUMNS)
    in_samples = onset is None and offset is None and all(name in lower for name in SAMPLE_COLUMNS)
    if in_samples:
        onset, offset = (lower.index(name) for name in SAMPLE_COLUMNS)
    return Columns(find(AUDIO_COLUMNS), onset, offset, find(LABEL_COLUMNS), in_samples, len(names)), names, delimiter


def hints_at_syllables(path: Path) -> bool:
    """Whether the header of a table names at least one of the columns that a table of syllables needs."""
    try:
        columns = read_columns(decode(path))[0]
    except ValueError:
        return False
    return not columns.audio is columns.onset is columns.offset is None


def read_csv(path: Path, native_rate: NativeRate, name: str = "csv") -> AnnotationFile:
    """Read a table of syllables with a header line.

    The columns are found by name in any order, others are passed over: the recording (`files`; without it the table
    belongs to the recording of its own name), `onsets` and `offsets` in seconds, and `labels` ("voc" without it or
    where it is empty). The synonyms in AUDIO_COLUMNS, ONSET_COLUMNS, OFFSET_COLUMNS and LABEL_COLUMNS cover the tables
    of AVN, crowsetta (simple-seq, generic-seq), Raven and DAS. Labels stay as written: "1" is never 1.0. Raven lists a
    selection once for each view; repeats of one selection are dropped.
    """
    found = AnnotationFile(path, name)
    try:
        text = decode(path)
    except ValueError as error:
        found.fault(None, str(error))
        return found
    columns, names, delimiter = read_columns(text)
    if columns.onset is None or columns.offset is None:
        first = data_lines(text)[0][0] if data_lines(text) else 1
        shown = ", ".join(names) or "none"
        found.fault(first, f"the header must name the columns onsets and offsets (and files, labels); it has: {shown}")
        return found
    if columns.audio is None:
        found.name("")
    seen: set[tuple[str, ...]] = set()
    # Comments are blanked, not dropped, so that the reader's line numbers are those of the file.
    lines = ("" if line.lstrip().startswith("#") else line for line in text.splitlines())
    rows = csv.reader(lines, delimiter=delimiter)
    next(row for row in rows if row)
    for row in rows:
        if any(field.strip() for field in row):
            _read_row(found, row, rows.line_num, columns, native_rate, seen)
    return found.finish()


def _read_row(
    found: AnnotationFile,
    row: list[str],
    line: int,
    columns: Columns,
    native_rate: NativeRate,
    seen: set[tuple[str, ...]],
) -> None:
    assert columns.onset is not None
    assert columns.offset is not None
    if len(row) != columns.count:
        found.fault(line, f"{len(row)} fields where the header has {columns.count}; correct the line")
        return
    audio = "" if columns.audio is None else row[columns.audio].strip()
    if columns.audio is not None and not audio:
        found.fault(line, "the name of the recording is empty; fill it in or delete the line")
        return
    found.name(audio, line)
    onset, offset = row[columns.onset].strip(), row[columns.offset].strip()
    label = "" if columns.label is None else row[columns.label]
    selection = (audio, onset, offset, label)
    if found.format == "raven" and selection in seen:
        return
    seen.add(selection)
    try:
        onset_s, offset_s = float(onset), float(offset)
    except ValueError:
        found.fault(line, f"onset {onset!r} and offset {offset!r} must be numbers; correct or delete the line")
        return
    if columns.in_samples:
        rate = native_rate(audio)
        if rate is None:
            return  # the recording does not exist, which is reported for the name
        onset_s, offset_s = onset_s / rate, offset_s / rate
    found.add(audio, onset_s, offset_s, label, line)
