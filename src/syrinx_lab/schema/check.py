"""The check of a composed configuration: type and range of every key, in one place, before anything is done."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from .kinds import Anything, Either, Group, Kind, Labels, Listed, Text, Unfit
from .signatures import arguments
from .tables import CHOSEN, OPTIONAL, OWN_GROUPS, SHARED, TABLES, TYPED, WITH_GROUPS

MISSING = "???"
_OURS = ("syrinx_lab.", "torch.optim.")  # their keys are in the tables
_OF_HYDRA = ("_target_", "_partial_", "_convert_", "_recursive_", "_args_")
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")


@dataclass(frozen=True)
class Key:
    """A key of a configuration: its value, the value as it is written, and what it may hold (None: nobody says)."""

    path: str
    value: Any
    given: Any
    kind: Kind | None

    @property
    def refers(self) -> bool:
        """Whether the value is that of another key, which is checked where it stands."""
        return isinstance(self.given, str) and _REFERENCE.fullmatch(self.given) is not None


def texts_of(command: str) -> Callable[[str], bool]:
    """Whether a dotted key of a command's configuration holds text, for the keys that are in its table."""

    def is_text(key: str) -> bool:
        table = TABLES.get(command, {})
        kind = _of_table(table, key)
        # a group's choice is the name of a file
        return key in _groups(command) if kind is None else kind.text

    return is_text


def holds(command: str, key: str) -> Kind | None:
    """What a dotted key of a command may hold, the name of a file for a group; None where nobody says."""
    if key in _groups(command):
        return Group()
    return _of_table(TABLES.get(command, {}), key)


def takes_list(kind: Kind) -> bool:
    """Whether a list [...] is of a kind."""
    return isinstance(kind, Listed | Labels) or (isinstance(kind, Either) and any(map(takes_list, kind.kinds)))


def _groups(command: str) -> tuple[str, ...]:
    """The groups of which a command takes a choice."""
    return CHOSEN if command in WITH_GROUPS else OWN_GROUPS.get(command, ())


def nearest_keys(command: str, key: str, most: int = 3) -> list[str]:
    """The keys of a command, and groups of keys, that are written most like `key`; several that end alike, or none.

    Without a dot, `key` is compared with the last parts of names. Its capitals are taken for small letters.
    """
    key, table = key.lower(), TABLES.get(command, {})
    known = [*(name for name in table if "*" not in name), *_groups(command)]
    if "." in key:
        return get_close_matches(key, known, n=1, cutoff=0.8)
    close = get_close_matches(key, {name.rpartition(".")[2] for name in known}, n=1, cutoff=0.75)
    return [name for name in known if name.rpartition(".")[2] in close][:most]


def checked(command: str, raw: Mapping[str, Any], resolved: Mapping[str, Any]) -> dict[str, Any]:
    """The keys whose values are used in another form than they are given in, as [val] for val, with that form.

    Args:
        command: whose configuration it is: the stem of its file in conf/.
        raw: the configuration in plain containers, references as they are written.
        resolved: the same, with values in their place; ??? where none is given.

    Raises:
        ValueError: one line that names the key, its value and what it may hold; for a key that nothing reads as well.
    """
    references = {name for text in _texts(raw) for name in _REFERENCE.findall(text)}
    changed: dict[str, Any] = {}
    for key in keys(command, raw, resolved):
        if key.refers or key.value == MISSING:
            continue
        if key.kind is None:
            if not any(one == key.path or one.startswith(f"{key.path}.") for one in references):
                near = nearest_keys(command, key.path, most=1)
                remedy = f"use {near[0]}" if near else "correct it"
                raise ValueError(f"{key.path}: nothing reads a key of this name; {remedy}, or leave it out")
            continue
        try:
            taken = key.kind.taken(key.value)
        except Unfit as error:
            name = TYPED.get(key.path, key.path)
            raise ValueError(f"{name} is {shown(key.value)}: {str(error) or f'use {key.kind.words}'}") from None
        if taken != key.value:
            changed[key.path] = taken
    return changed


def keys(command: str, raw: Mapping[str, Any], resolved: Mapping[str, Any]) -> Iterator[Key]:
    """Every key of a configuration that is no group of others, with what it may hold.

    That is what the command's table says; below a `_target_` that the table does not know, what the annotations of that
    class say. Raises ValueError for a `_target_` that is not found, and for keys that it has no argument for.
    """
    table = TABLES.get(command, {})
    groups = {key.rsplit(".", depth)[0] for key in table for depth in range(1, key.count(".") + 1)}
    yield from _walk("", raw, resolved, table, groups | set(OPTIONAL))


def _walk(
    prefix: str, raw: Any, node: Mapping[str, Any], table: Mapping[str, Kind], groups: set[str], free: bool = False
) -> Iterator[Key]:
    """The keys below `prefix`; `free`: within an argument of which nothing is said, anything may stand."""
    target = node.get("_target_")
    known = None if target is None else _arguments(f"{prefix}_target_", target)
    ours = target is None or target.startswith(_OURS)
    for name, value in node.items():
        path, given = f"{prefix}{name}", raw.get(name) if isinstance(raw, Mapping) else None
        tabled = ours or path in SHARED
        kind = _of_table(table, path) if tabled else None
        if name in _OF_HYDRA or (value is None and _optional(path)):
            continue
        if known is not None and name not in known and name != "name" and kind is None and path not in SHARED:
            near = get_close_matches(str(name), known) or sorted(known)
            instead = f"use {', '.join(near)}" if near else "it has none; leave it out"
            raise ValueError(f"{path} is no setting of {target}: {instead}")
        declared = kind or (known or {}).get(name)
        if isinstance(value, Mapping) and (declared is None or isinstance(declared, Anything | Group)):
            unsaid = isinstance(declared, Anything) or (free and target is None)
            yield from _walk(f"{path}.", given, value, table, groups, unsaid)
        elif tabled and any(fits(path, group) for group in groups):
            yield Key(path, value, given, Group())
        elif kind is None and name == "name":
            yield Key(path, value, given, Text())
        elif declared is not None or not (free or target is not None):
            yield Key(path, value, given, declared)


def _of_table(table: Mapping[str, Kind], path: str) -> Kind | None:
    exact = table.get(path)
    return exact or next((kind for key, kind in table.items() if "*" in key and fits(path, key)), None)


def fits(path: str, pattern: str) -> bool:
    """Whether a dotted key is that of a pattern, in which * stands for any one name."""
    if "*" not in pattern:
        return path == pattern
    names, parts = path.split("."), pattern.split(".")
    return len(names) == len(parts) and all(part in (name, "*") for name, part in zip(names, parts))


def _arguments(path: str, target: Any) -> dict[str, Kind] | None:
    if not isinstance(target, str):
        raise ValueError(f"{path} is {shown(target)}: use the dotted name of a class")
    try:
        return arguments(target)
    except ValueError as error:
        raise ValueError(f"{path} is {target}: {error}") from None


def _optional(path: str) -> bool:
    return any(fits(path, pattern) for pattern in OPTIONAL)


def _texts(node: Any) -> Iterator[str]:
    """Every text in nested containers."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for inner in node.values():
            yield from _texts(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _texts(inner)


def shown(value: Any) -> str:
    """A value as it is typed, at most 80 characters."""
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    return "empty" if value == "" else f"{value!r:.80}"
