"""What registry and folders do not agree on, and what kills left behind."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .activity import being_trained
from .directory import RunDirectory
from .lock import folder_lock
from .registry import Registry, run_folders
from .temporary_files import abandoned, empty_pieces


@dataclass
class Leftovers:
    """What `find_leftovers` found.

    rows      of models whose folder is gone, or holds another model now
    folders   runs that the registry does not know
    debris    files and folders that a killed process was writing
    in_use    (run, why) of the folders with leftovers that are left alone
    copies    (run, path of the registered one): second folders of a model; shown, never removed
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    folders: list[RunDirectory] = field(default_factory=list)
    debris: list[Path] = field(default_factory=list)
    in_use: list[tuple[RunDirectory, str]] = field(default_factory=list)
    copies: list[tuple[RunDirectory, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.rows or self.folders or self.debris)


def find_leftovers(registry: Registry) -> Leftovers:
    """Compare the rows of `registry` with the run folders below its outputs; nothing is changed.

    Rows of runs below somebody else's outputs are not judged. A folder whose state cannot be read is not judged either:
    `scan` names it. Raises ValueError when there is no outputs folder, or when the registry knows no model at all while
    there are runs: it was lost then, and they are not to blame.
    """
    if not registry.outputs.is_dir():
        raise ValueError(f"no folder {registry.outputs}: give --outputs")
    rows, found = registry.models(), Leftovers()
    runs = list(run_folders(registry.outputs, closed=lambda error: None))  # nor are folders that are closed
    if runs and not rows:
        raise ValueError(
            f"the registry {registry.database} knows no model, and {len(runs)} runs lie below {registry.outputs}: "
            "run `python -m syrinx_lab.runs scan` first"
        )
    paths = {row["key"]: registry.folder(row) for row in rows}
    for row in rows:
        folder = paths[row["key"]]
        if folder is not None and key_of(RunDirectory(folder)) not in (row["key"], ""):
            found.rows.append(row)
    gone = {row["key"] for row in found.rows}
    for run in runs:
        key, debris = key_of(run), list(_debris(run))
        registered = paths.get(key or "")
        unknown = bool(key) and (key not in paths or key in gone)
        if key in paths and not unknown and registered is not None and registered.resolve() != run.path.resolve():
            found.copies.append((run, str(registered)))
        if (unknown or debris) and (reason := being_trained(run)):
            found.in_use.append((run, reason))
        elif unknown:
            found.folders.append(run)
        else:
            found.debris += debris
    within = [run.path for run in runs]
    found.debris += [path for path in abandoned(registry.outputs) if not any(map(path.is_relative_to, within))]
    return found


def remove_folder(run: RunDirectory) -> str | None:
    """Remove the folder of `run` unless somebody works in it by now or owns it; returns why it was left, else None."""
    reason = being_trained(run)
    if reason is not None:
        return reason
    try:
        with folder_lock(run.path, busy="a process holds its lock"):
            shutil.rmtree(run.path)
    except (ValueError, OSError) as error:
        return str(error)
    return None


def key_of(run: RunDirectory) -> str | None:
    """The key in the state of `run`: None where there is no run, empty where its state cannot be read or has no key."""
    try:
        return str(run.state().get("key", "")) if stat.S_ISREG(run.state_path.stat().st_mode) else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, OSError):
        return ""


def _debris(run: RunDirectory) -> Iterator[Path]:
    """What writers rename when they are done, and pieces of W&B runs in which nothing stands."""
    yield from sorted(run.checkpoints_path.glob("*.partial"))
    yield from abandoned(run.path)
    yield from empty_pieces(run.wandb_path)


def remove_debris(path: Path) -> str | None:
    """Remove a file or a folder of `Leftovers.debris`; it may be gone by now. Returns why it was left, else None."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        return error.strerror
    return None
