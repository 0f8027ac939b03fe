"""A folder that one process at a time works in: the lock goes with its holder, however that one dies."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import lock_file
from .permission import FORBIDDEN

LOCK_NAME = ".lock"
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL)  # of file systems that have none
_ASKED_S = 0.05  # somebody who asks whether the folder is locked holds its lock for a moment


@contextmanager
def folder_lock(folder: str | Path, *, busy: str, wait: bool = False) -> Iterator[None]:
    """Hold the lock of `folder` while the block runs.

    folder  made when it is not there; the lock is the file .lock in it, which stays behind and means nothing by itself
    busy    what to say when another process holds the lock
    wait    True says `busy` and waits for the other one to end or to die, False refuses

    The lock belongs to the process (a record lock, POSIX.1 fcntl): its children do not inherit it, so that those which
    outlive it hold nothing, and taking it twice within one process does not wait. On a file system without such locks
    a file in the folder stands for it, see `lock_file`, and a line says so. Raises ValueError(busy) when another
    process holds the lock and `wait` is False, or when the folder is somebody else's.
    """
    folder = Path(folder)
    file = _opened(folder)
    try:
        if not _locked(file, busy, wait):
            print(f"note: no locks on the file system of {folder}: {lock_file.NAME} in it stands for one", flush=True)
            with lock_file.held(folder, busy=busy, wait=wait):
                yield
            return
        yield
    finally:
        os.close(file)  # closing it releases the lock


def is_locked(folder: str | Path) -> bool:
    """Whether ANOTHER process holds the lock of `folder`; not to be asked by the process that holds it.

    Needs no right to write to the folder.
    """
    path = Path(folder) / LOCK_NAME
    if not path.exists():
        return False
    file = os.open(path, os.O_RDONLY)
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return lock_file.is_held(Path(folder))
    finally:
        os.close(file)
    return lock_file.is_held(Path(folder))


def _opened(folder: Path) -> int:
    """The file to lock, made with its folder where they are not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        if error.errno not in FORBIDDEN:
            raise
        raise ValueError(
            f"{folder} cannot be written to ({error.strerror}): its owner can share it with the group (umask 002, "
            "`chmod -R g+w`), or choose other outputs with paths.outputs=FOLDER or SYRINX_OUTPUTS"
        ) from error


def _locked(file: int, busy: str, wait: bool) -> bool:
    """Lock an open file as `folder_lock` says; False where the file system has no locks."""
    try:
        if not _taken(file):
            if not wait:
                raise ValueError(busy)
            print(busy, flush=True)
            fcntl.lockf(file, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def _taken(file: int) -> bool:
    """Take the lock; False when another process holds it, and not only to ask."""
    for pause_s in (_ASKED_S, _ASKED_S, None):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except (BlockingIOError, PermissionError):
            if pause_s is not None:
                time.sleep(pause_s)
    return False
