"""Files of bytes that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` under a temporary name in the same folder, which is made, and rename it.

    Raises OSError with one line that names the file (disk full, no permission); nothing is left behind then.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = f"{error.strerror or error}; free space or choose another folder"
        raise OSError(error.errno, f"could not write {path}: {reason}") from error
