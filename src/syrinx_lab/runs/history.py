"""The history of a run: one JSON object a line, only ever appended to, readable after any kill and any resume."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .atomic import jsonable

_RESUMED = "resumed"


class History:
    """An append-only table of what was logged, held in the file `path` (JSON lines).

    A row is a flat mapping with an integer `epoch` and, where rows of several sorts are written in an epoch, a `kind`
    ("train", "val", ...). There is one row per (epoch, kind): a later one takes the place of an earlier one.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one row, in a single write to the end of the file.

        row  must carry `epoch`; NaN and infinite values are stored as null and come back as None
        Raises OSError with one line when the file cannot be written.
        """
        assert isinstance(row.get("epoch"), int), f"a row of the history needs an integer epoch: {dict(row)}"
        line = (json.dumps(jsonable(row), ensure_ascii=False, allow_nan=False) + "\n").encode()
        try:
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                size = os.fstat(file).st_size
                if size and os.pread(file, 1, size - 1) != b"\n":
                    line = b"\n" + line  # a kill left half a line: leave it alone on its line
                if os.write(file, line) < len(line):
                    raise OSError("the disk is full")
            finally:
                os.close(file)
        except OSError as error:
            raise OSError(
                f"could not append to {self.path}: {error.strerror or error}; free space and resume"
            ) from error

    def resume_from(self, epoch: int) -> None:
        """Note that training goes on with `epoch`: the rows of that and of later epochs written so far no longer count.

        epoch  the first epoch that is trained anew, in the rows' own way of counting
        Raises OSError as `append` does.
        """
        self.append({"kind": _RESUMED, "epoch": epoch})

    def read(self) -> list[dict[str, Any]]:
        """The rows that count, by epoch and within an epoch in the order of writing; empty when there is no file.

        A line that a kill cut short is passed over. Raises ValueError with file and line for one that is no row at all.
        """
        if not self.path.exists():
            return []
        rows: dict[tuple[int, Any], dict[str, Any]] = {}
        for number, line in enumerate(self.path.read_bytes().split(b"\n"), start=1):
            row = self._parse(line, number)
            if row is None:
                continue
            if row.get("kind") == _RESUMED:
                rows = {key: kept for key, kept in rows.items() if key[0] < row["epoch"]}
                continue
            key = (row["epoch"], row.get("kind"))
            rows.pop(key, None)  # so that the new row takes the last place
            rows[key] = row
        return sorted(rows.values(), key=lambda row: row["epoch"])

    def _parse(self, line: bytes, number: int) -> dict[str, Any] | None:
        """The row on a line, or None for an empty line or one that was cut short."""
        if not line.strip():
            return None
        try:
            row = json.loads(line)
        except ValueError:
            if line.startswith(b"{"):
                return None
            row = None
        if not isinstance(row, dict) or not isinstance(row.get("epoch"), int):
            raise ValueError(f"{self.path}, line {number}: not a row of a history; move the file away")
        return row
