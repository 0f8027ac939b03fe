"""Files that are either the old one or the new one, whole: written beside their place, then renamed."""

from __future__ import annotations

import json
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

import numpy as np


def write_text_atomic(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, so that a reader or a crash meets the old file or the new one, never a part.

    path  the folder must exist; an existing file is replaced
    Raises OSError with one line that names the path (disk full, no permission, no folder); nothing is left behind then.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            with open(temporary, "x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(
            f"could not write {path}: {error.strerror or error}; free space or choose another folder"
        ) from error


def write_json_atomic(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON to `path` in the manner of `write_text_atomic`.

    value  mappings, whose keys keep their order, sequences, strings, numbers, bools, None, paths, numpy scalars and
           arrays (see `jsonable`)
    Raises OSError as `write_text_atomic` does, TypeError for a value that has no JSON form.
    """
    write_text_atomic(path, json.dumps(jsonable(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """What the JSON file at `path` holds.

    Raises ValueError with one line when the content is not JSON, FileNotFoundError when there is no such file.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path}, line {error.lineno}: not valid JSON ({error.msg}); delete or restore the file"
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}, byte {error.start}: not a text file; delete or restore the file") from error


def jsonable(value: Any) -> Any:
    """`value` in plain Python that strict JSON can carry: numpy becomes Python, NaN and infinity become None.

    Raises TypeError for any other kind of object: a tensor must be turned into a number by whoever knows which.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(inner) for inner in value]
    if isinstance(value, np.generic | np.ndarray):
        return jsonable(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}: {value!r:.80}")
