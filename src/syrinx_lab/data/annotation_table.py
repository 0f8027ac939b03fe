"""A table as text: its header, its delimiter and quoting, and its rows with the lines that they begin on."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .annotation_columns import find_columns

_SEPARATOR_LINE = re.compile(r"\"?sep=(.)\"?\s*$", re.IGNORECASE)  # Excel's first line
_MOST_JOINED = 20  # lines of one quoted field


@dataclass(frozen=True)
class Table:
    """A table of text, not yet read.

    names      the column names of the header
    line       the header's line number, from 1; 1 where there is no header
    delimiter  tab, semicolon, comma, vertical bar or blank
    quote      the quotation mark
    body       the lines after the header
    """

    names: tuple[str, ...]
    line: int
    delimiter: str
    quote: str
    body: tuple[str, ...]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(line number, fields) of every row that holds anything.

        Comments count before the header alone: a label may begin with #. A line after it that begins with # and holds
        no delimiter can be no row, and is passed over. A quotation mark that nothing closes is a character like
        others; a quoted field goes on over lines unless these are rows by themselves.
        """
        rows = self._raw_rows()
        surplus = [fields for _, fields in rows if len(fields) == len(self.names) + 1]
        numbered = bool(surplus) and len(surplus) == len(rows) and len({fields[0] for fields in surplus}) == len(rows)
        for line, fields in rows:
            if len(fields) > len(self.names) and not any(field.strip() for field in fields[len(self.names) :]):
                yield line, fields[: len(self.names)]  # a delimiter at the end
            elif numbered:
                yield line, fields[1:]  # R's names of rows, which its header leaves out
            else:
                yield line, fields

    def _raw_rows(self) -> list[tuple[int, list[str]]]:
        found, position = [], 0
        while position < len(self.body):
            text, first = self.body[position], self.line + 1 + position
            if not text.strip() or (text.startswith("#") and self.delimiter not in text):
                position += 1
                continue
            fields, used = self._row_at(position)
            position += used
            if any(field.strip() for field in fields):
                found.append((first, fields))
        return found

    def _row_at(self, position: int) -> tuple[list[str], int]:
        """The row that begins on a line of the body, and how many lines it takes."""
        text = self.body[position]
        if self.quote not in text:
            return split_fields(text, self.delimiter, None) or [], 1
        alone = split_fields(text, self.delimiter, self.quote)
        literal = split_fields(text, self.delimiter, None) or []
        if alone is not None:
            return (literal if len(literal) == len(self.names) != len(alone) else alone), 1
        for count in range(2, min(_MOST_JOINED, len(self.body) - position) + 1):
            following = self.body[position + 1 : position + count]
            if any(len(split_fields(line, self.delimiter, None) or []) >= len(self.names) for line in following):
                break
            joined = split_fields("\n".join([text, *following]), self.delimiter, self.quote)
            if joined is not None and len(joined) == len(self.names):
                return joined, count
        return literal, 1


def split_fields(line: str, delimiter: str, quote: str | None) -> list[str] | None:
    """The fields of a row; None where its quotation marks do not pair up. Blanks as delimiters may be several."""
    if delimiter == " ":
        line = line.strip()
        if quote is None:
            return line.split()
    options = {"quoting": csv.QUOTE_NONE} if quote is None else {"quotechar": quote, "strict": True}
    try:
        rows = list(csv.reader([line], delimiter=delimiter, skipinitialspace=delimiter != "\t", **options))  # type: ignore[arg-type]
    except csv.Error:
        return None
    return rows[0] if rows else []


def read_table(text: str) -> Table:
    """The table in a text: comments (#), blank lines and Excel's `sep=;` may come before its header."""
    lines = text.split("\n")
    position, delimiter = 0, ""
    while position < len(lines):
        match = _SEPARATOR_LINE.match(lines[position].strip(" "))
        if match:
            delimiter = match[1]
        elif lines[position].strip() and not lines[position].startswith("#"):
            break
        position += 1
    if position == len(lines):
        return Table((), 1, ",", '"', ())
    table = _table_at(lines, position, lines[position], delimiter)
    if position and lines[position - 1].startswith("#") and not find_columns(table.names).complete:
        above = _table_at(lines, position - 1, lines[position - 1].lstrip("#"), delimiter)
        if find_columns(above.names).complete:
            return above
    return table


def _table_at(lines: list[str], position: int, header: str, delimiter: str) -> Table:
    delimiter = delimiter or next((mark for mark in ("\t", ";", ",", "|") if mark in header), " ")
    quote = "'" if header.lstrip().startswith("'") else '"'
    names = split_fields(header, delimiter, quote) or split_fields(header, delimiter, None) or []
    return Table(tuple(name.strip() for name in names), position + 1, delimiter, quote, tuple(lines[position + 1 :]))
