"""Which annotation belongs to which recording, and what is left over on either side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from .annotation_candidates import read_candidates
from .annotation_problem import Problem
from .annotation_records import AnnotationFile
from .annotation_rules import AS_WRITTEN, AnnotationRules
from .annotations import own_names
from .audio_index import AudioIndex
from .foreign import how_to_convert
from .label_folders import of_label_folders, overlap_of
from .layout import AudioFile
from .source import Source

__all__ = ["Pairing", "Source", "merged", "pair"]


@dataclass
class Pairing:
    """The outcome: recording id -> its annotation, the problems on the way, and files not read with the reason."""

    sources: dict[str, Source] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    passed: list[tuple[Path, str]] = field(default_factory=list)


def pair(
    audio: Sequence[AudioFile],
    folder: Path,
    files: Sequence[Path],
    annotations: str,
    missing_audio: Literal["error", "warning"],
    rules: AnnotationRules = AS_WRITTEN,
) -> Pairing:
    """Find the annotation of every recording.

    audio          the recordings
    folder         where the annotation files lie
    files          the files to look at, relative to `folder`
    annotations    the name of a format, or "auto": every file is looked into, and a recording that is annotated in
                   several ways takes a table of many recordings before a file of its own, then the first of ORDER
    missing_audio  severity of an annotation without its recording
    rules          how the files are read

    Two files of the same rank for one recording are an error, as is a name that fits several recordings; but texts in
    folders beside each other, a folder a label, are one annotation, see `of_label_folders`.
    """
    index, outcome = AudioIndex(audio, folder), Pairing()
    found, outcome.passed = read_candidates(index, folder, files, annotations, rules)
    candidates = sorted(found, key=lambda c: (c.rank, c.file.path))
    ranks: dict[str, tuple[int, int, int, int]] = {}
    passed_over: dict[str, list[Path]] = defaultdict(list)
    missing: list[tuple[AnnotationFile, list[str]]] = []
    for candidate in candidates:
        file = candidate.file
        if candidate.doubtful and all(recording.id in outcome.sources for recording in candidate.own or audio):
            continue
        # A file that cannot be read at all still claims the recording of its name, so that one fault is reported once.
        named = file.recordings or ({"": []} if candidate.own else {})
        used, absent = not named, []
        for name, syllables in named.items():
            recordings, line = candidate.find(index, name), file.named_on.get(name)
            if not recordings:
                absent.append(name)
            elif len(recordings) > 1:
                outcome.problems.append(Problem(file.path, line, _ambiguous(name, recordings)))
            elif (recording := recordings[0].id) not in outcome.sources:
                usable = name not in file.unusable
                outcome.sources[recording] = Source(
                    file.path, file.format, tuple(syllables), dict(file.silences.get(name, {})), usable
                )
                ranks[recording] = candidate.rank
                used = True
            elif ranks[recording] == candidate.rank and (
                together := of_label_folders(outcome.sources[recording], file, syllables)
            ):
                outcome.sources[recording], used = together, True
            elif ranks[recording] == candidate.rank:
                first = outcome.sources[recording]
                at_odds = overlap_of(first, file, syllables)
                outcome.problems.append(Problem(file.path, line, _twice(recording, first.path, file.path) + at_odds))
            else:
                passed_over[file.format].append(file.path)
        outcome.problems += _renamed(file, index)
        if outside := [name for name in absent if name and index.outside(name, file.path.parent)]:
            outcome.problems.append(Problem(file.path, file.named_on.get(outside[0]), _outside(outside), "note"))
            absent = [name for name in absent if name not in set(outside)]
        if absent:
            missing.append((file, absent))
        if used:
            outcome.problems += file.problems
    believed = {source.format for source in outcome.sources.values()}
    complete = len(outcome.sources) == len(audio)
    for file, absent in missing:
        severity = "note" if complete and file.format not in believed else missing_audio
        outcome.problems.append(
            Problem(file.path, file.named_on[absent[0]], _no_audio(absent, index, file.path), severity)
        )
    for name, paths in passed_over.items():
        outcome.problems.append(Problem(paths[0], None, _not_used(name, len(set(paths)), believed), "note"))
    outcome.problems = merged(outcome.problems)
    return outcome


def merged(problems: Sequence[Problem]) -> list[Problem]:
    """Notes and warnings that whole files share, one for all of them: the first file, and how many more."""
    alike: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        if problem.line is None and problem.severity != "error":
            alike[problem.message, problem.severity].append(problem)
    kept = []
    for problem in problems:
        group = alike.get((problem.message, problem.severity), [problem]) if problem.line is None else [problem]
        if group and problem is not group[0]:
            continue
        more = len({one.path for one in group}) - 1
        kept.append(replace(problem, message=f"{problem.message} (and so {more} more files)") if more else problem)
    return kept


def _ambiguous(name: str, recordings: list[AudioFile]) -> str:
    fits = " and ".join(recording.id for recording in recordings[:2])
    subject = f"{name!r}" if name else "the file's name"
    top = next((one.path for one in recordings if name and not one.folders), None)
    so = f" ({top.resolve().parent.name}/{top.name} for the one at the top)" if top else ""
    return f"{subject} fits {len(recordings)} recordings, {fits}; name the folder too{so}, or keep one folder a root"


def _twice(recording: str, first: Path, second: Path) -> str:
    if first == second:
        return f"two names in this file mean the one recording {recording}; is a recording missing?"
    return f"{recording} is annotated in {first} as well; keep one, or choose with data.annotation_root"


def _outside(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]!r}{more} lie outside data.root and are left out"


def _no_audio(absent: list[str], index: AudioIndex, path: Path) -> str:
    more = f" (nor {len(absent) - 1} more that it names)" if len(absent) > 1 else ""
    what = f"there is no recording {absent[0]!r}{more}" if absent[0] else "there is no recording of this file's name"
    if absent[0] and (found := index.elsewhere(absent[0])):
        rest = f" and {len(found) - 1} more folders" if len(found) > 1 else ""
        where = f"one of that name lies in {found[0].path.parent}{rest}"
        return f"{what}: {where}; correct the folder in the name, add the audio, or set data.unannotated=skip"
    if convert := how_to_convert(absent[0] or own_names(path)[0]):
        return f"{what} in a format that can be read; {convert}"
    return f"{what}; add the audio, delete the annotation, or set data.unannotated=skip"


def _renamed(file: AnnotationFile, index: AudioIndex) -> list[Problem]:
    """That the names of a file bear a folder which is called otherwise here."""
    folders = {folder: name for name in file.recordings if (folder := index.renamed(name)) is not None}
    return [
        Problem(
            file.path,
            file.named_on.get(name),
            f"{name!r} is said to lie in a folder {folder!r}, which is not here; taken for the recording "
            f"{index.find(name, ())[0].id} all the same",
            "warning",
        )
        for folder, name in folders.items()
    ]


def _not_used(name: str, count: int, believed: set[str]) -> str:
    others = " and ".join(sorted(believed - {name})) or "a table"
    return (
        f"{count} {name} file(s) not used, since {others} annotates the same; set data.annotations={name} to use them"
    )
