"""What lies in a folder of song: the recordings, the other files, and which recording a name means."""

from __future__ import annotations

import fnmatch
import itertools
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

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


def expand(paths: str | os.PathLike[str] | Sequence[str]) -> list[Path]:
    """One path or several as a list, with ~ as the home folder."""
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    return [Path(path).expanduser() for path in several]


def list_files(root: Path) -> list[Path]:
    """Every file under `root` relative to it, sorted; links are followed, names with a leading dot passed over."""
    found: list[Path] = []
    visited: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in visited:  # a link that leads back up
            folders.clear()
            continue
        visited.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name).relative_to(root) for name in names if not name.startswith(".")]
    return sorted(found)


def is_audio(path: Path) -> bool:
    """Whether the name of a file ends as audio does."""
    return path.suffix.lower() in AUDIO_SUFFIXES


def matches(path: Path, pattern: str | None) -> bool:
    """Whether a relative path, or its last part, matches a shell pattern such as *_song.wav; no pattern matches all."""
    return pattern is None or fnmatch.fnmatch(path.name, pattern) or fnmatch.fnmatch(path.as_posix(), pattern)


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


class AudioIndex:
    """Finds the recording that a name in an annotation means."""

    def __init__(self, files: Iterable[AudioFile]) -> None:
        self._by_stem: dict[str, list[AudioFile]] = defaultdict(list)
        for file in files:
            self._by_stem[file.path.stem].append(file)

    def find(self, name: str, near: tuple[str, ...]) -> list[AudioFile]:
        """The recordings that `name` may mean: none, one, or several when it is ambiguous.

        name  the name of an audio file with or without its ending, perhaps behind folders of this or another machine
        near  the folders from the root to the annotation file

        Of several recordings of that name the best are those that share most folders with the name, then with the
        annotation file, counted from the root (bird1/x.txt, bird1/x.wav) and then from the file (segments/bird1/x.txt,
        audio/bird1/x.wav).
        """
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts:
            return []
        base, folders = parts[-1], parts[:-1]
        files = list(self._by_stem.get(base, []))
        if is_audio(Path(base)):
            files += self._by_stem.get(Path(base).stem, [])
        files = [file for file in files if file.path.name == base] or files
        scores = [
            (_shared(folders[::-1], f.folders[::-1]), _shared(near, f.folders), _shared(near[::-1], f.folders[::-1]))
            for f in files
        ]
        return [file for file, score in zip(files, scores) if score == max(scores)]


def _shared(first: Sequence[str], second: Sequence[str]) -> int:
    """How many leading parts are equal."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, second)))
