"""A folder for what libraries keep between starts, for a user whose home cannot be written to."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path

# the variable that each library asks, and where below the home it would write otherwise
_PLACES = {
    "MPLCONFIGDIR": ".config/matplotlib",
    "WANDB_CONFIG_DIR": ".config/wandb",
    "WANDB_CACHE_DIR": ".cache/wandb",
    "WANDB_DATA_DIR": ".local/share/wandb",
    "TRITON_CACHE_DIR": ".triton",
}
_MOVED = {".config": "XDG_CONFIG_HOME", ".cache": "XDG_CACHE_HOME", ".local": "XDG_DATA_HOME"}


def provide() -> None:
    """Name the folder to the libraries that could not write to the home; what the user has set stays."""
    for variable, place in _PLACES.items():
        top = place.split("/")[0]
        if variable in os.environ or _MOVED.get(top, "") in os.environ:
            continue
        if not writable(Path(os.path.expanduser("~")) / place) and (folder := own_folder()) is not None:
            os.environ[variable] = str(folder / Path(place).name)


@cache
def own_folder() -> Path | None:
    """A folder among the system's temporary files that nobody else can write to; None, and a line, without one."""
    try:
        folder = Path(tempfile.gettempdir()) / f"syrinx_lab-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()  # what others can write to is not executed
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
        if ours and os.access(folder, os.W_OK):
            return folder
        why = f"{folder} is not this user's alone"
    except (OSError, AttributeError) as error:
        why = str(error)
    print(
        f"note: compiled kernels cannot be kept ({why}) and are compiled at every start: set HOME or NUMBA_CACHE_DIR",
        file=sys.stderr,
    )
    return None


def writable(folder: Path) -> bool:
    """Whether `folder` can be written to, or made."""
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        return False
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return True
    try:  # to root all is permitted, in /proc and on disks that know no root as well
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return True
