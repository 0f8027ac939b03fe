"""Which recording a name in an annotation means."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

from .layout import AudioFile, is_audio, same_text

CLEANED = "_cleaned"  # what the published preprocessing adds to the name of the audio, and not to the annotation's
_SPECTROGRAM = re.compile(r"\.spect\.(npz|mat)$")  # what vak makes of x.wav: x.wav.spect.npz
_ELSEWHERE = re.compile(r"[/~]|[A-Za-z]:(/|$)|[A-Za-z]+://")  # how a path begins that is not relative


class AudioIndex:
    """Finds the recording that a name in an annotation means.

    A name without folders means the recording of that name, with or without the ending, and where there is none the
    denoised one, x_cleaned.wav for x. A name behind folders belongs to its folder. The folders are compared from the
    last one upwards with those of the file's whole path, so that the root's own name counts: `d1/rec0.wav` in a table
    means ROOT/d1/rec0.wav, or rec0.wav where data.root is `.../d1`.

        all agree                  the recording is meant
        a relative path, d3/rec0   refused, unless the folders below the root agree (at least one folder, or the
                                   recordings of that name and the table all lie in the root) and the first that does
                                   not is no folder that exists, here or beside the root: then a folder above them was
                                   renamed, or all were taken out of it (`renamed` says so)
        an absolute path           the folders of another machine are no evidence: accepted, unless the first that does
                                   not agree bears the name of a folder of this corpus or beside it
                                   (C:\\data\\d3\\rec0.wav where d3 exists and holds no rec0)

    Of several recordings that may be meant the best are those that share most folders with the name, then with the
    annotation file, counted from the root (bird1/x.txt, bird1/x.wav) and then from the file (segments/bird1/x.txt,
    audio/bird1/x.wav). Names are compared in Unicode's composed form. A search takes time in proportion to the depth
    of the folders, however many recordings bear one name.
    """

    def __init__(self, files: Iterable[AudioFile], annotations: Path | None = None) -> None:
        """`annotations` is the folder below which the annotation files lie."""
        self._annotations = None if annotations is None else annotations.resolve()
        self._by_name: dict[str, list[AudioFile]] = defaultdict(list)
        self._by_stem: dict[str, list[AudioFile]] = defaultdict(list)
        self._by_cleaned: dict[str, list[AudioFile]] = defaultdict(list)
        self._occupied: set[tuple[str, ...]] = set()
        self._structure: set[str] = set()
        self._roots: set[Path] = set()
        self._trees: dict[str, list[_Tree]] = {}
        self._chains, self._exists = cache(_chains), cache(Path.is_dir)
        for file in files:
            self._by_name[same_text(file.path.name)].append(file)
            self._by_stem[same_text(file.path.stem)].append(file)
            if (stem := same_text(file.path.stem)).endswith(CLEANED):
                self._by_cleaned[stem.removesuffix(CLEANED)].append(file)
            if (folders := _same(file.folders)) not in self._occupied:
                self._occupied.add(folders)
                self._structure.update(folders, _chains(_root(file))[0][:1])
                self._roots.add(_root(file).resolve())

    def find(self, name: str, near: tuple[str, ...]) -> list[AudioFile]:
        """The recordings that `name` may mean: none, one, or several when it is ambiguous.

        name  the name of an audio file with or without its ending, perhaps behind folders of this or another machine
        near  the folders from the root to the annotation file
        """
        folders, base, absolute = _parsed(name)
        for tree in self._trees_of(base):
            agreeing, shared = tree.deepest(folders)
            if shared < len(folders):
                agreeing = self._despite(folders[shared], agreeing, absolute)
            if agreeing.entries:
                return agreeing.nearest(_same(near))
        return []

    def find_own(self, name: str, near: tuple[str, ...]) -> list[AudioFile]:
        """The recordings that an annotation file in the folders `near` may belong to, by its own name.

        An annotation that lies among recordings belongs to one of that folder, or of one above or below it: d3/x.txt
        is not of d1/x.wav where d3 holds other recordings and no x.wav.
        """
        found, here = self.find(name, near), _same(near)
        if here not in self._occupied:
            return found
        return [file for file in found if _one_above_the_other(here, _same(file.folders))]

    def elsewhere(self, name: str) -> list[AudioFile]:
        """The recordings of that name in whatever folder, for a message."""
        found = [file for tree in self._trees_of(_parsed(name)[1]) for file in tree.files()]
        return list({file.id: file for file in found}.values())

    def outside(self, name: str, folder: Path) -> bool:
        """Whether a name, seen from the folder of its annotation, is a file that exists and lies below no root."""
        path = Path(os.path.realpath(folder / name.replace("\\", "/")))
        return not any(path.is_relative_to(root) for root in self._roots) and path.is_file()

    def renamed(self, name: str) -> str | None:
        """The folder in a relative `name` that the path of the recording found for it has under another name."""
        folders, base, absolute = _parsed(name)
        for tree in () if absolute else self._trees_of(base):
            agreeing, shared = tree.deepest(folders)
            if shared == len(folders):
                return None
            if self._despite(folders[shared], agreeing, absolute).entries:
                return folders[shared]
        return None

    def _trees_of(self, base: str) -> list[_Tree]:
        """Those of that very name, those that differ in the ending, denoised ones; by folders, the last first."""
        if base not in self._trees:
            loosely = [*self._by_stem.get(base, ())]
            loosely += self._by_stem.get(Path(base).stem, ()) if is_audio(Path(base)) else ()
            cleaned = self._by_cleaned.get(Path(base).stem if is_audio(Path(base)) else base, ())
            self._trees[base] = [
                _Tree([(chain, file) for file in files for chain in self._chains(file.path.parent)])
                for files in (self._by_name.get(base, ()), loosely, cleaned)
                if files
            ]
        return self._trees[base]

    def _despite(self, other: str, agreeing: _Tree, absolute: bool) -> _Tree:
        """Those recordings that are meant although the folder `other` of the name is not in their paths."""
        if other in self._structure or not (absolute or agreeing.depth or self._flat(agreeing)):
            return _Tree([])
        if (other, absolute) not in agreeing.despite:
            beside = {id(entry) for entry in agreeing.topmost() if self._exists(_root(entry[1]).parent / other)}
            entries = agreeing.entries if absolute else agreeing.topmost()
            kept = [entry for entry in entries if id(entry) not in beside] if beside else entries
            agreeing.despite[other, absolute] = agreeing if kept is agreeing.entries else _Tree(kept)
        return agreeing.despite[other, absolute]

    def _flat(self, found: _Tree) -> bool:
        """Whether all of these lie in roots themselves, and the annotations within them."""
        inside, top = self._annotations, found.topmost()
        if inside is None or len(top) < len(found.entries):
            return False
        return all(inside.is_relative_to(root.resolve()) for root in {_root(file) for _, file in top})


class _Tree:
    """Recordings under chains of folders; a branch, one folder further, is made when somebody looks for it."""

    def __init__(self, entries: Sequence[tuple[tuple[str, ...], AudioFile]], depth: int = 0) -> None:
        self.entries = entries
        self.depth = depth
        self._branches: dict[str, _Tree] | None = None
        self.despite: dict[tuple[str, bool], _Tree] = {}
        self._topmost: list[tuple[tuple[str, ...], AudioFile]] | None = None
        self._from_root: _Tree | None = None
        self._from_file: _Tree | None = None

    def files(self) -> list[AudioFile]:
        """The recordings in the order of the index, each once."""
        return list({file.id: file for _, file in self.entries}.values())

    def deepest(self, folders: Sequence[str]) -> tuple[_Tree, int]:
        """The recordings that agree with most of the folders, and with how many."""
        tree = self
        for folder in folders:
            branch = tree._branch(folder)
            if branch is None:
                break
            tree = branch
        return tree, tree.depth - self.depth

    def nearest(self, near: tuple[str, ...]) -> list[AudioFile]:
        """Those that share most folders with `near`, counted from the root, then from the file."""
        if len(self.entries) < 2:
            return self.files()
        if self._from_root is None:
            self._from_root = _Tree([(_same(file.folders), file) for file in self.files()])
        first, _ = self._from_root.deepest(near)
        if first._from_file is None:
            first._from_file = _Tree([(folders[::-1], file) for folders, file in first.entries])
        return first._from_file.deepest(near[::-1])[0].files()

    def topmost(self) -> list[tuple[tuple[str, ...], AudioFile]]:
        """The entries whose folders below the root all agree."""
        if self._topmost is None:
            self._topmost = [entry for entry in self.entries if len(entry[1].folders) <= self.depth]
        return self._topmost

    def _branch(self, folder: str) -> _Tree | None:
        if self._branches is None:
            parts: dict[str, list[tuple[tuple[str, ...], AudioFile]]] = defaultdict(list)
            for chain, file in self.entries:
                if len(chain) > self.depth:
                    parts[chain[self.depth]].append((chain, file))
            self._branches = {name: _Tree(entries, self.depth + 1) for name, entries in parts.items()}
        return self._branches.get(folder)


def _parsed(name: str) -> tuple[tuple[str, ...], str, bool]:
    """The folders of a name, the last one first, its base, and whether its path is absolute."""
    text = _SPECTROGRAM.sub("", same_text(name.replace("\\", "/")))
    kept: list[str] = []
    for part in PurePosixPath(re.sub(r"^([A-Za-z]+://|[A-Za-z]:)", "", text)).parts:
        if part != "..":
            kept.append(part)
        elif kept:
            kept.pop()
    if not kept:
        return (), "", False
    folders = tuple(part for part in kept[-2::-1] if part.strip("/") not in ("", "~"))
    return folders, kept[-1], _ELSEWHERE.match(text) is not None


def _root(file: AudioFile) -> Path:
    """The folder below which the recording's own folders are counted."""
    return Path(*Path(os.path.abspath(file.path)).parts[: -1 - len(file.folders)])


def _chains(folder: Path) -> list[tuple[str, ...]]:
    """The folders of a path, the last one first, as it is given and behind its links."""
    paths = dict.fromkeys((os.path.abspath(folder), os.path.realpath(folder)))
    return [_same(Path(path).parts[:0:-1]) for path in paths]


def _same(folders: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(same_text, folders))


def _one_above_the_other(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
