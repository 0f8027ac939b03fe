"""Times as people and programs write them, as seconds."""

from __future__ import annotations

import re

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)$")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?$")
_MISSING = frozenset({"", "nan", "na", "n/a", "none", "null", "nat"})


def is_missing(text: str) -> bool:
    """Whether a field holds no value: empty, NaN, NA or None."""
    return text.strip().lower() in _MISSING


def read_number(text: str) -> float:
    """A number with a decimal point or comma, or a time as [hours:]minutes:seconds in seconds.

    Raises ValueError for anything else.
    """
    text = text.strip()
    clock = _CLOCK.match(text)
    if clock:
        hours, minutes, seconds = clock.groups(default="0")
        return 3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds.replace(",", "."))
    if "_" in text:  # Python's float would pass over it
        raise ValueError(f"{text!r} is no number")
    return float(text.replace(",", ".") if _DECIMAL_COMMA.match(text) else text)


def is_number(text: str) -> bool:
    """Whether `read_number` can read a text."""
    try:
        read_number(text)
    except ValueError:
        return False
    return True


def seconds(value: float, unit: str | None, rate: int | None) -> float:
    """A time in s, ms or samples (None is s) as seconds; `rate` in Hz is needed for samples alone."""
    if unit == "ms":
        return value / 1e3
    if unit == "samples":
        assert rate is not None
        return value / rate
    return value
