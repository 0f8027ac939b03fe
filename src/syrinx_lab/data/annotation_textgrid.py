"""Praat's TextGrids, long and short: intervals of one tier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .annotation_encoding import decode
from .annotation_records import AnnotationFile
from .annotation_rules import AnnotationRules

# Whatever stands in a TextGrid is a comment unless it is a text in quotation marks, a number by itself or a <flag>.
_TOKEN = re.compile(r'"(?:[^"]|"")*"|<\w+>|(?<!\S)[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\S)|!.*|\S+')


class _Tier(NamedTuple):
    """A tier: (onset s, offset s, text) of its intervals, empty ones too; None for a tier of points."""

    name: str
    intervals: list[tuple[float, float, str]] | None


def read_textgrid(path: Path, rules: AnnotationRules) -> AnnotationFile:
    """Read one interval tier of a TextGrid, without its empty intervals.

    `rules.tier` names the tier, or is its number from 1; without it the first interval tier that holds a label is
    read, with a warning that names it where there are several. UTF-16, which Praat writes by itself, is read too.
    Source: Praat manual, "TextGrid file formats".
    """
    found = AnnotationFile(path, "textgrid", rules)
    found.name("")
    try:
        text, note = decode(path)
        tiers = _parse(text)
    except ValueError as error:
        return found.refuse(f"cannot be read as textgrid ({error}); is it complete, and is that its format?", "")
    if note:
        found.fault(None, note, "note")
    try:
        tier = _chosen(tiers, rules.tier)
    except ValueError as error:
        return found.refuse(str(error), "")
    if tier is None:
        if any(tier.intervals is None for tier in tiers):
            found.fault(None, "its tiers hold points alone, which have no length; nothing was read", "warning")
        return found
    others = [one.name for one in tiers if one is not tier and one.intervals and any(t for *_, t in one.intervals)]
    if others and rules.tier is None:
        several = ", ".join(repr(name) for name in others)
        found.fault(None, f"the tier {tier.name!r} was read; data.tier chooses another: {several}", "warning")
    assert tier.intervals is not None
    for index, (onset, offset, label) in enumerate(tier.intervals, start=1):
        if label.strip():
            found.add("", onset, offset, " ".join(label.split()), index=index)
    return found.finish()


def _chosen(tiers: list[_Tier], wanted: str | None) -> _Tier | None:
    """The tier to read; None where no interval tier holds a label. Raises ValueError when `wanted` is no such tier."""
    if wanted is None:
        return next((tier for tier in tiers if any(text.strip() for *_, text in tier.intervals or ())), None)
    named = [tier for tier in tiers if tier.name.strip() == wanted.strip()]
    if not named and wanted.isdigit() and 0 < int(wanted) <= len(tiers):
        named = [tiers[int(wanted) - 1]]
    if not named:
        there = ", ".join(repr(tier.name) for tier in tiers) or "none"
        raise ValueError(f"there is no tier {wanted!r}, as data.tier asks; its tiers are: {there}")
    if named[0].intervals is None:
        raise ValueError(f"the tier {wanted!r} holds points, which have no length; choose another with data.tier")
    return named[0]


def _parse(text: str) -> list[_Tier]:
    """All tiers; ValueError when the file is broken off or of another kind."""
    if text.startswith("ooBinaryFile"):
        raise ValueError("it is binary: save it in Praat as a text file")
    tokens = _values(text)
    if next(tokens, None) not in ("ooTextFile", "ooTextFile short") or next(tokens, None) != "TextGrid":
        chronological = ": save it in Praat as a text file" if "chronological" in text[:80] else ""
        raise ValueError(f"it does not begin as a TextGrid{chronological}")

    def number() -> float:
        value = next(tokens, None)
        if not isinstance(value, float):
            raise ValueError("a number is missing")
        return value

    def string() -> str:
        value = next(tokens, None)
        if not isinstance(value, str):
            raise ValueError("a text in quotation marks is missing")
        return value

    number(), number()
    if string() != "<exists>":
        return []
    tiers = []
    for _ in range(int(number())):
        kind, name = string(), string()
        number(), number()
        count = int(number())
        if kind == "IntervalTier":
            tiers.append(_Tier(name, [(number(), number(), string()) for _ in range(count)]))
        else:
            for _ in range(count):
                number(), string()
            tiers.append(_Tier(name, None))
    return tiers


def _values(text: str) -> Iterator[str | float]:
    """The texts, flags and numbers of a TextGrid in their order."""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token.startswith('"') and len(token) > 1:
            yield token[1:-1].replace('""', '"')
        elif token.startswith("<"):
            yield token
        elif token[0] in "+-.0123456789" and token[-1] != ":":
            try:
                yield float(token)
            except ValueError:
                continue
