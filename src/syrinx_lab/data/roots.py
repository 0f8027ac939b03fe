"""One or several roots: their recordings under unique ids, and the annotations that belong to them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from .annotation_problem import Problem, is_utf8, printable
from .audio_copies import label_copies
from .audio_index import CLEANED
from .corpus_settings import CorpusSettings
from .foreign import foreign_audio
from .layout import AudioFile, expand, is_audio, list_files, matches, root_prefixes, same_text
from .pairing import Pairing, pair

_SHOWN = 3  # files that are not annotations

_EXPECTED = (
    "put NAME.txt with `onset offset label` lines (seconds) or a csv with the columns files, onsets, offsets, labels "
    "beside them, or set data.annotation_root to where the annotations are"
)


def missing_folder(path: Path, option: str, or_file: bool = False) -> Problem | None:
    """A problem when `path` is not a folder (nor, where that will do, a file)."""
    if not is_utf8(str(path)):  # a run notes its roots in files that are UTF-8
        advice = f"rename it, or set data.{option} to a link to it with another name"
        return Problem(path, None, f"the name of this folder is not UTF-8; {advice}")
    if path.is_dir() or (or_file and path.is_file()):
        return None
    what = "this is a file, not a folder" if path.is_file() else "there is no such folder"
    return Problem(path, None, f"{what}; set data.{option} to an existing folder")


def find_audio(roots: Sequence[Path], pattern: str | None = None) -> tuple[list[list[AudioFile]], list[Problem]]:
    """The audio files of every root, in order of id, and what is wrong with them: none at all, or two under one id.

    Two files whose names differ only in their ending are one recording in two forms. Those that match the pattern of
    `choose_audio` count; where none does, either will do, for it is only there to be named by annotations.
    """
    problems: list[Problem] = []
    found: list[list[AudioFile]] = []
    ids: dict[str, AudioFile] = {}
    places: dict[str, str] = {}
    for root, prefix in zip(roots, root_prefixes(roots)):
        files: list[AudioFile] = []
        names, unreadable = list_files(root)
        problems += unreadable
        sounds = list(filter(is_audio, names))
        copies = label_copies(root, sounds)
        once: dict[Path, Path] = {}
        for name in sounds:
            once.setdefault(copies.get(name, name), name)  # the first copy stands for all
        audio = [AudioFile(recording_id(prefix, i), root / name, name.parent.parts) for i, name in once.items()]
        for file in sorted(audio, key=lambda file: not _chosen(file, pattern)):  # the chosen ones first
            place, wanted = os.path.realpath(file.path), _chosen(file, pattern)
            if file.id in ids:
                problems += [_one_id(file, ids[file.id])] if wanted else []
            elif place in places:
                message = f"the same file is read as {places[place]} already; give it once"
                problems += [Problem(file.path, None, message)] if wanted else []
            else:
                ids[file.id], places[place] = file, file.id
                files.append(file)
        if not files and not any(problem.severity == "error" for problem in unreadable):
            nothing = "nothing but what the lab wrote" if unreadable else "nothing"
            holds = f"{len(names)} files, none of them audio" if names else nothing
            advice = foreign_audio(names) or "set data.root to the folder of the recordings"
            problems.append(Problem(root, None, f"the folder holds {holds}; {advice}"))
        found.append(sorted(files, key=lambda file: file.id))
    return found, problems


def _one_id(file: AudioFile, other: AudioFile) -> Problem:
    if file.path.suffix != other.path.suffix:
        advice = f"keep one, or choose with data.audio_pattern, such as *{file.path.suffix}"
    else:
        advice = "they differ only in how their letters are encoded; rename one"
    return Problem(file.path, None, f"has the same name as {other.path.name}; {advice}")


def _chosen(file: AudioFile, pattern: str | None) -> bool:
    return matches(Path(*file.folders, file.path.name), pattern)


def locate(path: Path, roots: Sequence[Path]) -> tuple[Path, str] | None:
    """The audio file below the roots that is the file at `path`, links followed, as (path below its root, id).

    None where there is none. A link of the very name comes before others to the same file.
    """
    where, named = os.path.realpath(path), os.path.abspath(path)
    found: list[tuple[bool, Path, str]] = []
    for root, prefix in zip(roots, root_prefixes(roots)):
        sounds = [name for name in (list_files(root)[0] if root.is_dir() else ()) if is_audio(name)]
        copies = label_copies(root, sounds)
        found += [
            (os.path.abspath(root / name) != named, name, recording_id(prefix, copies.get(name, name)))
            for name in sounds
            if os.path.realpath(root / name) == where
        ]
    return min(found)[1:] if found else None


def recording_id(prefix: str, name: Path) -> str:
    """The id of the audio file `name` below a root whose ids begin with `prefix`."""
    return printable(same_text(prefix + name.with_suffix("").as_posix()))


def pair_roots(
    audio: Sequence[Sequence[AudioFile]],
    roots: Sequence[Path],
    settings: CorpusSettings,
) -> Pairing:
    """Pair recordings and annotations root by root, or all roots with the one folder (or file) that annotates them.

    Raises ValueError when there are several annotation roots, and not one for each root.
    """
    sides = list(roots) if settings.annotation_root is None else expand(settings.annotation_root)
    missing_audio: Literal["error", "warning"] = "warning" if settings.unannotated == "skip" else "error"
    if len(sides) not in (1, len(roots)):
        raise ValueError(f"{len(sides)} annotation roots for {len(roots)} roots: give one, or one for each root")
    outcome = Pairing()
    absent = [problem for side in sides if (problem := missing_folder(side, "annotation_root", or_file=True))]
    if absent:
        outcome.problems += absent
        return outcome
    groups: list[Sequence[AudioFile]] = list(audio)
    if len(sides) < len(roots):
        groups = [[replace(f, folders=PurePosixPath(f.id).parent.parts) for files in audio for f in files]]
    for files, side in zip(groups, sides):
        folder = side.parent if side.is_file() else side
        candidates = [Path(side.name)]
        if not side.is_file():
            names, unreadable = list_files(side)
            candidates = [name for name in names if not is_audio(name)]
            outcome.problems += (
                [] if settings.annotation_root is None else unreadable
            )  # else they are known from the audio
        pairing = pair(files, folder, candidates, settings.annotations, missing_audio, settings.rules)
        outcome.sources.update(pairing.sources)
        outcome.problems += pairing.problems
        outcome.passed += pairing.passed
    return outcome


def share_with_denoised(wanted: Sequence[AudioFile], pairing: Pairing) -> None:
    """Give x_cleaned.wav the annotation of x.wav where x.wav is not wanted: both at once are one song twice."""
    chosen = {file.id for file in wanted}
    for name in chosen - pairing.sources.keys():
        original = name.removesuffix(CLEANED)
        if original not in chosen and original in pairing.sources:
            pairing.sources[name] = pairing.sources[original]


def choose_audio(audio: Sequence[Sequence[AudioFile]], pattern: str | None) -> list[AudioFile]:
    """The recordings whose name or path below the root matches the pattern, in order of id."""
    chosen = [file for files in audio for file in files if _chosen(file, pattern)]
    return sorted(chosen, key=lambda file: file.id)


def without_annotation(wanted: Sequence[AudioFile], pairing: Pairing, root: Path, unannotated: str) -> list[Problem]:
    """The problem that some recordings, or all, are not annotated."""
    bare = [file for file in wanted if file.id not in pairing.sources]
    if not bare:
        return []
    if len(bare) == len(wanted):
        kinds = Counter(file.path.suffix for file in bare)
        counted = ", ".join(f"{count} {suffix}" for suffix, count in sorted(kinds.items()))
        if passed := _not_read(pairing.passed):
            return [Problem(root, None, f"no recording is annotated ({counted}){passed}")]
        return [Problem(root, None, f"no recording is annotated ({counted}); {_EXPECTED}")]
    names = ", ".join(file.id for file in bare[:3]) + (", ..." if len(bare) > 3 else "")
    what = f"{len(bare)} of {len(wanted)} recordings have no annotation ({names})"
    stems = {file.path.stem for file in bare}
    what += _not_read([(path, why) for path, why in pairing.passed if path.name.split(".")[0] in stems])
    if unannotated == "skip":
        return [Problem(root, None, f"{what} and are left out", "warning")]
    return [Problem(root, None, f"{what}; annotate them, or leave them out with data.unannotated=skip")]


def _not_read(passed: Sequence[tuple[Path, str]]) -> str:
    """The files that look like annotations and are none, likeliest first, each with the reason; "" where none is."""
    likely = sorted(passed, key=lambda one: one[1].startswith(("its lines", "empty")))
    shown = "".join(f"; {path.name} was not read: {reason}" for path, reason in likely[:_SHOWN])
    more = len(likely) - _SHOWN
    return f"{shown}; nor were {more} more files" if more > 0 else shown
