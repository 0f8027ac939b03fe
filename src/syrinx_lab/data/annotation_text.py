"""Annotations as lines of text: onset offset [label]."""

from __future__ import annotations

import re
from pathlib import Path

from .annotation_columns import LABEL_COLUMNS, OFFSET_COLUMNS, ONSET_COLUMNS, canonical_name
from .annotation_encoding import decode
from .annotation_numbers import is_number, read_number, seconds
from .annotation_records import AnnotationFile, NativeRate
from .annotation_rules import AS_WRITTEN, AnnotationRules

_SEPARATORS = ("\t", ",", None, ";")  # None: white space


def split_line(line: str) -> list[str]:
    """The fields of a line, by the first of tabs, commas, white space and semicolons that yields two numbers."""
    tried = []
    for separator in _SEPARATORS:
        if separator is not None and separator not in line:
            continue
        fields = [part.strip() for part in line.split(separator)]
        if len(fields) > 1 and is_number(fields[0]) and is_number(fields[1]):
            return fields
        tried.append(fields)
    return tried[0]


def data_lines(text: str) -> list[tuple[int, str]]:
    """(line number from 1, line) of the lines that are neither blank nor comments."""
    lines = ((number, line.strip(" ")) for number, line in enumerate(text.split("\n"), start=1))
    return [(number, line) for number, line in lines if line.strip() and not line.startswith("#")]


def is_header(fields: list[str]) -> bool:
    """Whether the fields of a line are the names of columns onset, offset and perhaps label, in this order."""
    if len(fields) not in (2, 3):
        return False
    names = [canonical_name(field) for field in fields]
    known = (ONSET_COLUMNS, OFFSET_COLUMNS, LABEL_COLUMNS)
    return all(base in columns and unit in (None, "s") for (base, unit), columns in zip(names, known))


def _states_lengths(lines: list[list[str]]) -> bool:
    """Whether the third field of every line is its offset less its onset, as some programs export it, and no label."""
    lengths = []
    for fields in lines:
        if len(fields) < 3 or not all(map(is_number, fields[:3])):
            return False
        onset, offset, length = map(read_number, fields[:3])
        if abs(offset - onset - length) > 0.02 * abs(length):
            return False
        lengths.append(length)
    return len(set(lengths)) > 1


def read_text(
    path: Path,
    native_rate: NativeRate = lambda audio: None,
    rules: AnnotationRules = AS_WRITTEN,
    name: str = "text",
) -> AnnotationFile:
    """Read `onset offset [label]` lines, one file a recording.

    Fields are separated by tabs, commas, white space or semicolons; times are seconds with a decimal point or comma
    (samples in TIMIT's files); a missing label reads "voc"; blank lines, lines that begin with # and a header line are
    passed over. A third field that is the length throughout is no label. Audacity's label tracks are files of this
    kind; their lines of frequencies, which begin with a backslash, are passed over too, and so are fields behind the
    label where tabs separate them, with a note.
    """
    found = AnnotationFile(path, name, rules)
    found.name("")
    try:
        text, note = decode(path)
    except ValueError as error:
        return found.refuse(str(error), "")
    if note:
        found.fault(None, note, "note")
    unit = rules.time_unit or ("samples" if name == "timit" else "s")
    rate = native_rate("") if unit == "samples" else None
    if unit == "samples" and rate is None:
        return found  # there is no such recording, or it cannot be read: said elsewhere
    surplus, lines = 0, data_lines(text)
    has_lengths = name == "text" and _states_lengths([split_line(line) for _, line in lines])
    for position, (number, line) in enumerate(lines):
        if name == "aud-bbox" and line.startswith("\\"):
            continue
        fields = split_line(line)
        if position == 0 and (is_header(fields) or re.match(r"\"?sep=", line)):
            continue
        fields = fields[:2] + fields[3:] if has_lengths else fields
        if len(fields) > 3 and "\t" in line:
            surplus += any(fields[3:])
            fields = fields[:3]
        if len(fields) not in (2, 3) or not (is_number(fields[0]) and is_number(fields[1])):
            spaced = len(fields) > 3
            advice = "tabs between the fields let a label hold spaces" if spaced else "correct or delete the line"
            found.fault(number, f"{line[:60]!r} is not `onset offset [label]` in seconds; {advice}")
            continue
        onset, offset = (seconds(read_number(field), unit, rate) for field in fields[:2])
        found.add("", onset, offset, fields[2] if len(fields) == 3 else "", number)
    if has_lengths:
        found.fault(None, "the third field is offset - onset in every line: read as the length, not as a label", "note")
    if surplus:
        found.fault(None, "the fields behind the label are not read", "note")
    return found.finish()
