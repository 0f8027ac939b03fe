"""A folder a label: texts of one recording's name in folders beside each other, which are one annotation together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from .annotation_records import DEFAULT_LABEL, Annotation, AnnotationFile
from .source import Source


def of_label_folders(first: Source, file: AnnotationFile, syllables: Sequence[Annotation]) -> Source | None:
    """The annotation of a recording from one text more, `day/b/x.txt` beside `day/a/x.txt`; None where it is another.

    Both are lines without labels of their own, which take the names of their folders; they bear one name, in folders
    of one folder, and no syllable of one overlaps one of the other: else they are two annotations of the same.
    """
    path, other = first.path, file.path
    beside = path.name == other.name and path.parent != other.parent and path.parent.parent == other.parent.parent
    if not (beside and first.format == file.format == "text" and syllables and not file.unusable):
        return None
    if any(one.label != DEFAULT_LABEL for one in syllables):
        return None
    known = [one if one.label != DEFAULT_LABEL else replace(one, label=path.parent.name) for one in first.syllables]
    if not all((path.parent.parent / one.label / path.name).is_file() for one in known):
        return None  # labels of its own, and no folders
    added = [replace(one, label=other.parent.name, line=None) for one in syllables]
    together = sorted([*(replace(one, line=None) for one in known), *added], key=lambda one: one.onset_s)
    if any(after.onset_s < before.offset_s for before, after in pairwise(together)):
        return None
    return replace(first, syllables=tuple(together))


def overlap_of(first: Source, file: AnnotationFile, syllables: Sequence[Annotation]) -> str:
    """Where two texts of folders beside each other contradict: "; 'a' from 0.1 to 0.2 s and ...", else ""."""
    if first.path.parent.parent != file.path.parent.parent or first.path.parent == file.path.parent:
        return ""
    for one in first.syllables:
        for other in syllables:
            if max(one.onset_s, other.onset_s) < min(one.offset_s, other.offset_s):
                return f": {_named(one, first.path)} and {_named(other, file.path)} cannot both be"
    return ""


def _named(one: Annotation, path: Path) -> str:
    label = path.parent.name if one.label == DEFAULT_LABEL else one.label
    return f"{label!r} from {one.onset_s:g} to {one.offset_s:g} s"
