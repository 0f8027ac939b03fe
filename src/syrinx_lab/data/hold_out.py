"""What is held out as a whole: birds, days, sessions, roots, or a share of the files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .file_dates import FileDates
from .groups import KINDS, Group

_SHOWN = 8
_RANGE = re.compile(r"(?P<first>\S.*?)?\.\.(?P<last>.*\S)?$")


@dataclass(frozen=True)
class HoldOut:
    """What one split holds: `bird:B3`, `day:2026-05-03`, `session:2026-05-03/morning`, `root:B3`, or `files:0.1`.

    kind    bird, day, session, root or files
    values  the names, of days also `2026-05-03..2026-05-09`, or with one end open; of files the share
    """

    kind: str
    values: tuple[str, ...]

    @property
    def share(self) -> float | None:
        """Of the files; None for the other kinds."""
        return float(self.values[0]) if self.kind == "files" else None

    def recordings(self, groups: Mapping[str, Group], key: str) -> set[str]:
        """The ids of the recordings that are of one of the values.

        key  of the configuration, for messages
        Raises ValueError for a value that no recording is of, with what there is, and where nothing says what some
        recordings are of.
        """
        unknown = [name for name, group in groups.items() if group.whole(self.kind) is None]
        if unknown:
            names = ", ".join(unknown[:3]) + (", ..." if len(unknown) > 3 else "")
            raise ValueError(
                f"{key}={self}: nothing tells the {self.kind} of {len(unknown)} of {len(groups)} recordings ({names}): "
                f"name it in a table, data.groups=TABLE with the columns file and {self.kind}"
            )
        found: set[str] = set()
        for value in self.values:
            fitting = {name for name, group in groups.items() if self._fits(value, group)}
            if not fitting:
                there = sorted({str(getattr(group, self.kind)) for group in groups.values()})
                more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
                raise ValueError(
                    f"{key}={self}: no recording is of {self.kind} {value}; there are {', '.join(there[:_SHOWN])}"
                    f"{more}. Birds, days and sessions can be given in a table, data.groups=TABLE"
                )
            found |= fitting
        return found

    def _fits(self, value: str, group: Group) -> bool:
        name = getattr(group, self.kind)
        if value == name or (self.kind == "session" and str(name).split("/")[-1] == value):
            return True
        if self.kind != "day" or group.day_number is None:
            return False
        if (between := _RANGE.match(value)) is None:
            day = _number(value)
            return day is not None and day == group.day_number
        first, last = (_number(between[end]) if between[end] else None for end in ("first", "last"))
        return (first is None or first <= group.day_number) and (last is None or group.day_number <= last)

    def __str__(self) -> str:
        return f"{self.kind}:{','.join(self.values)}"


def parse_hold_out(text: str | Sequence[str] | None, key: str) -> HoldOut | None:
    """What a key of the configuration says: `KIND:VALUE`, several values by comma or as a list; None for null.

    key  its name, for messages
    Raises ValueError with one line for what cannot be read so.
    """
    if text is None or text == []:
        return None
    entries = [text] if isinstance(text, str) else [str(one) for one in text]
    kinds: list[str] = []
    values: list[str] = []
    for entry in entries:
        kind, colon, rest = entry.partition(":")
        if not colon and kinds:
            kind, rest = kinds[-1], entry
        kinds.append(kind.strip())
        values += [value.strip() for value in rest.split(",") if value.strip()]
    known = (*KINDS, "files")
    if set(kinds) - set(known) or len(set(kinds)) > 1 or not values:
        raise ValueError(
            f"{key} is {text!r}: give one of {', '.join(f'{kind}:NAME' for kind in KINDS)} or files:0.1, several names "
            "of one kind by comma"
        )
    if kinds[0] == "files":
        try:
            inside = len(values) == 1 and 0 < float(values[0]) < 1
        except ValueError:
            inside = False
        if not inside:
            raise ValueError(f"{key} is {text!r}: give files:SHARE, a share above 0 and below 1")
    if kinds[0] == "day":
        for value in values:
            between = _RANGE.match(value)
            ends = [between[end] for end in ("first", "last") if between[end]] if between else []
            if between and (not ends or any(_number(end) is None for end in ends)):
                raise ValueError(f"{key} is {text!r}: give a range of days as 2026-05-03..2026-05-09, day 40..day 60")
    return HoldOut(kinds[0], tuple(dict.fromkeys(values)))


def _number(day: str) -> int | None:
    found = FileDates([day]).of_folder(day)
    return None if found is None else found.number
