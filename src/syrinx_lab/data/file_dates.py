"""When a recording was made, by its name: the dates that recording programs write into names of files and folders."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath

_SAP_DAY_0 = date(1899, 12, 30)
_EARLIEST, _LATEST = 1970, 2100
_TIME = r"(?:[T_\- .]*(?P<time>[0-2]\d[-_.:h]?[0-5]\d(?:[-_.:m]?[0-5]\d)?))?(?!\d)"
_ISO = re.compile(r"(?<!\d)(?P<y>\d{4})(?P<s>[-_.]?)(?P<m>[01]\d)(?P=s)(?P<d>[0-3]\d)(?!\d{1,3}(?!\d))" + _TIME)
_SAP = re.compile(
    r"(?<!\d)(?P<serial>\d{5})\.(?P<ms>\d{4,9})_(?P<m>\d{1,2})_(?P<d>\d{1,2})_(?P<time>\d{1,2}_\d{1,2}_\d{1,2})(?!\d)"
)
_COUNTER = re.compile(r"[_-]\d{3,}$")  # llb3_0003_2018_04_23: the third recording of llb3
_SIX = re.compile(r"(?<!\d)(?P<six>\d{6})(?:[_\-.](?P<time>\d{4}(?:\d\d)?))?(?!\d)")
_AGE = re.compile(
    r"^(?:(?:day|d|dph|age)[ _-]?(?P<after>\d{1,4})|(?P<before>\d{1,4})[ _-]?(?:dph|days?))$", re.IGNORECASE
)


@dataclass(frozen=True)
class FileDate:
    """The day that a name tells.

    day     2026-05-03, or for ages in days as folders bear them, day 60
    number  of the day, so that differences are days apart
    bird    what stands before the date in the name; "" where nothing does
    moment  day and time of day as they are written; None where no time is
    """

    day: str
    number: int
    bird: str = ""
    moment: str | None = None


class FileDates:
    """Reads dates off names; six figures are taken for the order of year, month and day that fits all of them.

        2026-05-03, 2026_05_03, 20260503, with or without a time     (Audacity, AudioMoth, Song Meter, many labs)
        bird_43362.23322048_9_19_6_28_42                             Sound Analysis Pro: days since 1899-12-30, and ms
        bird_060515_0937, bird_060515_093742.123                     evTAF: YYMMDD or DDMMYY or MMDDYY
        day60, d60, dph_60, 60dph                                    folders named by age

    Of the orders under which every six figures are a date that is taken which spans the fewest days, YYMMDD first.

    names    of all files that may hold six figures
    folders  of all folders, whose order may be another one
    """

    def __init__(self, names: Iterable[str], folders: Iterable[str] = ()) -> None:
        self.order = _order(names) or "ymd"
        self.folder_order = _order(folders) or self.order

    def of_file(self, stem: str) -> FileDate | None:
        """The date in the name of a file without its ending; None where there is none."""
        return self._of(stem, self.order)

    def _of(self, stem: str, order: str) -> FileDate | None:
        if (match := _SAP.search(stem)) and (day := _sap_day(match)):
            return _found(stem, match, day)
        for match in _ISO.finditer(stem):
            if day := _calendar(int(match["y"]), int(match["m"]), int(match["d"])):
                return _found(stem, match, day)
        for match in _SIX.finditer(stem):
            if day := _six_figures(match["six"], order):
                return _found(stem, match, day)
        return None

    def of_folder(self, name: str) -> FileDate | None:
        """The date, or the age in days, that a folder is named by; None where its name is of something else."""
        if match := _AGE.match(name):
            number = int(match["after"] or match["before"])
            return FileDate(f"day {number}", number)
        found = self._of(name, self.folder_order)
        if found is None and re.fullmatch(r"\d{5}", name):  # Sound Analysis Pro's folders
            day = _SAP_DAY_0 + timedelta(days=int(name))
            return FileDate(day.isoformat(), day.toordinal())
        return found

    def may_be(self, name: str, number: int) -> bool:
        """Whether a folder's six figures are the day of that number under another order than that of the files."""
        days = [_six_figures(name, order) for order in ("ymd", "dmy", "mdy")] if re.fullmatch(r"\d{6}", name) else []
        return any(day is not None and day.toordinal() == number for day in days)


def without_ending(path: str) -> str:
    """The name of a file less its ending, where a time's fraction of a second is none."""
    name = PurePosixPath(path).name
    stem, dot, ending = name.rpartition(".")
    return stem if dot and not ending.isdigit() else name


def _found(name: str, match: re.Match[str], day: date) -> FileDate:
    bird = _COUNTER.sub("", name[: match.start()].rstrip("_-. "))
    time = match["time"]
    return FileDate(day.isoformat(), day.toordinal(), bird, None if time is None else f"{day.isoformat()} {time}")


def _sap_day(match: re.Match[str]) -> date | None:
    """The day of a serial number, where it has the month and the day that stand beside it."""
    day = _SAP_DAY_0 + timedelta(days=int(match["serial"]))
    return day if (day.month, day.day) == (int(match["m"]), int(match["d"])) else None


def _order(names: Iterable[str]) -> str | None:
    """The order of six figures under which all are dates, within the fewest days; None where there is none."""
    six = {match["six"] for name in set(names) for match in _SIX.finditer(name) if not _ISO.search(name)}
    spans = []
    for rank, order in enumerate(("ymd", "dmy", "mdy")):
        days = [_six_figures(text, order) for text in six]
        if days and all(days):
            numbers = [day.toordinal() for day in days if day]
            spans.append((max(numbers) - min(numbers), rank, order))
    return min(spans)[2] if spans else None


def _six_figures(text: str, order: str) -> date | None:
    parts = dict(zip(order, (int(text[k : k + 2]) for k in (0, 2, 4))))
    return _calendar(2000 + parts["y"], parts["m"], parts["d"])


def _calendar(year: int, month: int, day: int) -> date | None:
    if not _EARLIEST <= year <= _LATEST:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
