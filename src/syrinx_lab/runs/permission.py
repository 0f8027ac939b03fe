"""Whether a command may write where it is going to: asked before its work, which may take minutes."""

from __future__ import annotations

import errno
from pathlib import Path

from ..homeless import writable

FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def refuse_unwritable(folder: str | Path, advice: str) -> None:
    """Raise ValueError with one line, `advice` in it, when nothing can be written to `folder`, or it cannot be made."""
    if not writable(Path(folder)):
        raise ValueError(f"{folder} cannot be written to, it belongs to somebody else or is read-only: {advice}")
