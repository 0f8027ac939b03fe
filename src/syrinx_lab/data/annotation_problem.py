"""A fault of a file: where it stands, what is wrong, and whether it stops a run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Problem:
    """Something wrong with a file, and where: errors stop a run, warnings and notes are only shown."""

    path: Path
    line: int | None
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{printable(self.path)}{'' if self.line is None else f', line {self.line}'}: {printable(self.message)}"


def printable(text: str | Path) -> str:
    """Text that any terminal or file takes: bytes of a file's name that are not UTF-8 are written as \\xNN."""
    return os.fsencode(str(text)).decode("utf-8", "backslashreplace") if _has_surrogates(str(text)) else str(text)


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
