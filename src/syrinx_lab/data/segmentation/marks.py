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


@dataclass(frozen=True)
class Mark:
    """What the lab knows of a file that it wrote.

    hashes  of its bytes, as the lab left them
    audio   the recording whose annotation it is, a path
    sound   hash of that recording's bytes
    """

    hashes: tuple[str, ...]
    audio: str = ""
    sound: str = ""


def write_own(
    files: Mapping[Path, bytes | None], marks: Path, audio: Mapping[Path, tuple[Path, str]] | None = None
) -> Written:
    """Write files, each whole, but for those that are there and not as the lab left them.

    files  path -> content, None where there is to be no file
    marks  a JSON file: path -> its `Mark`; paths below its own folder are relative to it, so that the folder can be
           moved. It is written before the files and after them, so that one that was written just before a kill is
           known for the lab's own
    audio  path -> the recording that it annotates, and the hash of its bytes. Another file that the lab wrote for that
           recording, in another format, is removed; where it was changed since, it stays, and no new one is written
           beside it
    Raises ValueError for a file of marks that cannot be read.
    """
    audio = audio or {}
    known = read_marks(marks)
    wanted = {path: content for path, content in files.items() if content is not None}
    planned = {path: hashlib.sha256(content).hexdigest() for path, content in wanted.items()}
    gone = [path for path in files.keys() - wanted.keys() if _is_own(path, known)]
    edited: list[Path] = []
    places = {str(recording): path for path, (recording, _) in audio.items()}
    for path, mark in known.items():
        new_place = places.get(mark.audio)
        if path in files or new_place is None or not path.exists():
            continue
        if _is_own(path, known):
            gone.append(path)
        else:
            edited.append(path)
            wanted.pop(new_place, None)
    for path in gone:
        path.unlink()
    new: list[Path] = []
    same: list[Path] = []
    foreign: list[Path] = []
    for path in wanted:
        there = _hash(path)
        if there is None or (there != planned[path] and _is_own(path, known)):
            new.append(path)
        elif path not in known:
            foreign.append(path)
        else:
            (same if there == planned[path] else edited).append(path)
    now = {path: (str(audio[path][0]), audio[path][1]) if path in audio else ("", "") for path in (*new, *same)}
    moved = [path for path in same if path in audio and now[path] != (known[path].audio, known[path].sound)]
    for path in moved:
        known[path] = Mark(known[path].hashes, *now[path])
    if new or moved:
        for path in new:
            before = known[path].hashes if path in known else ()
            known[path] = Mark((*before, planned[path]), *now[path])
        _write_marks(marks, known)
        for path in new:
            write_whole(path, wanted[path])
        for path in new:
            known[path] = Mark((planned[path],), *now[path])
        _write_marks(marks, known)
    return Written(tuple(new), tuple(sorted(gone)), tuple(same), tuple(edited), tuple(foreign))


def refuse_other_audio(audio: Mapping[Path, Path], marks: Path) -> None:
    """Raise ValueError where a file that the lab wrote annotates another recording than it would from now on.

    Recordings of two days may have one name. One that was moved has the same bytes, one that was changed the same path.

    audio  path of an annotation -> its recording
    """
    for path, mark in read_marks(marks).items():
        recording = audio.get(path)
        if recording is None or not mark.audio or not path.exists() or str(recording) == mark.audio:
            continue
        if _hash(recording) != mark.sound:
            raise ValueError(
                f"{path}: annotates {mark.audio}, and {recording} has the same name here: segment a folder that holds "
                "both (data.root), or choose another out=FOLDER"
            )


def read_marks(marks: Path) -> dict[Path, Mark]:
    """Path -> what the lab knows of what it wrote there; nothing where there is no file."""
    try:
        stored = json.loads(marks.read_text(encoding="utf-8"))
        return {
            marks.parent / name: Mark(tuple(one["hashes"]), one["audio"], one["sound"]) for name, one in stored.items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{marks}: not valid; restore it, or choose another folder with out=FOLDER") from error


def _write_marks(marks: Path, known: Mapping[Path, Mark]) -> None:
    below = marks.parent
    stored = {
        str(path.relative_to(below) if path.is_relative_to(below) else path.absolute()): vars(mark)
        for path, mark in known.items()
    }
    write_whole(marks, (json.dumps(stored, indent=0, sort_keys=True) + "\n").encode())


def _is_own(path: Path, known: Mapping[Path, Mark]) -> bool:
    """Whether a file is there as the lab left it."""
    return path in known and _hash(path) in known[path].hashes


def _hash(path: Path) -> str | None:
    """The hash of a file's bytes, None where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
