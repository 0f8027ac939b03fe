"""`python -m syrinx_lab.runs clean`: show what is left over, ask, remove."""

from __future__ import annotations

from .leftovers import find_leftovers, remove_debris, remove_folder
from .registry import Registry


def clean(registry: Registry, yes: bool = False) -> None:
    """Show what registry and folders do not agree on and what kills left, ask, and remove it after a yes.

    yes  answers for a person; an evaluated model that the registry does not know is kept then
    """
    found = find_leftovers(registry)
    for run, where in found.copies:
        print(f"copy, left alone: {run.path} (its model is registered at {where})")
    for run, reason in found.in_use:
        print(f"in use, left alone: {run.path} ({reason})")
    evaluated = [run for run in found.folders if run.manifest_path.is_file()]
    if yes:
        for run in evaluated:
            print(f"evaluated, left alone: {run.path} (`runs scan` records it; without --yes you are asked)")
        found.folders = [run for run in found.folders if run not in evaluated]
        evaluated = []
    for row in found.rows:
        print(f"row without folder: {row['key']} {row['path']} ({row['status']}, {row['epochs']} epochs)")
    for run in found.folders:
        trained = f"{len(run.checkpoints())} checkpoints" + (", evaluated" if run in evaluated else "")
        print(f"folder without row: {run.path} ({trained})")
    for file in found.debris:
        print(f"left by a kill: {file}")
    if not found:
        print("nothing to clean")
        return
    if evaluated:
        print(f"{len(evaluated)} of the folders hold evaluated models: `runs scan` records them instead")
    counts = f"{len(found.rows)} rows, {len(found.folders)} folders and {len(found.debris)} files"
    if not yes and not _agreed(f"remove {counts}? [y/N] "):
        print("nothing was removed")
        return
    if found.rows:
        registry.forget(row["key"] for row in found.rows)
    reasons = {file: remove_debris(file) for file in found.debris}
    reasons |= {run.path: remove_folder(run) for run in found.folders}
    kept = {path: reason for path, reason in reasons.items() if reason is not None}
    for path, reason in kept.items():
        print(f"left alone: {path} ({reason})")
    print(f"removed {counts}" + (f", less these {len(kept)}" if kept else ""))


def _agreed(question: str) -> bool:
    """Whether the person says yes; a closed input says no."""
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False
