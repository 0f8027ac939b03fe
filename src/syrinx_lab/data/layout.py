"""What lies in a folder of song: the recordings and the other files."""

from __future__ import annotations

import errno
import fnmatch
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .annotation_problem import Problem
from .lab_folders import is_the_labs

AUDIO_SUFFIXES = frozenset(
    {
        ".wav",
        ".wave",
        ".w64",
        ".rf64",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".aif",
        ".aiff",
        ".aifc",
        ".au",
        ".snd",
    }
    | {".caf", ".nist", ".sph", ".voc", ".paf", ".svx"}
)


@dataclass(frozen=True)
class AudioFile:
    """A recording on disk: its id, its file, and the folders from the root down to it."""

    id: str
    path: Path
    folders: tuple[str, ...]


def same_text(text: str) -> str:
    """Text in Unicode's composed form (NFC): what names are compared in, for file systems differ in what they keep."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def expand(paths: str | os.PathLike[str] | Sequence[str]) -> list[Path]:
    """One path or several as a list, with ~ as the home folder, spelled as they are on disk: see `on_disk`."""
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    return [on_disk(Path(path).expanduser()) for path in several]


def on_disk(path: Path) -> Path:
    """The path that exists and differs at most in Unicode's normal form; the path itself where there is none."""
    if str(path).isascii() or os.path.lexists(path):
        return path
    found = Path(path.anchor)
    for part in path.relative_to(path.anchor).parts:
        step = found / part
        if not os.path.lexists(step):
            try:
                alike = [name for name in os.listdir(found) if same_text(name) == same_text(part)]
            except OSError:
                return path
            if len(alike) != 1:
                return path
            step = found / alike[0]
        found = step
    return found


def list_files(root: Path) -> tuple[list[Path], list[Problem]]:
    """Every file under `root` relative to it, sorted, and the folders and links that lead nowhere.

    Links are followed, names with a leading dot passed over. So is what the lab wrote below `root`, with a note, see
    `is_the_labs`. A folder that cannot be read is an error. A link to a file that is gone is a warning and no file,
    unless it is called like audio: reading it says so.
    """
    found: list[Path] = []
    problems: list[Problem] = []
    visited: set[str] = set()
    labs: list[Path] = []

    def unreadable(error: OSError) -> None:
        reason = os.strerror(error.errno) if error.errno else str(error)
        advice = "permit it to be read (chmod u+rx)" if error.errno in (errno.EACCES, errno.EPERM) else "mend it"
        message = f"the folder cannot be read ({reason}), so what lies in it is unknown; {advice}, or move it elsewhere"
        problems.append(Problem(Path(error.filename or root), None, message))

    for folder, folders, names in os.walk(root, followlinks=True, onerror=unreadable):
        real = os.path.realpath(folder)
        if real in visited:  # a link that leads back up
            folders.clear()
            continue
        visited.add(real)
        if folder != str(root) and is_the_labs(Path(folder), names):
            labs.append(Path(folder))
            folders.clear()
            continue
        # folders before links to them, so that a recording's id does not depend on the order of the file system
        folders[:] = sorted(
            (name for name in folders if not name.startswith(".")), key=lambda n: (os.path.islink(f"{folder}/{n}"), n)
        )
        for name in sorted(name for name in names if not name.startswith(".")):
            path = Path(folder, name)
            if is_audio(path) or not (target := broken_link(path)):
                found.append(path.relative_to(root))
            else:
                problems.append(
                    Problem(path, None, f"a link to {target}, which does not exist; passed over", "warning")
                )
    if labs:
        message = f"{len(labs)} folder(s) of what the lab wrote (runs, sweeps, rendered song) are passed over"
        problems.append(Problem(min(labs), None, message, "note"))
    return sorted(found), problems


def broken_link(path: Path) -> str | None:
    """Where a link points to that leads nowhere; None for anything else."""
    if not os.path.islink(path):
        return None
    try:
        os.stat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return os.readlink(path)
    return None


def is_audio(path: Path) -> bool:
    """Whether the name of a file ends as audio does."""
    return path.suffix.lower() in AUDIO_SUFFIXES


def matches(path: Path, pattern: str | None) -> bool:
    """Whether a relative path, or its last part, matches a shell pattern such as *_song.wav; no pattern matches all."""
    if pattern is None:
        return True
    wanted = same_text(pattern)
    return any(fnmatch.fnmatch(same_text(text), wanted) for text in (path.name, path.as_posix()))


def root_prefixes(roots: Sequence[Path]) -> list[str]:
    """What the ids of each root begin with: nothing for one root, else the shortest ends of the paths that differ."""
    if len(roots) == 1:
        return [""]
    parts = [root.resolve().parts for root in roots]
    for depth in range(1, max(map(len, parts)) + 1):
        prefixes = ["/".join(part[-depth:]).lstrip("/") + "/" for part in parts]
        if len(set(prefixes)) == len(prefixes):
            return prefixes
    raise ValueError(f"{roots[0]}: the same root is given twice; give each folder once")
