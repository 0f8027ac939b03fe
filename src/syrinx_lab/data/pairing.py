"""Which annotation belongs to which recording, and what is left over on either side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import soundfile

from .annotation_csv import hints_at_syllables
from .annotation_records import Annotation, AnnotationFile, Problem
from .annotations import ORDER, canonical, detect_format, format_endings, own_names, read_annotation_file
from .layout import AudioFile, AudioIndex


@dataclass(frozen=True)
class Source:
    """The annotation of one recording: its file, the format, and the syllables in order of onset."""

    path: Path
    format: str
    syllables: tuple[Annotation, ...]


@dataclass
class Pairing:
    """The outcome: recording id -> its annotation, and the problems on the way."""

    sources: dict[str, Source] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Candidate:
    """A file that was read: its rank (low is believed first), the folders down to it, the recordings of its name."""

    file: AnnotationFile
    rank: tuple[int, int, int, int]
    near: tuple[str, ...]
    own: list[AudioFile]

    @property
    def doubtful(self) -> bool:
        return self.rank[0] == 1


def pair(
    audio: Sequence[AudioFile],
    folder: Path,
    files: Sequence[Path],
    annotations: str,
    missing_audio: Literal["error", "warning"],
) -> Pairing:
    """Find the annotation of every recording.

    audio          the recordings
    folder         where the annotation files lie
    files          the files to look at, relative to `folder`
    annotations    the name of a format, or "auto": every file is looked into, and a recording that is annotated in
                   several ways takes a table of many recordings before a file of its own, then the first of ORDER
    missing_audio  severity of an annotation without its recording

    Two files of the same rank for one recording are an error, as is a name that fits several recordings.
    """
    index, outcome = AudioIndex(audio), Pairing()
    candidates = sorted(_read_candidates(index, folder, files, annotations), key=lambda c: (c.rank, c.file.path))
    ranks: dict[str, tuple[int, int, int, int]] = {}
    passed_over: dict[str, list[Path]] = defaultdict(list)
    missing: list[tuple[AnnotationFile, list[str]]] = []
    for candidate in candidates:
        file = candidate.file
        if candidate.doubtful and all(recording.id in outcome.sources for recording in candidate.own or audio):
            continue
        # A file that cannot be read at all still claims the recording of its name, so that one fault is told once.
        named = file.recordings or ({"": []} if candidate.own else {})
        used, absent = not named, []
        for name, syllables in named.items():
            recordings, line = _find(index, candidate, name), file.named_on.get(name)
            if not recordings:
                absent.append(name)
            elif len(recordings) > 1:
                outcome.problems.append(Problem(file.path, line, _ambiguous(name, recordings)))
            elif (recording := recordings[0].id) not in outcome.sources:
                outcome.sources[recording] = Source(file.path, file.format, tuple(syllables))
                ranks[recording] = candidate.rank
                used = True
            elif ranks[recording] == candidate.rank:
                outcome.problems.append(
                    Problem(file.path, line, _twice(recording, outcome.sources[recording].path, file.path))
                )
            else:
                passed_over[file.format].append(file.path)
        if absent:
            missing.append((file, absent))
        if used:
            outcome.problems += file.problems
    believed = {source.format for source in outcome.sources.values()}
    complete = len(outcome.sources) == len(audio)
    for file, absent in missing:
        severity = "note" if complete and file.format not in believed else missing_audio
        outcome.problems.append(Problem(file.path, file.named_on[absent[0]], _no_audio(absent), severity))
    for name, paths in passed_over.items():
        outcome.problems.append(Problem(paths[0], None, _not_used(name, len(set(paths)), believed), "note"))
    return outcome


def _read_candidates(index: AudioIndex, folder: Path, files: Sequence[Path], annotations: str) -> list[_Candidate]:
    """Read every file that may hold annotations and rank it."""
    endings = tuple(ending.lower() for ending in format_endings(annotations))
    candidates = []
    for relative in files:
        path = folder / relative
        if not path.name.lower().endswith(endings):
            continue
        detected, confirmed = detect_format(path) or (None, False)
        name = detected if annotations == "auto" else canonical(annotations)
        if name is None or (annotations == "yarden" and detected == "notmat"):
            continue
        confirmed = confirmed or name not in ORDER
        names = own_names(path)
        own, tagged = next(
            ((o, i) for i, n in enumerate(names) if (o := index.find(n, relative.parent.parts))), ([], 0)
        )
        if not (confirmed or own or (name == "csv" and hints_at_syllables(path))):
            continue
        bare = _Candidate(AnnotationFile(path, name), (0, 0, 0, 0), relative.parent.parts, own)

        def native_rate(audio: str, bare: _Candidate = bare) -> int | None:
            recordings = _find(index, bare, audio)
            return _native_rate(recordings[0].path) if len(recordings) == 1 else None

        file = read_annotation_file(path, name, native_rate)
        order = ORDER.index(name) if name in ORDER else len(ORDER)
        candidates.append(
            _Candidate(file, (int(not confirmed), int("" in file.recordings), order, tagged), bare.near, own)
        )
    return candidates


def _find(index: AudioIndex, candidate: _Candidate, name: str) -> list[AudioFile]:
    return index.find(name, candidate.near) if name else candidate.own


def _native_rate(path: Path) -> int | None:
    """The file's own sample rate in Hz; None when it cannot be read, which is told when its samples are."""
    try:
        return soundfile.info(path).samplerate
    except soundfile.LibsndfileError:
        return None


def _ambiguous(name: str, recordings: list[AudioFile]) -> str:
    fits = " and ".join(recording.id for recording in recordings[:2])
    subject = f"{name!r}" if name else "the file's name"
    return f"{subject} fits {len(recordings)} recordings, {fits}; name the folder too, or keep one folder a root"


def _twice(recording: str, first: Path, second: Path) -> str:
    if first == second:
        return f"two names in this file mean the one recording {recording}; is a recording missing?"
    return f"{recording} is annotated in {first} as well; keep one, or choose with data.annotation_root"


def _no_audio(absent: list[str]) -> str:
    more = f" (nor {len(absent) - 1} more that it names)" if len(absent) > 1 else ""
    what = f"there is no recording {absent[0]!r}{more}" if absent[0] else "there is no recording of this file's name"
    return f"{what}; add the audio, delete the annotation, or set data.unannotated=skip"


def _not_used(name: str, count: int, believed: set[str]) -> str:
    others = " and ".join(sorted(believed - {name})) or "a table"
    return (
        f"{count} {name} file(s) not used, since {others} annotates the same; set data.annotations={name} to use them"
    )
