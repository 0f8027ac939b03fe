"""Conditions on models as they are typed: `loss.name=spectral_rollout and val.tf_corr>0.6`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from .fields import Fields, find_key, marked, sortable

_AND = re.compile(r"""\s+and\s+(?=(?:[^"']|"[^"]*"|'[^']*')*$)""")  # not one within quotes
_COMMA = re.compile(
    r"""\s*,\s*(?=(?:[^"'\[\]{}]|"[^"]*"|'[^']*'|\[[^\]]*\]|\{[^}]*\})*$)"""
)  # not one within quotes or a list
_OR = re.compile(r"""^[^"']*\s+or\s+[\w./-]+\s*[!=<>~]""")
_MOST = 8  # values that are listed
_CONDITION = re.compile(r"\s*([\w./-]+?)\s*(!=|<=|>=|==|=|<|>|~)\s*(.*?)\s*", re.DOTALL)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@dataclass(frozen=True)
class AnyOf:
    """Several values, of which one is enough: `seed=0,1`."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Condition:
    """`key operator value`; operator is one of = != < <= > >= and ~ (contains, whatever the case).

    text  the value as it was typed: what is text in a configuration, as a label, may look like a number
    """

    key: str
    operator: str
    value: Any
    text: str | None = field(default=None, compare=False)

    def holds(self, value: Any) -> bool:
        """Whether `value` meets the condition. What a model lacks is null; null is neither less nor more."""
        if self.operator in ("=", "!="):
            several = isinstance(self.value, AnyOf)
            wanted = self.value.values if several else (self.value,)
            texts = (self.text or "").split(",") if several else [self.text]
            same = any(_same(value, one) for one in wanted) or (isinstance(value, str) and value in texts)
            return same == (self.operator == "=")
        if self.operator == "~":
            wanted = str(self.value).lower()
            found = value if isinstance(value, list) else [] if value is None else [value]
            return any(wanted in str(item).lower() for item in found)
        return _comparable(value, self.value) and _ORDER[self.operator](value, self.value)


def parse(text: str) -> list[Condition]:
    """The conditions in `text`, joined by `and`; empty text has none.

    Values are typed as YAML types them (0.6, true, null, [1, 2], "in quotes"), and 1e-3 is a number too; of several
    with commas between them one is enough for =, and != asks for none of them. Raises
    ValueError with one line for what is no condition.
    """
    if not text.strip():
        return []
    conditions = []
    for part in _AND.split(f"{text.strip()} "):  # so that an `and` at the end joins nothing to it
        match = _CONDITION.fullmatch(part)
        if match is None or not match[3]:
            raise ValueError(
                f"{part!r} is not a condition: write KEY=VALUE, with one of = != < <= > >= ~, joined by `and`, "
                "and the whole in quotes, since a shell takes < and > for its own"
            )
        if _OR.search(match[3]):
            raise ValueError(f"{part.strip()!r}: conditions are joined by `and` alone; ask for each side of the `or`")
        operator = "=" if match[2] == "==" else match[2]
        parts = _COMMA.split(match[3])
        value = typed(match[3]) if len(parts) == 1 else AnyOf(tuple(typed(one) for one in parts))
        if operator in _ORDER and not _comparable(value, value):
            raise ValueError(f"{part!r}: {match[3]} has no order; use = != or ~")
        if operator == "~" and isinstance(value, AnyOf):
            raise ValueError(f"{part!r}: ~ looks for one text; put text with commas in quotes")
        conditions.append(Condition(match[1], operator, value, re.sub(r"\s*,\s*", ",", match[3])))
    return conditions


def matching(rows: Sequence[tuple[Any, Fields]], conditions: Iterable[Condition]) -> list[Any]:
    """The rows whose fields meet all conditions, in their order.

    rows  (row, its fields)
    Raises ValueError with one line for a key that no row has, and for < and > between text and numbers.
    """
    known = set().union(*(flat for _, flat in rows))
    kept = list(rows)
    for condition in conditions if rows else ():
        key = find_key(condition.key, known)
        present = [flat[key] for _, flat in rows if flat.get(key) is not None]
        if condition.operator in _ORDER and present and not any(_comparable(v, condition.value) for v in present):
            raise ValueError(f"{key} is {present[0]!r:.60} and cannot be compared with {condition.value!r}: use = or ~")
        kept = [(row, flat) for row, flat in kept if condition.holds(flat.get(key))]
    return [row for row, _ in kept]


def unmet(rows: Sequence[tuple[Any, Fields]], conditions: Sequence[Condition]) -> str:
    """One line that no model matches, with the values that there are of the first key that none meets.

    Arguments and errors as in `matching`.
    """
    known = set().union(*(flat for _, flat in rows))
    for condition in conditions if rows else ():
        if matching(rows, [condition]):
            continue
        key = find_key(condition.key, known)
        values = {marked(flat.get(key)).strip('"'): flat.get(key) for _, flat in rows}
        ordered = [text for text, _ in sorted(values.items(), key=lambda one: sortable(one[1]))]
        numbers: list[Any] = [one for one in values.values() if _number(one)]
        if len(ordered) > _MOST and len(numbers) > 1:
            there = f"from {min(numbers):.4g} to {max(numbers):.4g}"
        else:
            there = ", ".join(ordered[:_MOST]) + (", ..." if len(ordered) > _MOST else "")
        return f"no model matches {condition.key}{condition.operator}{condition.text}: {key} is {there}"
    apart = ": each condition is met by some, all together by none" if rows and len(conditions) > 1 else ""
    return f"no model matches{apart}"


def typed(text: str) -> Any:
    """The value that `text` means; raises ValueError with one line when it is not YAML."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ValueError(f"{text!r} is not a value: put text with signs in it in quotes") from None
    if isinstance(value, datetime.date):
        return text.strip("\"'")  # times are kept as ISO 8601 text, which sorts by itself
    if isinstance(value, str) and re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+", value):
        return float(value)
    return value


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(a: Any, b: Any) -> bool:
    """Equal, where true is not 1."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def _comparable(a: Any, b: Any) -> bool:
    """Whether one can be less than the other."""
    return (_number(a) and _number(b)) or (isinstance(a, str) and isinstance(b, str))
