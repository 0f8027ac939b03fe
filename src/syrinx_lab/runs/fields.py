"""A model of the registry as one flat mapping, and the keys in which several models differ."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from .identity import ABSENT, differing_keys, identity

OWN = (
    *("key", "name", "path", "status", "message", "epochs", "scored_epoch", "checkpoint", "seconds"),
    *("data_fingerprint", "git_commit", "git_dirty", "backend_used", "created_at", "updated_at"),
)
SPLITS = ("val", "test")
_WIDEST = 24  # characters of a value that a person still takes for a setting

Fields = dict[str, Any]


def fields(row: Mapping[str, Any]) -> Fields:
    """Every key that a model can be asked for.

    row  of the table models

    Returns the leaves of its config by dotted key (seed, loss.name, ...), val.{metric} and test.{metric}, and what
    `OWN` names; `name` is the last part of its path.
    """
    flat = {key: value for key, _, value in differing_keys({}, row["config"])}
    for split in SPLITS:
        flat |= {f"{split}.{metric}": value for metric, value in row[split].items()}
    own = {**row, "name": PurePosixPath(row["path"]).name}
    return flat | {name: own[name] for name in OWN}


def find_key(key: str, known: Iterable[str]) -> str:
    """The name among `known` that `key` means: itself, `val/tf_corr` for val.tf_corr, or a group for its name.

    A score of val may be asked of test, and the other way round, before any model has one. Raises ValueError with one
    line that lists close matches.
    """
    names = set(known)
    key = key.replace("/", ".")
    for candidate in (key, f"{key}.name"):
        if candidate in names:
            return candidate
    split, _, metric = key.partition(".")
    if split in SPLITS and any(f"{other}.{metric}" in names for other in SPLITS):
        return key
    last = key.rpartition(".")[2]
    close = {name for name in names if last in name} | set(difflib.get_close_matches(key, names, n=5))
    nearest = sorted(close, key=lambda name: (-difflib.SequenceMatcher(None, key, name).ratio(), name))
    advice = f"close to it: {', '.join(nearest[:5])}" if nearest else "`runs show KEY` lists the keys of a model"
    raise ValueError(f"no model has a key {key!r}; {advice}")


def varying(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The keys that decide the weights and differ among `rows` -> the value of each row, `ABSENT` where it has none.

    What a person types comes first: seed, then the choices of groups (loss.name), then the shorter names. Where the
    recordings lie counts, and data_fingerprint closes the list.
    """
    flats = [{key: value for key, _, value in differing_keys({}, identity(row["config"]))} for row in rows]
    for flat, row in zip(flats, rows):
        flat["data_fingerprint"] = row["data_fingerprint"]
    found = {key: [flat.get(key, ABSENT) for flat in flats] for key in set().union(*flats)}
    order = sorted((key for key, values in found.items() if len(set(map(marked, values))) > 1), key=_precedence)
    return {key: found[key] for key in order}


def plain_keys(found: Mapping[str, Sequence[Any]]) -> list[str]:
    """Those of the `varying` keys that are worth a column.

    Left out are class paths, values that are long, what follows from the choice of the group (lam_spec from loss.name)
    and what repeats another key of its group under a longer name, as interpolation makes them.
    """
    kept: list[str] = []
    for key, values in found.items():
        group = key.split(".")[0]
        texts = [marked(value) for value in values]
        if "_target_" in key or any(len(text) > _WIDEST for text in texts):
            continue
        choice = found.get(f"{group}.name")
        if choice is not None and key != f"{group}.name" and _follows(texts, [marked(value) for value in choice]):
            continue
        same_group = [[marked(value) for value in found[other]] for other in kept if other.split(".")[0] == group]
        if key.count(".") > 1 and texts in same_group:
            continue
        kept.append(key)
    return kept


def settling_keys(rows: Sequence[Mapping[str, Any]]) -> str:
    """Which keys distinguish `rows`, as a phrase: `seed (0, 1)`, or several that do it together."""
    found = varying(rows)
    keys = plain_keys(found) or list(found)
    groups = [""] * len(rows)
    chosen: list[str] = []
    alone = [key for key in keys if len(set(map(marked, found[key]))) == len(rows)]
    if alone:
        return " or ".join(_with_values(key, found[key]) for key in alone[:3])
    while len(set(groups)) < len(rows):
        split = {key: [g + "|" + marked(v) for g, v in zip(groups, found[key])] for key in keys if key not in chosen}
        best = max(split, key=lambda key: len(set(split[key])), default=None)
        if best is None or len(set(split[best])) == len(set(groups)):
            return " and ".join([_with_values(key, found[key]) for key in chosen] + ["the key itself"])
        chosen.append(best)
        groups = split[best]
    return " and ".join(_with_values(key, found[key]) for key in chosen)


def marked(value: Any) -> str:
    """A value as short text in which true is not 1 and the text "1" is not the number."""
    return "-" if value is ABSENT else json.dumps(value, sort_keys=True, ensure_ascii=False)


def sortable(value: Any) -> tuple[int, Any]:
    """Sort key that puts values of several types in one order: numbers, then text, then nothing."""
    if isinstance(value, int | float):
        return 0, value
    return (2, "") if value is None or value is ABSENT else (1, str(value))


def _follows(texts: Sequence[str], choice: Sequence[str]) -> bool:
    """Whether a value is always the same where the choice is."""
    return len(set(zip(choice, texts))) == len(set(choice))


def _precedence(key: str) -> tuple[Any, ...]:
    """Sort key of `varying`."""
    return key == "data_fingerprint", key != "seed", not key.endswith(".name"), key.count("."), key


def _with_values(key: str, values: Sequence[Any], most: int = 5) -> str:
    """`loss.name (a, b)`."""
    distinct = list(dict.fromkeys(marked(value).strip('"') for value in sorted(values, key=sortable)))
    return f"{key} ({', '.join(distinct[:most])}{', ...' if len(distinct) > most else ''})"
