"""What a sweep asks, in words: the comment at the head of its file in sweeps/."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

_HASHED = re.compile(r"(.+)-[0-9a-f]{8}")


def question_of(name: str, compared: Mapping[str, Sequence[str]], folder: Path | None) -> str | None:
    """The question of the sweep called `name`, None where none is known.

    name      of the sweep's folder; STEM-12345678 is that of sweeps/STEM.yaml
    compared  swept key -> values; without such a name the file that compares exactly these is taken
    folder    with the files of sweeps/, None where there is none
    """
    files = {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder is not None else {}
    hashed = _HASHED.fullmatch(name)
    stem = hashed[1] if hashed else name
    if stem in files:
        return _comment(files[stem])
    wanted = {key: list(values) for key, values in compared.items()}
    for path in files.values():
        if wanted and _compared(path) == wanted:
            return _comment(path)
    return None


def _comment(path: Path) -> str | None:
    """The lines of comment before the first setting, less the one that is for Hydra."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        if "@package" not in line:
            lines.append(line.lstrip("# ").rstrip())
    return " ".join(lines) or None


def _compared(path: Path) -> dict[str, list[str]]:
    """Key -> values of what a file of sweeps/ compares, less the seeds and what has one value."""
    content: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    for part in ("hydra", "sweeper", "params"):
        content = content.get(part) or {}
    lists = {key: [part.strip() for part in str(value).split(",")] for key, value in content.items() if key != "seed"}
    return {key: values for key, values in lists.items() if len(values) > 1}
