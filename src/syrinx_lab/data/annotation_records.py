"""What every reader of annotations returns: checked onsets, offsets and labels, and the problems found on the way."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

DEFAULT_LABEL = "voc"
ROUNDING_S = 1e-3  # what annotation programs may lose by rounding to milliseconds
_BY_HAND_S = 0.02  # how far boundaries that were set by hand may overlap without being a mistake

NativeRate = Callable[[str], int | None]
"""The native sample rate in Hz of an audio file, by the name that the annotation gives it; None when not known."""


Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Problem:
    """Something wrong with a file, and where: errors stop a run, warnings and notes are only told."""

    path: Path
    line: int | None
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.path}{'' if self.line is None else f', line {self.line}'}: {self.message}"


@dataclass(frozen=True)
class Annotation:
    """One syllable as annotated: onset and offset in seconds, label, and the line it stands on (None: not text)."""

    onset_s: float
    offset_s: float
    label: str
    line: int | None = None


@dataclass
class AnnotationFile:
    """The contents of one annotation file.

    path        the file
    format      the name of its format
    recordings  audio name as the file writes it -> its syllables in order of onset; the name "" stands for the
                recording that bears the file's own name
    named_on    audio name -> the line that names it first (None: not text)
    problems    lines that could not be used
    """

    path: Path
    format: str
    recordings: dict[str, list[Annotation]] = field(default_factory=dict)
    named_on: dict[str, int | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def name(self, audio: str, line: int | None = None) -> None:
        """Note that the file annotates `audio`, perhaps with no syllable at all."""
        self.recordings.setdefault(audio, [])
        self.named_on.setdefault(audio, line)

    def add(self, audio: str, onset_s: float, offset_s: float, label: str, line: int | None = None) -> None:
        """Add a syllable, or a problem when its times are NaN, negative or out of order."""
        self.name(audio, line)
        if not (math.isfinite(onset_s) and math.isfinite(offset_s)):
            self.fault(line, f"onset {onset_s:g} and offset {offset_s:g} must both be finite numbers of seconds")
        elif onset_s < 0:
            self.fault(line, f"the onset is negative, {onset_s:g} s; times are counted from the start of the recording")
        elif offset_s <= onset_s:
            self.fault(
                line, f"the offset, {offset_s:g} s, must come after the onset, {onset_s:g} s; correct or delete it"
            )
        else:
            self.recordings[audio].append(Annotation(onset_s, offset_s, label.strip() or DEFAULT_LABEL, line))

    def fault(self, line: int | None, message: str, severity: Severity = "error") -> None:
        """Add a problem."""
        self.problems.append(Problem(self.path, line, message, severity))

    def finish(self) -> AnnotationFile:
        """Sort the syllables of every recording by onset and settle those that overlap.

        Neighbours that overlap by at most 20 ms are cut apart at the later onset, with a warning when it is more than
        the 1 ms of a rounding error; a syllable that overlaps its predecessor further is an error and left out.
        """
        for audio, syllables in self.recordings.items():
            kept: list[Annotation] = []
            for syllable in sorted(syllables, key=lambda s: (s.onset_s, s.offset_s)):
                last = kept[-1] if kept else None
                if last is not None and syllable.onset_s < last.offset_s:
                    shared_s = last.offset_s - syllable.onset_s
                    inside = syllable.onset_s <= last.onset_s or syllable.offset_s <= last.offset_s
                    if inside or shared_s > _BY_HAND_S:
                        self.fault(syllable.line, f"{_overlap(syllable, last)}; correct or delete one of them")
                        continue
                    if shared_s > ROUNDING_S:
                        self.fault(syllable.line, f"{_overlap(syllable, last)}; the earlier was cut short", "warning")
                    kept[-1] = replace(last, offset_s=syllable.onset_s)
                kept.append(syllable)
            self.recordings[audio] = kept
        return self


def _overlap(syllable: Annotation, last: Annotation) -> str:
    """Two syllables that overlap, in words."""
    where = "" if last.line is None else f" of line {last.line}"
    return (
        f"syllable {syllable.label} from {syllable.onset_s:g} to {syllable.offset_s:g} s overlaps syllable "
        f"{last.label}{where} from {last.onset_s:g} to {last.offset_s:g} s"
    )
