"""Annotations as lines of text: onset offset [label], in seconds."""

from __future__ import annotations

from pathlib import Path

from .annotation_records import AnnotationFile

ONSET_COLUMNS = ("onsets", "onset", "onset_s", "onsets_s", "start", "start_s", "start_seconds", "start_time",
                 "begin_time", "begin_time_s", "begin time (s)")  # fmt: skip
OFFSET_COLUMNS = ("offsets", "offset", "offset_s", "offsets_s", "stop", "stop_s", "stop_seconds", "stop_time", "end",
                  "end_s", "end_seconds", "end_time", "end_time_s", "end time (s)")  # fmt: skip


def decode(path: Path) -> str:
    """The text of a UTF-8 file, without a byte order mark; ValueError when it is something else."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 text (byte {error.start}); save it as UTF-8") from None


def split_line(line: str) -> list[str]:
    """The fields of a line, separated by tabs, else by commas, else by white space."""
    for separator in ("\t", ","):
        if separator in line:
            return [part.strip() for part in line.split(separator)]
    return line.split()


def data_lines(text: str) -> list[tuple[int, str]]:
    """(line number from 1, line) of the lines that are neither blank nor comments."""
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), start=1))
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def is_header(fields: list[str]) -> bool:
    """Whether the fields of a line are column names."""
    return len(fields) >= 2 and fields[0].lower() in ONSET_COLUMNS and fields[1].lower() in OFFSET_COLUMNS


def read_text(path: Path) -> AnnotationFile:
    """Read `onset offset [label]` lines, one file a recording.

    Fields are separated by tabs, commas or white space; times are seconds; a missing label reads "voc"; blank lines,
    lines that begin with # and a header line are passed over. Audacity label tracks are files of this kind.
    """
    found = AnnotationFile(path, "text")
    found.name("")
    try:
        lines = data_lines(decode(path))
    except ValueError as error:
        found.fault(None, str(error))
        return found
    for position, (number, line) in enumerate(lines):
        fields = split_line(line)
        if position == 0 and is_header(fields):
            continue
        try:
            if len(fields) not in (2, 3):
                raise ValueError
            onset_s, offset_s = float(fields[0]), float(fields[1])
        except ValueError:
            advice = (
                "tabs between the fields let a label hold spaces" if len(fields) > 3 else "correct or delete the line"
            )
            found.fault(number, f"{line[:60]!r} is not `onset offset [label]` in seconds; {advice}")
            continue
        found.add("", onset_s, offset_s, fields[2] if len(fields) == 3 else "", number)
    return found.finish()
