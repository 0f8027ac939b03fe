"""What every reader of annotations returns: checked onsets, offsets and labels, and the problems found on the way."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from .annotation_problem import Problem, Severity
from .annotation_rules import AS_WRITTEN, AnnotationRules

DEFAULT_LABEL = "voc"
ROUNDING_S = 1e-3  # what annotation programs may lose by rounding to milliseconds
LEFT_OUT = {"error": " (data.faulty=skip leaves it out)", "warning": "; left out"}
_BY_HAND_S = 0.02  # how far boundaries that were set by hand may overlap without being a mistake

NativeRate = Callable[[str], int | None]
"""The native sample rate in Hz of an audio file, by the name that the annotation gives it; None when not known."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One syllable as annotated.

    onset_s, offset_s  seconds from the start of the recording
    label              NFC, so that two ways to write one letter are one label
    line               the line it stands on; None where the file is not text
    index              its number in the file, from 1; None where it has a line
    channel            the channel it was marked on, from 0; None where the file does not say
    """

    onset_s: float
    offset_s: float
    label: str
    line: int | None = None
    index: int | None = None
    channel: int | None = None

    def __str__(self) -> str:
        number = "" if self.index is None else f"{self.index}, "
        return f"syllable {number}{self.label}"


@dataclass
class AnnotationFile:
    """The contents of one annotation file.

    path         the file
    format       the name of its format
    rules        how it is read
    recordings   audio name as the file writes it -> its syllables in order of onset; the name "" stands for the
                 recording that bears the file's own name
    named_on     audio name -> the line that names it first (None: not text)
    second_name  audio name -> another name of the same recording, for when the first is not found
    silences     audio name -> how many stretches of each silence label were left out
    unusable     the audio names whose annotation cannot be used at all
    problems     what could not be used
    """

    path: Path
    format: str
    rules: AnnotationRules = AS_WRITTEN
    recordings: dict[str, list[Annotation]] = field(default_factory=dict)
    named_on: dict[str, int | None] = field(default_factory=dict)
    second_name: dict[str, str] = field(default_factory=dict)
    silences: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unusable: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def name(self, audio: str, line: int | None = None) -> None:
        """Note that the file annotates `audio`, perhaps with no syllable at all."""
        self.recordings.setdefault(audio, [])
        self.named_on.setdefault(audio, line)

    def add(
        self,
        audio: str,
        onset_s: float,
        offset_s: float,
        label: str,
        line: int | None = None,
        *,
        index: int | None = None,
        channel: int | None = None,
    ) -> None:
        """Add a syllable, or a problem when its times are NaN, negative or out of order.

        An onset at most 20 ms before the start of the recording is moved to it, with a warning.
        """
        self.name(audio, line)
        label = unicodedata.normalize("NFC", label.strip()) or DEFAULT_LABEL
        if label in self.rules.silence_labels:
            self.silences[audio][label] += 1
            return
        found = Annotation(onset_s, offset_s, label, line, index, channel)
        if not (math.isfinite(onset_s) and math.isfinite(offset_s)):
            times = f"onset {onset_s:g} and offset {offset_s:g}"
            self.fault(line, f"{times} of {found} must both be finite numbers of seconds", label=label)
        elif offset_s <= onset_s:
            order = f"the offset, {offset_s:g} s, must come after the onset, {onset_s:g} s"
            self.fault(line, f"{order}, of {found}; correct or delete it", label=label)
        elif onset_s < -_BY_HAND_S or (onset_s < 0 and offset_s <= 0):
            start = "times are counted from the start of the recording"
            self.fault(line, f"the onset is negative, {onset_s:g} s, of {found}; {start}", label=label)
        else:
            if onset_s < 0:
                moved = f"the onset is negative, {onset_s:g} s, of {found}; it was moved to 0"
                self.fault(line, moved, "warning")
                found = replace(found, onset_s=0.0)
            self.recordings[audio].append(found)

    def fault(
        self, line: int | None, message: str, severity: Severity | None = None, *, label: str | None = None
    ) -> None:
        """Add a problem; without a severity it is one of a syllable of this label, which cannot be used."""
        if severity is None:
            severity = self.rules.severity(label)
            message += LEFT_OUT[severity]
        self.problems.append(Problem(self.path, line, message, severity))

    def refuse(self, message: str, audio: str | None = None, line: int | None = None) -> AnnotationFile:
        """Add a problem that makes the annotation of `audio`, or of all that the file annotates, unusable."""
        self.unusable |= (set(self.recordings) or {""}) if audio is None else {audio}
        self.fault(line, message)
        return self

    def finish(self) -> AnnotationFile:
        """Sort the syllables of every recording by onset and settle those that overlap; see `without_overlaps`."""
        for audio, syllables in self.recordings.items():
            kept: list[Annotation] = []
            for channel in dict.fromkeys(syllable.channel for syllable in syllables):
                on_channel = [syllable for syllable in syllables if syllable.channel == channel]
                apart, problems = without_overlaps(on_channel, self.rules, self.path)
                kept += apart
                self.problems += problems
            self.recordings[audio] = sorted(kept, key=_by_time)
        return self


def without_overlaps(
    syllables: list[Annotation], rules: AnnotationRules, path: Path
) -> tuple[list[Annotation], list[Problem]]:
    """The syllables in order of onset, none of which overlaps another, and what was cut or left out for it.

    Neighbours that overlap by at most 20 ms are cut apart at the later onset, with a warning when it is more than the
    1 ms of a rounding error. Of two that overlap further the later is a fault and left out, or the earlier where its
    label alone was not asked for.
    """
    found = AnnotationFile(path, "", rules)
    kept: list[Annotation] = []
    for syllable in sorted(syllables, key=_by_time):
        while kept and syllable.onset_s < kept[-1].offset_s:
            last = kept[-1]
            shared_s = last.offset_s - syllable.onset_s
            inside = syllable.onset_s <= last.onset_s or syllable.offset_s <= last.offset_s
            if not (inside or shared_s > _BY_HAND_S):
                if shared_s > ROUNDING_S:
                    found.fault(syllable.line, f"{_overlap(syllable, last)}; the earlier was cut short", "warning")
                kept[-1] = replace(last, offset_s=syllable.onset_s)
                kept.append(syllable)
                break
            if rules.asked(last.label) or not rules.asked(syllable.label):
                found.fault(
                    syllable.line, f"{_overlap(syllable, last)}; correct or delete one of them", label=syllable.label
                )
                break
            found.fault(last.line, f"{_overlap(last, syllable)}; correct or delete one of them", label=last.label)
            kept.pop()
        else:
            kept.append(syllable)
    return kept, found.problems


def _by_time(syllable: Annotation) -> tuple[float, float]:
    return syllable.onset_s, syllable.offset_s


def _overlap(syllable: Annotation, last: Annotation) -> str:
    """Two syllables that overlap, in words."""
    where = "" if last.line is None else f" of line {last.line}"
    return (
        f"{syllable} from {syllable.onset_s:g} to {syllable.offset_s:g} s overlaps {last}{where} from "
        f"{last.onset_s:g} to {last.offset_s:g} s"
    )
