"""Files under the names that writers rename from when they are done: whose writer has died, they stay for good."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

# .NAME.PID.tmp and .NAME.PID.tmp.png, or with eight random hex digits in the place of the process: figures and sounds,
# tables and manifests; .NAME.HEX.copy are folders of a sweep; offline-run-*/run-ID.wandb is a piece of a W&B run
_NAMED = re.compile(r"\..+\.(?:(?P<pid>\d{1,7})|[0-9a-f]{8})\.(?:tmp(?:\.\w+)?|copy)")
_FRESH_S = 10.0  # a file is written in less; another machine's process may have the number of one that died here
_NAMELESS_S = 60.0  # the same, where the name does not say who writes
WANDB_HEADER = 7  # bytes that say what a piece is; one that holds nothing else makes `wandb sync` skip all the others


def abandoned(folder: Path) -> Iterator[Path]:
    """Files and folders below `folder` that a process was writing which has died, by name; links are not followed."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted([*files, *folders]):
            path = Path(place) / name
            if _NAMED.fullmatch(name) and _is_dead(path):
                yield path
        folders[:] = [name for name in folders if not _NAMED.fullmatch(name)]


def empty_pieces(wandb_folder: Path, run_id: str | None = None) -> Iterator[Path]:
    """The folders of pieces of W&B runs that hold no record: their process was killed as it began.

    run_id  of a run that nobody else can be beginning: its pieces count however young they are
    """
    for piece in sorted(wandb_folder.glob("offline-run-*/run-*.wandb")):
        try:
            old = piece.name == f"run-{run_id}.wandb" or _age_s(piece) > _NAMELESS_S
            if old and piece.stat().st_size <= WANDB_HEADER:
                yield piece.parent
        except FileNotFoundError:
            continue


def _is_dead(path: Path) -> bool:
    """Whether the process that was writing `path` has died; in doubt it has not."""
    named = _NAMED.fullmatch(path.name)
    assert named is not None, "asked of temporary names alone"
    try:
        age_s = _age_s(path)
    except FileNotFoundError:  # renamed meanwhile
        return False
    if named["pid"] is None:
        return age_s > _NAMELESS_S
    return (age_s > _FRESH_S or age_s < -_FRESH_S) and not _wrote(int(named["pid"]), path)


def _age_s(path: Path) -> float:
    return time.time() - path.lstat().st_mtime


def _wrote(pid: int, path: Path) -> bool:
    """Whether the process `pid` lives and is older than the file: else it has the number of one that died."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19])
        booted = next(
            int(line.split()[1]) for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime")
        )
        return booted + ticks / os.sysconf("SC_CLK_TCK") <= path.lstat().st_mtime + _FRESH_S
    except (OSError, StopIteration, ValueError):
        return True
