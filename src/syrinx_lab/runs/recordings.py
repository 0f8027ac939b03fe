"""Where the recordings of a run lie, seen from the folder that a command is started in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Roots = str | list[str] | None


def recordings_of(
    config: Mapping[str, Any], run: Path, given: Roots = None, *, needed: bool = True
) -> dict[str, Roots]:
    """The keys `root` and `annotation_root` of the run's `data` group, as folders that are there.

    Paths that were relative at the training are looked for here, and then from the folders above the run: a run in
    HOME/outputs/RUN that was trained on `song` finds HOME/song from anywhere, and also when HOME has moved.

    config  the run's configuration
    run     its folder
    given   the recordings' folder or folders now; None: as at the training
    needed  refuse when they are not there
    Raises ValueError with one line that says which folder is not there, and advises data_root.
    """
    data = config["data"]
    rendered = data.get("synthetic") is not None
    found = {
        key: _each(data.get(key), lambda root: _located(root, config["paths"]["outputs"], run, rendered))
        for key in ("root", "annotation_root")
    }
    for root in _listed(given):
        if not Path(root).expanduser().is_dir():
            raise ValueError(f"data_root is {root!r}: there is no such folder")
    if given is not None:
        return found | {"root": given}
    for root in _listed(found["root"]) if needed else ():
        if not rendered and not Path(root).expanduser().is_dir():
            raise ValueError(f"{root}: the recordings of the training are not there: give data_root=FOLDER")
    return found


def _located(root: str, outputs: str, run: Path, rendered: bool) -> str:
    above = run.resolve().parents
    if Path(root).is_absolute() or (Path(root).exists() and not rendered):
        return root
    there = next((folder for folder in above if (folder / root).exists()), None)
    # what the lab renders itself is rendered where the training did
    there = there or next((folder for folder in above if rendered and (folder / outputs) in above), None)
    return root if there is None else str(there / root)


def _each(roots: Roots | Sequence[str], change: Any) -> Roots:
    return None if roots is None else change(roots) if isinstance(roots, str) else [change(root) for root in roots]


def _listed(roots: Roots | Sequence[str]) -> list[str]:
    return [] if roots is None else [roots] if isinstance(roots, str) else list(roots)
