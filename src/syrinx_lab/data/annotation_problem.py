"""A fault of a file: where it stands, what is wrong, and whether it stops a run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # line ends of every kind among them

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
    r"""Text on one line that any terminal or file takes.

    Bytes of a file's name that are not UTF-8 are written as \xNN, line ends and other control characters as \n, \x1b.
    """
    shown = str(text)
    if not is_utf8(shown):
        shown = os.fsencode(shown).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), shown)


def is_utf8(name: str) -> bool:
    """Whether the name of a file or folder can be written as UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in name)
