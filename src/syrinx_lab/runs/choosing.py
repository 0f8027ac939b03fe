"""Which model of the registry a person means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..metrics.facts import merged, metrics_of
from .apart import refuse_apart
from .directory import RunDirectory
from .fields import fields, settling_keys, varying
from .leftovers import key_of
from .manifest import read_manifest
from .query import matching, parse, unmet
from .registry import Registry
from .selection import rank

Row = dict[str, Any]

_OPERATORS = "=<>~"
_SHOWN = 3
# what the scores of val are scores of: models that differ in it cannot be ranked with each other
_MEASURED_ON = (
    *("data_fingerprint", "data.label", "data.val_fraction", "data.test_fraction", "data.split_seed"),
    *("eval.val_count", "eval.lead_in", "eval.tail_ms", "eval.start", "eval.mid_start_ms", "eval.mid_samples"),
)


def select(registry: Registry, words: Sequence[str]) -> list[Row]:
    """The models that `words` (where EXPR, split as a shell does) ask for; all of them without words."""
    words = list(words[1:]) if words and words[0] == "where" else list(words)
    return matching([(row, fields(row)) for row in registry.models()], parse(" ".join(words)))


def why_none(registry: Registry, words: Sequence[str]) -> str:
    """What is said where `select` finds no model: the values that the keys asked for have."""
    words = list(words[1:]) if words and words[0] == "where" else list(words)
    return unmet([(row, fields(row)) for row in registry.models()], parse(" ".join(words)))


def choose(registry: Registry, words: Sequence[str]) -> Row:
    """The one model that `words` mean: a key or its beginning, a run's name, a path in its folder, a sweep's
    folder (its selected model), or where EXPR.

    Raises ValueError with one line when there is none, or several: then it says which keys would settle it.
    """
    text = " ".join(words)
    if words[0] == "where" or (any(sign in text for sign in _OPERATORS) and not Path(text).exists()):
        found = select(registry, words)
        if not found:
            raise ValueError(why_none(registry, words))
    else:
        found = _named(registry, text)
    if not found:
        raise ValueError(f"no model is meant by {text!r}: `runs list` shows those there are")
    if len(found) > 1:
        some = ", ".join(row["key"] for row in found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
        raise ValueError(f"{text!r} means {len(found)} models ({some}): settle it with {settling_keys(found)}")
    return found[0]


def ranked(rows: Sequence[Row], by: str) -> list[Row]:
    """The models with scores on val from best to worst, as `selection.rank` orders them.

    by  a score: val.tf_corr, or tf_corr
    Raises ValueError with one line for a score of test, a score that no model has, and models whose scores are not of
    the same recordings, split and clips: then it says which keys would settle it.
    """
    metric = by.replace("/", ".").removeprefix("val.")
    if metric.startswith("test."):
        raise ValueError(f"cannot rank by {by}: test is read once, for the model selected on val; use val.tf_corr")
    scored = [row for row in rows if row["val"]]
    if not scored:
        raise ValueError("no model to rank: none of those asked for has been evaluated on val")
    known = sorted(set().union(*(row["val"] for row in scored)))
    if metric not in known:
        raise ValueError(f"no model has the score val.{metric}; there are {', '.join(known)}")
    flats = [fields(row) for row in scored]
    flats = [flat | {"data.label": _labels(flat.get("data.label"))} for flat in flats]
    unlike = [key for key in _MEASURED_ON if len({repr(flat.get(key)) for flat in flats}) > 1]
    if unlike:
        found = varying(scored)
        keys = [key for key in ("data.name", "data.root", "data.label") if key in found] or unlike
        values = {key: sorted({str(flat.get(key)) for flat in flats}) for key in keys[:2]}
        settling = " and ".join(f"{key} ({', '.join(distinct[:5])})" for key, distinct in values.items())
        raise ValueError(
            f"the scores are not of the same clips, and cannot be ranked together: settle it with {settling}"
        )
    candidates = [
        {"bounded_frac": None, metric: None} | row["val"] | {"seed": row["seed"] or 0, "key": row["key"]}
        for row in scored
    ]
    places = {row["key"]: row for row in scored}
    metrics = merged(metrics_of(row["config"]) for row in scored)
    return [places[candidate["key"]] for candidate in rank(candidates, metric, metrics)]


def _labels(label: Any) -> Any:
    """Labels in the one form of what was stored as a, [a] or [a, a]; see `schema.kinds.Labels`."""
    several = sorted({str(one) for one in label}) if isinstance(label, list) else label
    return several[0] if isinstance(several, list) and len(several) == 1 else several


def _named(registry: Registry, text: str) -> list[Row]:
    """The models whose key begins with `text`, whose folder `text` lies in, or whose path ends in or contains it."""
    path = Path(text)
    refuse_apart(path)
    rows = registry.models()
    if path.exists():
        for folder in (path.absolute(), *path.absolute().parents[:2]):
            key = key_of(RunDirectory(folder)) or selected_key(folder)
            if key is not None:
                found = [row for row in rows if row["key"] == key]
                if not found:
                    raise ValueError(f"{folder} is not in the registry: run `python -m syrinx_lab.runs scan`")
                return found
    tests = (
        lambda row: row["key"] == text,
        lambda row: row["path"] == text or row["path"].rpartition("/")[2] == text,
        lambda row: row["key"].startswith(text),
        lambda row: text in row["path"],
    )
    return next((found for test in tests if (found := [row for row in rows if test(row)])), [])


def selected_key(folder: Path) -> str | None:
    """The key of the model that a sweep's folder says was selected; None where none was."""
    path = folder / "selected_model.json"
    return read_manifest(path).key if path.is_file() else None
