"""Copies of one recording in folders that are labels: together they are one recording."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from .file_dates import FileDates


def label_copies(root: Path, names: Sequence[Path]) -> dict[Path, Path]:
    """Copies of one recording in folders a label, `day/a/x.wav` and `day/b/x.wav` -> what they are, `day/x.wav`.

    They bear one name and hold the same bytes, lie in folders of one folder that are no days, and a text of that name
    lies beside each. Copies elsewhere are left alone: they are one song under two names, which the leak check refuses.

    root   folder
    names  the audio files below it, relative
    """
    alike: dict[Path, list[Path]] = defaultdict(list)
    for name in names:
        if len(name.parts) > 1:
            alike[name.parent.parent / name.name].append(name)
    known, dates = set(names), FileDates(())
    found: dict[Path, Path] = {}
    for place, copies in alike.items():
        if len(copies) == 1 or place in known or any(dates.of_folder(name.parent.name) is not None for name in copies):
            continue
        paths = [root / name for name in copies]
        if not all(path.with_suffix(".txt").is_file() for path in paths):
            continue
        if len({path.stat().st_size for path in paths}) == 1 and len({_hash(path) for path in paths}) == 1:
            found |= dict.fromkeys(copies, place)
    return found


def _hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
