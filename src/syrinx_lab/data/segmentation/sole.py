"""One process at a time in a folder of segments."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such lock
    fcntl = None  # type: ignore[assignment]

_log = logging.getLogger(__name__)
_NAME = ".segmenting"


@contextmanager
def sole(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made, for this process; waits, with a line, while another one holds it.

    Two that name clusters at once would give the same names to other syllables. The system lets go of the lock when its
    process ends, in whatever way. Where the file system knows no locks, nobody waits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if fcntl is not None:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _log.warning("%s: another process is segmenting there; waiting for it to end", folder)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except OSError:
                pass
        yield
    finally:
        os.close(descriptor)
