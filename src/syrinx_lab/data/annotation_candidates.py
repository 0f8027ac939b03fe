"""The files of a folder that may hold annotations: which are read, and why others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .annotation_csv import hints_at_syllables, no_header, read_columns
from .annotation_encoding import decode
from .annotation_records import AnnotationFile
from .annotation_rules import AnnotationRules
from .annotations import ORDER, canonical, detect_format, format_endings, own_names, read_annotation_file
from .audio_file import sound_info
from .audio_index import AudioIndex
from .foreign import is_foreign_audio, why_not_annotation
from .layout import AudioFile
from .progress import tracked

_TEXT = (".txt", ".csv", ".tsv", ".table")


@dataclass(frozen=True)
class Candidate:
    """A file that was read: its rank (low is believed first), the folders down to it, the recordings of its name."""

    file: AnnotationFile
    rank: tuple[int, int, int, int]
    near: tuple[str, ...]
    own: list[AudioFile]

    @property
    def doubtful(self) -> bool:
        """Whether its contents do not confirm its format."""
        return self.rank[0] == 1

    def find(self, index: AudioIndex, name: str) -> list[AudioFile]:
        """The recordings that a name in the file may mean."""
        return find_named(index, self.near, name, self.file.second_name.get(name)) if name else self.own


def find_named(index: AudioIndex, near: tuple[str, ...], name: str, second: str | None = None) -> list[AudioFile]:
    """The recordings of a name, or of the second name; x.cbin is a wav that was made of it, too."""
    for one in (name, second):
        if one and (found := index.find(one, near)):
            return found
        if one and is_foreign_audio(one) and (found := index.find(str(Path(one).with_suffix("")), near)):
            return found
    return []


def read_candidates(
    index: AudioIndex, folder: Path, files: Sequence[Path], annotations: str, rules: AnnotationRules
) -> tuple[list[Candidate], list[tuple[Path, str]]]:
    """Every file that may hold annotations, read and ranked, and the others that look like it, each with the reason."""
    endings = tuple(ending.lower() for ending in format_endings(annotations))
    candidates, passed = [], []
    for relative in tracked(files, "looking for annotations"):
        path = folder / relative
        if not path.name.lower().endswith(endings):
            if reason := _other_kind(path, annotations):
                passed.append((path, reason))
            continue
        detected, confirmed = detect_format(path) or (None, False)
        name = detected if annotations == "auto" else canonical(annotations)
        if name is None or (annotations == "yarden" and detected == "notmat"):
            if reason := why_not_annotation(path):
                passed.append((path, reason))
            continue
        confirmed = confirmed or name not in ORDER
        names = own_names(path)
        own, tagged = next(
            ((o, i) for i, n in enumerate(names) if (o := index.find_own(n, relative.parent.parts))), ([], 0)
        )
        if not (confirmed or own or (name == "csv" and hints_at_syllables(path))):
            passed.append((path, _doubt(path)))
            continue
        bare = Candidate(AnnotationFile(path, name), (0, 0, 0, 0), relative.parent.parts, own)

        def native_rate(audio: str, bare: Candidate = bare) -> int | None:
            recordings = bare.find(index, audio)
            info = sound_info(recordings[0].path) if len(recordings) == 1 else None
            return info.samplerate if info else None  # a file that cannot be read is reported when its samples are

        file = read_annotation_file(path, name, native_rate, rules)
        order = ORDER.index(name) if name in ORDER else len(ORDER)
        rank = (int(not confirmed), int("" in file.recordings), order, tagged)
        candidates.append(Candidate(file, rank, bare.near, own))
    return candidates, passed


def _other_kind(path: Path, annotations: str) -> str | None:
    """Why a file whose name does not end as asked is not read; None for what never holds annotations."""
    if annotations == "auto":
        return why_not_annotation(path)
    if path.name.lower().endswith(tuple(ending.lower() for ending in format_endings("auto"))):
        return f"data.annotations={annotations} does not read such files; set it to auto"
    return None


def _doubt(path: Path) -> str:
    """Why a text or table does not count as annotations."""
    try:
        text = decode(path).text
    except ValueError as error:
        return str(error)
    if not text.strip():
        return "empty, and no recording bears its name"
    columns, table = read_columns(text)
    if len(table.names) > 1 and path.suffix.lower() in _TEXT and table.delimiter != " ":
        missing = [
            wanted for wanted, column in (("onsets", columns.onset), ("offsets", columns.offset)) if column is None
        ]
        if missing:
            names = f"{', '.join(table.names)[:120]}{no_header(table)}"
            return f"its header names no {' and no '.join(missing)}; it has: {names}"
    return "its lines are not `onset offset [label]` with numbers first, and no recording bears its name"
