"""Annotations as tables with a header, one for many recordings (AVN, Raven, BirdNET) or one for each (DAS)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from .annotation_columns import Columns, TimeColumn, find_columns
from .annotation_encoding import decode
from .annotation_json import json_table
from .annotation_numbers import is_missing, is_number, read_number, seconds
from .annotation_records import AnnotationFile, NativeRate
from .annotation_rules import AS_WRITTEN, AnnotationRules
from .annotation_table import Table, read_table


def read_columns(text: str) -> tuple[Columns, Table]:
    """The columns of a table, by their names, and the table itself."""
    table = read_table(text)
    return find_columns(table.names), table


def hints_at_syllables(path: Path) -> bool:
    """Whether the header of a table names at least one of the columns that a table of syllables needs."""
    try:
        columns = read_columns(decode(path).text)[0]
    except ValueError:
        return False
    return any(column is not None for column in (columns.audio, columns.onset, columns.offset))


def no_header(table: Table) -> str:
    """What to say of a table whose first line holds numbers instead of the names of columns; "" for any other."""
    bare = any(is_number(name) for name in table.names)
    return ", which are no names: give it a header, such as files,onsets,offsets,labels" if bare else ""


@dataclass
class _Reading:
    """A table while it is read: its file, columns and rates, the rows seen, and what is counted on the way."""

    found: AnnotationFile
    columns: Columns
    native_rate: NativeRate
    seen: set[tuple[str, ...]] = field(default_factory=set)
    absent: int = 0
    events: int = 0
    bare: int = 0
    labelled: int = 0
    syllables: int = 0
    first_channel: int = 1

    @property
    def rules(self) -> AnnotationRules:
        return self.found.rules


def read_csv(
    path: Path, native_rate: NativeRate, name: str = "csv", rules: AnnotationRules = AS_WRITTEN
) -> AnnotationFile:
    """Read a table of syllables with a header line.

    The columns are found by name in any order, others are passed over: the recording (`files`; without it the table
    belongs to the recording of its own name), `onsets` and `offsets` (or a duration) in the unit that their names
    state, else seconds, and `labels` ("voc" without it or where it is empty). The synonyms in `annotation_columns`
    cover the tables of AVN, crowsetta (simple-seq, generic-seq), Raven, BirdNET, DAS, WhisperSeg, warbleR, Koe, Sound
    Analysis Pro, Praat, ELAN and Sonic Visualiser. Labels stay as written: "1" is never 1.0.

    Raven lists a selection once for each view, and repeats of one selection are dropped. In its tables of several
    files the onset is `File Offset (s)`, and the length End Time - Begin Time. Of DAS's tables the rows of song types
    that do not occur, which hold no times, are left out with a note, and so are events, which have no length.
    """
    found = AnnotationFile(path, name, rules)
    try:
        text, note = decode(path)
        table = json_table(text) if name == "json" else read_table(text)
        rows = list(table.rows())
        columns = find_columns(table.names, rules.label_column, _empty_columns(table, rows))
    except ValueError as error:
        return found.refuse(str(error))
    if note:
        found.fault(None, note, "note")
    if not columns.complete:
        shown = ", ".join(table.names) or "none"
        wanted = "the header must name the columns onsets and offsets (and files, labels)"
        return found.refuse(f"{wanted}; it has: {shown}{no_header(table)}", line=table.line or None)
    if columns.audio is None:
        found.name("")
    reading = _Reading(found, columns, native_rate)
    numbers = {
        _whole(row[columns.channel]) for _, row in rows if columns.channel is not None and len(row) == columns.count
    }
    reading.first_channel = 0 if 0 in numbers else 1
    for line, row in rows:
        _read_row(reading, row, line, table.delimiter)
    _say_what_was_passed_over(reading)
    return found.finish()


def _read_row(reading: _Reading, row: list[str], line: int, delimiter: str) -> None:
    found, columns = reading.found, reading.columns
    if len(row) != columns.count:
        commas = delimiter == "," and len(row) == columns.count + 2
        advice = "decimal commas need another delimiter, as a semicolon" if commas else "correct the line"
        found.fault(line, f"{len(row)} fields where the header has {columns.count}; {advice}")
        return
    audio = "" if columns.audio is None else row[columns.audio].strip()
    second = "" if columns.second_audio is None else row[columns.second_audio].strip()
    audio, second = (audio, second) if audio else (second, "")
    if audio and columns.folder is not None and (folder := row[columns.folder].strip().rstrip("/\\")):
        audio = f"{folder}/{audio}"
    if columns.audio is not None and not audio:
        found.fault(line, "the name of the recording is empty; fill it in or delete the line")
        return
    label = "" if columns.label is None else row[columns.label]
    span = _times(reading, row, audio, label, line)
    found.name(audio, line)
    if second:
        found.second_name[audio] = second
    if span is None:
        return
    reading.syllables += 1
    reading.labelled += bool(label.strip())
    channel = _channel(reading, row)
    selection = (audio, f"{span[0]!r}", f"{span[1]!r}", label, str(channel))
    if columns.is_raven and selection in reading.seen:
        return
    reading.seen.add(selection)
    if columns.end_file is not None and _crosses(row[columns.end_file], (audio, second)):
        crossing = f"the selection ends in another file, {row[columns.end_file].strip()}"
        found.fault(line, f"{crossing}; end it with its file or delete it", label=label.strip())
        return
    if columns.is_das and span[0] == span[1]:
        reading.events += 1
        return
    found.add(audio, *span, label, line, channel=channel)


def _times(reading: _Reading, row: list[str], audio: str, label: str, line: int) -> tuple[float, float] | None:
    """Onset and offset in seconds; None, and a fault or a count, where the row has none."""
    found, columns = reading.found, reading.columns
    assert columns.onset is not None
    ending = columns.offset or columns.duration
    assert ending is not None
    first, last, units = row[columns.onset.index], row[ending.index], _units(reading, columns.onset, ending)
    if is_missing(first) and is_missing(last) and columns.onset_samples is not None:
        assert columns.offset_samples is not None
        first, last, units = row[columns.onset_samples], row[columns.offset_samples], ("samples", "samples")
    if is_missing(first):
        if columns.is_das:
            reading.absent += 1
            return None
        if is_missing(last) and is_missing(label):
            reading.bare += 1
            return None
    if columns.file_offset is not None and not is_missing(row[columns.file_offset]):
        within = row[columns.file_offset]
    else:
        within = first
    try:
        onset, end, within_file = read_number(first), read_number(last), read_number(within)
    except ValueError:
        times = f"onset {first.strip()!r} and {'offset' if columns.offset else 'duration'} {last.strip()!r}"
        found.fault(line, f"{times} must be numbers; correct or delete the line", label=label.strip())
        return None
    rate = reading.native_rate(audio) if "samples" in units else None
    if "samples" in units and rate is None:
        return None  # the recording does not exist, which is reported for the name
    start, stop = seconds(onset, units[0], rate), seconds(end, units[1], rate)
    length = stop - start if columns.offset else stop
    if within is not first:
        start = seconds(within_file, units[0], rate)
    return start, stop if columns.offset and within is first else start + length


def _empty_columns(table: Table, rows: list[tuple[int, list[str]]]) -> set[int]:
    """Where in the rows of a table no row holds anything, or NA alone."""
    filled = {i for _, row in rows for i, field in enumerate(row) if not is_missing(field)}
    return set(range(len(table.names))) - filled


def _units(reading: _Reading, onset: TimeColumn, ending: TimeColumn) -> tuple[str, str]:
    """The units of the two columns: what data.time_unit says, else what their names say, else seconds."""
    asked = reading.rules.time_unit
    return asked or onset.unit or "s", asked or ending.unit or "s"


def _channel(reading: _Reading, row: list[str]) -> int | None:
    """The channel from 0 that Raven or warbleR names, both of which count from 1; a table with a channel 0 does not."""
    columns = reading.columns
    if columns.channel is None or not (columns.is_raven or columns.is_warbler):
        return None
    number = _whole(row[columns.channel])
    return None if number is None or number < reading.first_channel else number - reading.first_channel


def _whole(text: str) -> int | None:
    """A whole number, perhaps as 2.0, which a column with gaps becomes in pandas; None for any other text."""
    match = re.fullmatch(r"\s*(\d+)([.,]0*)?\s*", text)
    return int(match[1]) if match else None


def _crosses(end_file: str, begins_in: tuple[str, str]) -> bool:
    """Whether a selection ends in another file than the one that it begins in."""
    ends = end_file.strip().replace("\\", "/").split("/")[-1]
    return bool(ends) and ends not in {name.replace("\\", "/").split("/")[-1] for name in begins_in}


def _say_what_was_passed_over(reading: _Reading) -> None:
    """Notes of what a table holds that is no syllable, or cannot be distinguished from one."""
    found, columns = reading.found, reading.columns
    if reading.absent:
        found.fault(None, f"{reading.absent} row(s) without times, of song types that do not occur, left out", "note")
    if reading.events:
        found.fault(None, f"{reading.events} event(s) without length left out", "note")
    if reading.bare:
        found.fault(None, f"{reading.bare} row(s) name a recording without any syllable", "note")
    if not reading.labelled and any(found.recordings.values()):
        unused = ", ".join(columns.unused())
        choice = f"name theirs with data.label_column; not read: {unused}" if unused else "every syllable is called voc"
        name = None if columns.label is None else columns.names[columns.label]
        found.fault(None, f"{f'{name} is empty' if name else 'no column of labels was found'}; {choice}", "note")
    elif (unnamed := reading.syllables - reading.labelled) and columns.label is not None:
        name, count = columns.names[columns.label], reading.syllables
        found.fault(None, f"{unnamed} of {count} rows are empty in the column {name}: read as voc", "note")
    if columns.channel is not None and (columns.is_raven or columns.is_warbler) and reading.first_channel == 0:
        found.fault(None, "its channels count from 0, since there is a channel 0", "note")
    if columns.channel is not None and not (columns.is_raven or columns.is_warbler):
        found.fault(
            None, "the column of channels is not read, since it may count from 0 or 1; set data.channel", "note"
        )
    if (pair := columns.unstated()) and not reading.rules.time_unit:
        bare, other = (columns.names[one.index] for one in pair)
        unit = pair[0].unit or "s"
        message = f"the column {bare} states no unit beside {other}: read as {unit}; call it {bare}_ms or {bare}_s"
        found.fault(None, message, "warning")
    several = len([name for name in found.recordings if name]) > 1
    if columns.is_raven and several and columns.file_offset is None:
        message = "no column File Offset (s): Begin Time (s) was counted from the start of each recording"
        found.fault(None, message, "warning")
