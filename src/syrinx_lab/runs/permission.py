"""Whether a command may write where it is going to: asked before its work, which may take minutes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..homeless import writable

FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def refuse_unwritable(folder: str | Path, advice: str) -> None:
    """Raise ValueError with one line, `advice` in it, when nothing can be written to `folder`, or it cannot be made."""
    folder = Path(folder)
    if writable(folder):
        return
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not there.is_dir():
        raise ValueError(f"{there} is no folder: {advice}")
    raise ValueError(f"{folder} cannot be written to, it belongs to somebody else or is read-only: {advice}")


def refuse_outputs(config: Mapping[str, Any]) -> None:
    """Raise ValueError with one line when the folder that a training's configuration names cannot be written to."""
    own = config["run_dir"]
    if own is not None:
        refuse_unwritable(own, "choose another run_dir")
    else:
        refuse_unwritable(config["paths"]["outputs"], "give paths.outputs=FOLDER, or set SYRINX_OUTPUTS")


def refuse_among(recordings: Iterable[Path], run_dir: str | Path) -> None:
    """Raise ValueError with one line when `run_dir` holds recordings: they would be passed over as a run's own files.

    recordings  files of the training
    """
    run = Path(run_dir).resolve()
    for folder in sorted({path.parent for path in recordings}):
        if folder.resolve().is_relative_to(run):
            raise ValueError(f"run_dir={run_dir} holds the recordings in {folder}: give the run a folder of its own")
