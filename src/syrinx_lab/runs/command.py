"""What `python -m syrinx_lab.runs` does, but for clean: list, show, best, diff, scan."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from .activity import UNDER_WAY, ahead_s, being_trained
from .choosing import choose, ranked, select, why_none
from .directory import RunDirectory
from .identity import ABSENT, differing_keys, identity
from .listing import print_columns, print_models, score_of, shown, shown_score
from .registry import Registry
from .run_facts import counts_in_words

_RUNNERS_UP = 5
_WIDE = 46  # characters of a value beside another one


def list_models(registry: Registry, words: Sequence[str]) -> None:
    """Print the models that `words` ask for, a line each."""
    refresh(registry)
    rows = select(registry, words)
    if not rows:
        print(why_none(registry, words) if words else f"no model in {registry.database}")
        return
    print_models([with_standing(registry, row) for row in rows])
    print(f"{len(rows)} {'model' if len(rows) == 1 else 'models'} of {registry.database}")


def show(registry: Registry, words: Sequence[str]) -> None:
    """Print all that is known of the one model that `words` mean."""
    refresh(registry)
    row = with_standing(registry, choose(registry, words))
    folder = registry.folder(row)
    commit = row["git_commit"] and row["git_commit"][:12] + (" with changes" if row["git_dirty"] else "")
    print_pairs(
        {
            "key": row["key"],
            "folder": row["path"] if folder is None else str(folder),
            "status": f"{row['status']}: {row['message']}" if row["message"] else row["status"],
            "epochs": f"{row['epochs']} of {row['config'].get('n_epochs', '?')}, {row['seconds']:.0f} s of training",
            "checkpoint": row["checkpoint"],
            "backend": row["backend_used"],
            "data": row["data_fingerprint"],
            **counts_in_words(((RunDirectory(folder).split() if folder is not None else None) or {}).get("counts")),
            "commit": commit,
            "created": row["created_at"],
            "changed": row["updated_at"],
        }
    )
    if row["val"] or row["test"]:
        print(f"\ncold-start scores after epoch {row['scored_epoch']}")
        metrics = [name for name in {**row["val"], **row["test"]} if not name.startswith("rescaled_")]
        table = {"metric": metrics}
        for split in ("val", "test"):
            for label, prefix in (("raw", ""), ("rescaled", "rescaled_")):
                cells = [shown_score(row[split].get(prefix + name)) for name in metrics]
                table |= {f"{split} {label}": cells} if set(cells) != {"-"} else {}
        print_columns(table)
    evaluations, figures = registry.evaluations(row["key"]), registry.figures(row["key"])
    print(f"\n{len(evaluations)} evaluations, {len(figures)} figures")
    for figure in figures:
        print(f"    {figure['path']}")
    print("\nconfig")
    print(
        yaml.safe_dump(row["config"], sort_keys=False, allow_unicode=True, width=110, default_flow_style=None), end=""
    )


def show_best(registry: Registry, words: Sequence[str], by: str) -> None:
    """Print the model that ranks first, and those behind it."""
    refresh(registry)
    asked = select(registry, words)
    if words and not asked:
        raise ValueError(why_none(registry, words))
    rows = ranked(asked, by)
    first = rows[0]
    metric = by.replace("/", ".").removeprefix("val.")
    folder = registry.folder(first)
    value = shown_score(score_of(first, f"val.{metric}"))
    print(f"best by (bounded_frac >= 0.9, val.{metric}): {first['key']}, {value} after epoch {first['scored_epoch']}")
    print_pairs({"folder": first["path"] if folder is None else str(folder), "checkpoint": first["checkpoint"]})
    print()
    print_models(rows[:_RUNNERS_UP], ranked=True, extra=[f"val.{metric}"])
    behind, without = len(rows) - _RUNNERS_UP, len(asked) - len(rows)
    short = [row["key"] for row in rows[:_RUNNERS_UP] if row["epochs"] < row["config"].get("n_epochs", 0)]
    if short and len(short) < len(rows):
        print(
            f"note: not trained to the end, as seeds that a sweep has culled: {', '.join(short)}; "
            "`where status=finished` leaves them out"
        )
    notes = [f"{behind} more behind them"] * (behind > 0) + [f"{without} not evaluated on val"] * (without > 0)
    if notes:
        print(", ".join(notes))


def diff(registry: Registry, a: str, b: str) -> None:
    """Print the keys that distinguish two models, with both values, and their scores."""
    refresh(registry)
    rows = [choose(registry, a.split()), choose(registry, b.split())]
    one, other = rows
    names = [row["key"] for row in rows] if one["key"] != other["key"] else ["A", "B"]
    left, right = (identity(row["config"], row["data_fingerprint"]) for row in rows)
    decisive = differing_keys(left, right)
    keys = {key for key, _, _ in decisive}
    rest = [entry for entry in differing_keys(one["config"], other["config"]) if entry[0] not in keys]
    for title, entries in (
        ("what makes them two models", decisive),
        ("what differs and does not decide the weights", rest),
    ):
        if entries:
            print(title)
            print_columns(_beside(names, entries))
            print()
    if not decisive:
        print("they are one model\n")
    facts = [
        (name, one[name], other[name]) for name in ("status", "epochs", "scored_epoch", "git_commit", "backend_used")
    ]
    metrics = [name for name in {**one["val"], **other["val"]} if not name.startswith("rescaled_")]
    facts += [(f"val.{name}", one["val"].get(name), other["val"].get(name)) for name in metrics]
    print("how they stand")
    print_columns(_beside(names, [fact for fact in facts if fact[1:] != (None, None)]))


def scan(registry: Registry) -> None:
    """Record every run below the outputs folder; raises ValueError when some could not be read."""
    if not registry.outputs.is_dir():
        raise ValueError(f"no folder {registry.outputs}: give --outputs")
    keys, faults = registry.scan()
    print(f"{len(set(keys))} models of {len(keys)} folders are in {registry.database}")
    for fault in faults:
        print(f"not recorded: {fault}", file=sys.stderr)
    if faults:
        raise ValueError(f"{len(faults)} folders could not be recorded: mend or remove them, then scan again")


def refresh(registry: Registry) -> None:
    """Record again what was under way when it was last recorded, where that is possible."""
    for row in registry.models():
        folder = registry.folder(row)
        if row["status"] in UNDER_WAY and folder is not None and RunDirectory(folder).state_path.is_file():
            try:
                registry.record(RunDirectory(folder))
            except (ValueError, OSError):
                return  # a registry that may only be read shows what it knows


def with_standing(registry: Registry, row: dict[str, Any]) -> dict[str, Any]:
    """The row, whose status says so where the folder is gone, or a run that should train shows no sign of life."""
    folder = registry.folder(row)
    if folder is not None and not folder.is_dir():
        return {**row, "status": f"{row['status']}, folder gone"}
    if row["status"] not in UNDER_WAY or folder is None:
        return row
    if being_trained(RunDirectory(folder)) is None:
        return {**row, "status": f"{row['status']}, silent"}
    return {**row, "status": f"{row['status']}, clock ahead"} if ahead_s(RunDirectory(folder)) else row


def print_pairs(pairs: Mapping[str, Any]) -> None:
    """Print names and values under each other; what is None is left out."""
    width = max(map(len, pairs)) + 2
    for name, value in pairs.items():
        if value is not None:
            print(f"{name:{width}}{value}")


def _beside(names: Sequence[str], entries: Sequence[tuple[str, Any, Any]]) -> dict[str, list[str]]:
    """Two columns of values beside their keys."""
    cells = [[("absent" if v is ABSENT else shown(v, _WIDE)) for v in entry[1:]] for entry in entries]
    return {
        "key": [entry[0] for entry in entries],
        names[0]: [left for left, _ in cells],
        names[1]: [right for _, right in cells],
    }
