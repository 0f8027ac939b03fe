"""The kinds of values that a key may hold, each with the words that an error uses for it."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Unfit(Exception):
    """A value that is not of a kind; its text, if any, is advice beyond the kind's words."""


class Kind(Protocol):
    """What a key may hold.

    words  for a person, after `use`
    text   whether text is among it: on the command line such a value stays as it is typed
    """

    @property
    def words(self) -> str: ...

    @property
    def text(self) -> bool: ...

    def taken(self, value: Any) -> Any:
        """The value as it is used; raises Unfit when it is none of this kind."""


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`; `odd` leaves out the even ones."""

    low: int = 0
    high: int | None = None
    odd: bool = False
    text = False

    @property
    def words(self) -> str:
        """As `a whole number from 1 to 64`."""
        return f"{'an odd' if self.odd else 'a whole'} number {_range(self.low, self.high)}"

    def taken(self, value: Any) -> Any:
        """A bool is no number here, nor is 2.0."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unfit
        if value < self.low or (self.high is not None and value > self.high) or (self.odd and value % 2 == 0):
            raise Unfit
        return value


@dataclass(frozen=True)
class Number:
    """A finite number from `low` to `high`, or above `above`, or below `below`."""

    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    text = False

    @property
    def words(self) -> str:
        """As `a number above 0, up to 1`."""
        if (self.low, self.high, self.above, self.below) == (None,) * 4:
            return "a number"
        if self.above is None and self.below is None:
            return f"a number {_range(self.low, self.high)}"
        parts = [f"above {self.above:g}"] if self.above is not None else []
        parts += [f"from {self.low:g}"] if self.low is not None else []
        parts += [f"up to {self.high:g}"] if self.high is not None else []
        parts += [f"below {self.below:g}"] if self.below is not None else []
        return f"a number {', '.join(parts)}"

    def taken(self, value: Any) -> Any:
        """The number itself, whole or not."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Unfit
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise Unfit
        if (self.above is not None and value <= self.above) or (self.below is not None and value >= self.below):
            raise Unfit
        return value


@dataclass(frozen=True)
class Flag:
    """true or false."""

    words = "true or false"
    text = False

    def taken(self, value: Any) -> Any:
        """No 0, no yes."""
        if not isinstance(value, bool):
            raise Unfit
        return value


@dataclass(frozen=True)
class Text:
    """Text that is not empty: a name, a path, a label."""

    words: str = "text"
    text = True

    def taken(self, value: Any) -> Any:
        """A number is refused: what was typed cannot be read off it."""
        if isinstance(value, bool | int | float):
            raise Unfit(f'text is wanted: in a file write it in quotes, as "{value}"')
        if not isinstance(value, str) or not value.strip():
            raise Unfit
        return value


class Names(Text):
    """Names with commas between them, in one text: `encoder=mamba,lstm` needs no quotes."""


@dataclass(frozen=True, init=False)
class OneOf:
    """One of some names."""

    names: tuple[str, ...]
    text = False

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)

    @property
    def words(self) -> str:
        """As `peak, rms or none`."""
        return _joined(self.names)

    def taken(self, value: Any) -> Any:
        """The name itself."""
        if not isinstance(value, str) or value not in self.names:
            raise Unfit
        return value


@dataclass(frozen=True)
class Listed:
    """A list of a kind: `least` items or more, or exactly `length`; with `single` one item alone is a list too."""

    item: Kind
    least: int = 0
    length: int | None = None
    single: bool = False

    @property
    def words(self) -> str:
        """As `a list of [text]`."""
        count = f"{self.length} " if self.length is not None else ""
        return f"a list [...] of {count}items, each {self.item.words}"

    @property
    def text(self) -> bool:
        """That of its items."""
        return self.item.text

    def taken(self, value: Any) -> Any:
        """A new list of the items as they are used."""
        if self.single and not isinstance(value, list | dict):
            value = [value]
        if not isinstance(value, list) or len(value) < self.least or self.length not in (None, len(value)):
            raise Unfit
        return [self.item.taken(item) for item in value]


@dataclass(frozen=True)
class Labels:
    """A label, or several: `a`, `[a]` and `[a, a]` are the same, and so are `[a, b]` and `[b, a]`."""

    words = "a label, or a list [...] of labels"
    text = True

    def taken(self, value: Any) -> Any:
        """The label itself where there is one, else a sorted list."""
        items = value if isinstance(value, list) else [value]
        labels = sorted({unicodedata.normalize("NFC", Text().taken(item)) for item in items})
        if not labels:
            raise Unfit
        return labels[0] if len(labels) == 1 else labels


@dataclass(frozen=True, init=False)
class Either:
    """One of several kinds; the first that fits decides."""

    kinds: tuple[Kind, ...]

    def __init__(self, *kinds: Kind) -> None:
        object.__setattr__(self, "kinds", kinds)

    @property
    def words(self) -> str:
        """Those of all kinds."""
        return ", or ".join(kind.words for kind in self.kinds)

    @property
    def text(self) -> bool:
        """Whether one of them is text."""
        return any(kind.text for kind in self.kinds)

    def taken(self, value: Any) -> Any:
        """As the first kind that fits takes it."""
        advice = ""
        for kind in self.kinds:
            try:
                return kind.taken(value)
            except Unfit as error:
                advice = advice or str(error)
        raise Unfit(advice)


@dataclass(frozen=True)
class Null:
    """null, which mostly means: as it is without this key."""

    words = "null"
    text = False

    def taken(self, value: Any) -> Any:
        """None."""
        if value is not None:
            raise Unfit
        return value


@dataclass(frozen=True)
class Group:
    """Keys below this one; the tables and signatures say which."""

    words = "a group of keys"
    text = False

    def taken(self, value: Any) -> Any:
        """The group itself."""
        if not isinstance(value, dict):
            raise Unfit
        return value


@dataclass(frozen=True)
class Anything:
    """What nobody has said anything about."""

    words = "anything"
    text = False

    def taken(self, value: Any) -> Any:
        """The value itself."""
        return value


def or_null(*kinds: Kind) -> Either:
    """One of the kinds, or null."""
    return Either(*kinds, Null())


def _range(low: float | None, high: float | None) -> str:
    low_shown, high_shown = (f"{bound:.10g}" if bound is not None else "" for bound in (low, high))
    if low is None:
        return f"up to {high_shown}"
    return f"of {low_shown} or more" if high is None else f"from {low_shown} to {high_shown}"


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
