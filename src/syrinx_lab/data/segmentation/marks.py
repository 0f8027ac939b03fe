"""Which annotation files are the lab's own: what somebody else wrote, or changed by hand, is never written over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..whole_file import write_whole


@dataclass(frozen=True)
class Written:
    """What became of the files.

    new      written, or written anew
    gone     the lab's, of recordings in which nothing is found any more; removed
    same     there already, byte for byte
    edited   left as they are: the lab's, changed since
    foreign  left as they are: somebody else's
    """

    new: tuple[Path, ...] = ()
    gone: tuple[Path, ...] = ()
    same: tuple[Path, ...] = ()
    edited: tuple[Path, ...] = ()
    foreign: tuple[Path, ...] = ()


def write_own(files: Mapping[Path, bytes | None], marks: Path) -> Written:
    """Write files, each whole, but for those that are there and not as the lab left them.

    files  path -> content, None where there is to be no file
    marks  a JSON file: path -> the hashes of what the lab wrote there. It is written before the files and after them,
           so that one that was written just before a kill is known for the lab's own
    Raises ValueError for a file of marks that cannot be read.
    """
    known = read_marks(marks)
    wanted = {path: content for path, content in files.items() if content is not None}
    planned = {str(path): hashlib.sha256(content).hexdigest() for path, content in wanted.items()}
    gone = [path for path in files.keys() - wanted.keys() if _hash(path) in known.get(str(path), ())]
    for path in gone:
        path.unlink()
    new: list[Path] = []
    same: list[Path] = []
    edited: list[Path] = []
    foreign: list[Path] = []
    for path in wanted:
        there = _hash(path)
        if there is None or (there != planned[str(path)] and there in known.get(str(path), ())):
            new.append(path)
        elif str(path) not in known:
            foreign.append(path)
        else:
            (same if there == planned[str(path)] else edited).append(path)
    if new:
        for path in new:
            known[str(path)] = [*known.get(str(path), ()), planned[str(path)]]
        _write_marks(marks, known)
        for path in new:
            write_whole(path, wanted[path])
        for path in new:
            known[str(path)] = [planned[str(path)]]
        _write_marks(marks, known)
    return Written(tuple(new), tuple(sorted(gone)), tuple(same), tuple(edited), tuple(foreign))


def read_marks(marks: Path) -> dict[str, list[str]]:
    """Path -> hashes of what the lab wrote there; nothing where there is no file."""
    try:
        return json.loads(marks.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{marks}: not valid JSON; restore it, or choose another folder with out=FOLDER") from error


def _write_marks(marks: Path, known: Mapping[str, list[str]]) -> None:
    write_whole(marks, (json.dumps(known, indent=0, sort_keys=True) + "\n").encode())


def _hash(path: Path) -> str | None:
    """The hash of a file's bytes, None where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
