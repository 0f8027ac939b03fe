"""Drive tables as CSV files that a spreadsheet opens, and back."""

from __future__ import annotations

import csv
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..ode.parameters import ParameterFacts
from .table import Columns, DriveTable, Part, column_names

TIME = "time_s"

_AT_ONCE = 2**14  # rows


class DriveFile:
    """A CSV of drives that is written while they are read: time_s, then the columns of `parts`, a row a knot.

    time_s is the knot's, but that of the last row is the end of the song, which may lie a little before its knot. What
    the columns mean, in which unit: the facts of `parts`, see `table.layout`. They are the only truth: with the vocal
    organ, pitch_hz becomes tension and pressure w_00 when the table is sung. The file appears whole or not.

    samples  of the song;   hop, sample_rate  samples from row to row, Hz
    """

    def __init__(self, path: Path, parts: Mapping[str, Part], *, samples: int, hop: int, sample_rate: int) -> None:
        self._path, self._parts, self._samples, self._hop, self._rate = path, parts, samples, hop, sample_rate
        path.parent.mkdir(parents=True, exist_ok=True)
        self._temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        self._file = open(self._temporary, "x", encoding="utf-8", newline="")  # noqa: SIM115
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def append(self, values: Mapping[str, Columns]) -> None:
        """Write the next rows: part -> (n, columns)."""
        rows = len(next(iter(values.values())))
        at = np.arange(self._rows, self._rows + rows) * self._hop
        names = column_names(self._parts)
        frame = pd.DataFrame(np.concatenate([values[name] for name in self._parts], 1), columns=names)
        frame.insert(0, TIME, (np.minimum(at, self._samples - 1) / self._rate).round(9))
        frame.to_csv(self._file, index=False, header=self._rows == 0, lineterminator="\n")
        self._rows += rows

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self._file.close()
            if kind is None:
                os.replace(self._temporary, self._path)
        finally:
            self._temporary.unlink(missing_ok=True)


def write_drives(path: str | Path, table: DriveTable, parts: Mapping[str, Part]) -> None:
    """Write a table as `DriveFile` does; read again it gives the same numbers to the last bit."""
    about = {"samples": table.samples, "hop": table.hop, "sample_rate": table.sample_rate}
    with DriveFile(Path(path), parts, **about) as file:
        for first in range(0, table.rows, _AT_ONCE):
            file.append(table.between(first, first + _AT_ONCE))


def read_drives(path: str | Path, parts: Mapping[str, Part], *, hop: int, sample_rate: int) -> DriveTable:
    """The table in a CSV file, in any order of columns; columns of other names are passed over.

    parts        part -> how many columns it must have, and their bounds, see `table.layout`
    hop          samples from row to row
    sample_rate  Hz
    Raises ValueError with the file, the line, what is wrong there and what to do: a missing file or column, a cell that
    is no finite number or out of range, a row that is not where it should be in time.
    """
    path = Path(path)
    names = column_names(parts)
    _check_header(path, [TIME, *names])
    kinds = {name: np.float32 for name in names} | {TIME: np.float64}
    try:
        frame = pd.read_csv(
            path,
            usecols=[TIME, *names],
            dtype=kinds,
            index_col=False,
            float_precision="round_trip",
            encoding="utf-8-sig",
        )
    except ValueError as error:
        raise ValueError(_bad_cell(path, [TIME, *names]) or f"{path}: {str(error).splitlines()[0]}") from None
    if not len(frame):
        raise ValueError(f"{path}: no row of drives; write it again with drives_out")
    every = frame.to_numpy()
    if (not np.isfinite(every).all() or _is_ragged(path)) and (bad := _bad_cell(path, [TIME, *names])):
        raise ValueError(bad)
    columns = {name: column_names({name: part}) for name, part in parts.items()}
    for name, part in parts.items():
        for column in columns[name]:
            _check_bounds(path, column, frame[column], part.facts)
    samples = _samples(path, frame[TIME].to_numpy(), hop, sample_rate)
    values = {name: frame[own].to_numpy(np.float32, copy=True) for name, own in columns.items()}
    return DriveTable(values, samples, hop, sample_rate)


def _check_bounds(path: Path, name: str, values: pd.Series[float], facts: ParameterFacts) -> None:
    outside = np.flatnonzero(~((values >= facts.low) & (values <= facts.high)))
    if len(outside):
        row, unit = int(outside[0]), "" if facts.unit == "1" else f" ({facts.unit})"
        wanted = f"from {facts.low:g} to {facts.high:g}" if facts.high < math.inf else f"{facts.low:g} or more"
        raise ValueError(f"{path}, line {row + 2}: {name} is {values[row]:g}; use {wanted}{unit}")


def _check_header(path: Path, wanted: list[str]) -> None:
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; write one with drives_out")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}, line 1: not a CSV file of drives; write one with drives_out") from error
    if len(header) == 1 and ";" in header[0]:
        raise ValueError(f"{path}, line 1: separated by semicolons; save it with commas, and points in the numbers")
    missing = [name for name in wanted if name not in header]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ValueError(f"{path}, line 1: no column {missing[0]}{more}; start from what drives_out wrote for this run")
    twice = [name for name in wanted if header.count(name) > 1]
    if twice:
        raise ValueError(f"{path}, line 1: column {twice[0]} is there twice; delete one")


def _bad_cell(path: Path, wanted: list[str]) -> str | None:
    """The first row that is none, or cell that is no finite number, with its line; empty lines may end the file."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        places = [(name, header.index(name)) for name in wanted]
        empty = 0
        for row in rows:
            empty = empty or (0 if any(row) else rows.line_num)
            if not any(row):
                continue
            if empty:
                return f"{path}, line {empty}: empty; delete the line"
            if len(row) > len(header):
                return f"{path}, line {rows.line_num}: {len(row)} cells for {len(header)} columns; mend the row"
            for name, place in places:
                text = row[place] if place < len(row) else ""
                if not _is_finite(text):
                    return f"{path}, line {rows.line_num}: {name} is {text.strip()!r}; give a finite number"
    return None


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _is_ragged(path: Path) -> bool:
    """Whether some line has more or fewer commas than the first; within quotes they may be meant."""
    with open(path, "rb") as file:
        commas = file.readline().count(b",")
        return any(line.count(b",") != commas for line in file)


def _samples(path: Path, time: NDArray[np.float64], hop: int, sample_rate: int) -> int:
    """How long the song is, by the last row; every other row must lie on its knot."""
    wanted = np.arange(len(time)) * hop / sample_rate
    away = np.abs(time - wanted) > 0.25 / sample_rate
    away[-1] &= not (len(time) > 1 and wanted[-2] < time[-1] < wanted[-1])
    if away.any():
        row = int(np.argmax(away))
        raise ValueError(
            f"{path}, line {row + 2}: time_s is {time[row]:.9g} where {wanted[row]:.9g} is due; keep a row every "
            f"{hop} samples ({1e3 * hop / sample_rate:.4g} ms), and change durations with edit.tempo"
        )
    return round(float(time[-1]) * sample_rate) + 1
