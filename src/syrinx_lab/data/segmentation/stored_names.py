"""Clusters on disk, so that a later day's syllables get the names of the first."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from ..whole_file import write_whole
from .labels import Names

_ARRAYS = ("centres", "reach", "counts", "born", "within", "mean", "basis")


def write_names(path: Path, names: Names, seen: str) -> None:
    """Write the clusters as an npz archive, whole or not at all; `seen` identifies the recordings they were made of."""
    archive = io.BytesIO()
    arrays = {name: getattr(names, name) for name in _ARRAYS}
    np.savez_compressed(archive, names=np.array(names.names, dtype=np.str_), seen=seen, **arrays)
    write_whole(path, archive.getvalue())


def read_names(path: Path) -> tuple[Names | None, str]:
    """The clusters of `write_names` and what they have seen; None and nothing where there is no file.

    Raises ValueError for a file that cannot be read: names that are lost would come back for other syllables.
    """
    if not path.exists():
        return None, ""
    try:
        with np.load(path) as held:
            names = Names(tuple(map(str, held["names"])), **{name: held[name] for name in _ARRAYS})
            return names, str(held["seen"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: the clusters cannot be read; restore the file, or choose another out=") from error
