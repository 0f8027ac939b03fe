"""A folder that one process at a time works in: the lock goes with its holder, however that one dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_NAME = ".lock"


@contextmanager
def folder_lock(folder: str | Path, *, busy: str, wait: bool = False) -> Iterator[None]:
    """Hold the lock of `folder` while the block runs.

    folder  made when it is not there; the lock is the file .lock in it, which stays behind and means nothing by itself
    busy    what to say when another process holds the lock
    wait    True says `busy` and waits for the other one to end or to die, False refuses

    The lock belongs to the process (a record lock, POSIX.1 fcntl): its children do not inherit it, so that those which
    outlive it hold nothing, and taking it twice within one process does not wait. Raises ValueError(busy) when another
    process holds it and `wait` is False.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            if not wait:
                raise ValueError(busy) from None
            print(busy, flush=True)
            fcntl.lockf(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)  # closing it releases the lock


def is_locked(folder: str | Path) -> bool:
    """Whether ANOTHER process holds the lock of `folder`; not to be asked by the process that holds it."""
    path = Path(folder) / LOCK_NAME
    if not path.exists():
        return False
    file = os.open(path, os.O_RDWR)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    finally:
        os.close(file)
    return False
