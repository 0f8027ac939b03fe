"""Where what is synthesised goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..runs.permission import refuse_unwritable
from .edits import Edit
from .song import song_name

# what is written -> its key, and how its name may end: a wav under another ending is what no program expects
_ENDINGS = {
    "sound": ("out", (".wav",)),
    "drives": ("drives_out", (".csv",)),
    "look at": ("picture", (".png", ".pdf", ".svg")),
}


def output_files(chosen: Mapping[str, Any], edit: Edit, folder: Path, root: str | Sequence[str]) -> dict[str, Path]:
    """Where sound, drives and picture go; none of them where the song or the given drives lie.

    chosen  `song`, `drives_in`, `out`, `drives_out` and `picture` of the command; "none" leaves the latter two out
    edit    whose factors stand in the name that is chosen here
    folder  of what has no name of its own
    root    the recordings' folder or folders, by which a song is named
    Raises ValueError for a name with another ending than that of what is written, one that would be written over, and
    one in a folder that cannot be written to.
    """
    given = [Path(chosen[name]).expanduser() for name in ("drives_in", "song") if chosen[name] is not None]
    changes = ["-drives"] if chosen["drives_in"] is not None else []
    changes += [f"-{name}{factor:g}" for name, factor in vars(edit).items() if factor != 1]
    if chosen["drives_in"] is None:
        name = song_name(given[0], root) if chosen["out"] is None else ""
    else:
        ours = given[0].resolve().is_relative_to(folder.resolve())
        name = str(given[0].resolve().relative_to(folder.resolve()).with_suffix("")) if ours else given[0].stem
    out = Path(chosen["out"] or folder / f"{name}{''.join(changes)}.wav").expanduser()
    files = {"sound": out}
    for name, key, suffix in (("drives", "drives_out", ".csv"), ("look at", "picture", ".png")):
        if chosen[key] != "none":
            files[name] = out.with_suffix(suffix) if chosen[key] is None else Path(chosen[key]).expanduser()
    for name, (key, endings) in _ENDINGS.items():
        if name in files and files[name].suffix.lower() not in endings:
            raise ValueError(
                f"{key} is {files[name]}: it is written as {' or '.join(endings)}, so end its name like that"
            )
    for name, path in files.items():
        key = _ENDINGS[name][0]
        refuse_unwritable(path.parent, f"give {key if chosen[key] is not None else 'out'}=FILE")
        if path.resolve() in [one.resolve() for one in given]:
            raise ValueError(f"{path} would be written over: choose another name with out, drives_out or picture")
    return files
