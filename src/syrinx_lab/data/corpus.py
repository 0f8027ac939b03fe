"""From folders of recordings and annotations to a corpus in memory."""

from __future__ import annotations

import logging
import os
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .annotation_problem import Problem
from .annotation_rules import rules
from .annotations import format_endings
from .audio import check_reading
from .layout import expand
from .pairing import merged
from .progress import tracked
from .reading import Scaling, read_recording
from .recording import Corpus, Recording, Syllable
from .roots import choose_audio, find_audio, missing_folder, pair_roots, share_with_denoised, without_annotation

__all__ = [
    "SILENCE_LABELS",
    "Corpus",
    "Problem",
    "Recording",
    "Syllable",
    "inspect_corpus",
    "label_list",
    "load_corpus",
]

_log = logging.getLogger(__name__)
_TOLD = 5  # warnings shown when a corpus is loaded
SILENCE_LABELS = ("SIL", "sil", "silence", "h#")


def load_corpus(
    root: str | os.PathLike[str] | Sequence[str],
    *,
    sample_rate: int = 44100,
    channel: int | str = 0,
    highpass_hz: float | None = None,
    label: str | int | Sequence[str | int] | None = None,
    annotations: str = "auto",
    annotation_root: str | os.PathLike[str] | Sequence[str] | None = None,
    audio_pattern: str | None = None,
    scale: str = "peak",
    scale_per: str = "recording",
    scale_to: float = 0.4,
    unannotated: str = "error",
    tier: str | int | None = None,
    label_column: str | None = None,
    time_unit: str | None = None,
    faulty: str = "error",
    silence_labels: Sequence[str] | str | None = SILENCE_LABELS,
) -> Corpus:
    """Read all recordings under one or several roots together with their annotations.

    root             folder, or folders (birds, days), searched at any depth
    sample_rate      Hz, of the corpus; recordings of other rates are resampled
    channel          index from 0, or "mean" of all channels
    highpass_hz      cut-off of a zero-phase high-pass, None for none
    label            the label or labels to train on, None for all; the other syllables are kept, not `selected`
    annotations      a format's name (`annotations.available_formats`), or "auto": every file is looked into, and a
                     recording that is annotated in several ways takes a table of many recordings before a file of its
                     own, and then the first of csv, notmat, textgrid, raven, text, aud-bbox, timit
    annotation_root  folder of the annotations, one for all roots or one a root, or a single file; None: beside the
                     audio or in any other folder of the root
    audio_pattern    shell pattern of the audio files to take, such as "*_song.wav", None for all
    scale            "peak", "rms" or "none": what is brought to `scale_to`. The level is measured inside annotated
                     syllables of every label, never on the noise between them, which may therefore end up louder
    scale_per        "recording": one gain, already applied to the samples. "vocalisation": each syllable bears its own
                     `gain`, to be applied when it is cut, and the samples stay as recorded
    scale_to         peak |x| or RMS of the scaled syllables
    unannotated      "error", or "skip" to leave out recordings without annotation and annotations without recording
    tier             the tier of a TextGrid to read, by name or number from 1; None for the first that holds labels
    label_column     the column of a table that holds the labels, None to find it
    time_unit        "s", "ms" or "samples" where the times are not in the unit that their format says, None
    faulty           "error", or "skip" to leave out, with a warning, syllables whose times make no sense and recordings
                     whose annotation cannot be read. Faults of labels that were not asked for are warnings anyway
    silence_labels   labels of stretches that are no syllable; left out with a note, unless asked for by `label`

    Raises ValueError with one line for the first thing that is wrong: the file, the line or sample, and what to do.
    """
    corpus, problems = inspect_corpus(
        root,
        sample_rate=sample_rate,
        channel=channel,
        highpass_hz=highpass_hz,
        label=label,
        annotations=annotations,
        annotation_root=annotation_root,
        audio_pattern=audio_pattern,
        scale=scale,
        scale_per=scale_per,
        scale_to=scale_to,
        unannotated=unannotated,
        tier=tier,
        label_column=label_column,
        time_unit=time_unit,
        faulty=faulty,
        silence_labels=silence_labels,
    )
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        more = f" ({len(errors) - 1} more such; check_data lists them all)" if len(errors) > 1 else ""
        raise ValueError(f"{errors[0]}{more}")
    warnings = [problem for problem in problems if problem.severity == "warning"]
    for problem in warnings[:_TOLD]:
        _log.warning("%s", problem)
    if len(warnings) > _TOLD:
        _log.warning("%d more such warnings; check_data lists them all", len(warnings) - _TOLD)
    for problem in [problem for problem in problems if problem.severity == "note"][:_TOLD]:
        _log.info("%s", problem)
    return corpus


def inspect_corpus(
    root: str | os.PathLike[str] | Sequence[str],
    *,
    sample_rate: int = 44100,
    channel: int | str = 0,
    highpass_hz: float | None = None,
    label: str | int | Sequence[str | int] | None = None,
    annotations: str = "auto",
    annotation_root: str | os.PathLike[str] | Sequence[str] | None = None,
    audio_pattern: str | None = None,
    scale: str = "peak",
    scale_per: str = "recording",
    scale_to: float = 0.4,
    unannotated: str = "error",
    tier: str | int | None = None,
    label_column: str | None = None,
    time_unit: str | None = None,
    faulty: str = "error",
    silence_labels: Sequence[str] | str | None = SILENCE_LABELS,
) -> tuple[Corpus, list[Problem]]:
    """What `load_corpus` would read, and everything that is wrong with it, listed instead of raised.

    The corpus holds every readable recording with its sound syllables, those without annotation too unless
    `unannotated` is "skip". Warnings (clipped, nearly silent, beyond full scale) and notes (annotations passed over)
    are among the problems, by severity.

    Raises ValueError only for options that make no sense, whatever the files hold.
    """
    scaling = Scaling(scale, scale_per, scale_to)
    check_reading(sample_rate, channel, highpass_hz)
    format_endings(annotations)
    if unannotated not in ("error", "skip"):
        raise ValueError(f"data.unannotated is {unannotated!r}: give error or skip")
    wanted_labels = label_list(label)
    reading = rules(
        labels=wanted_labels,
        silence_labels=silence_labels,
        faulty=faulty,
        tier=tier,
        label_column=label_column,
        time_unit=time_unit,
    )
    roots = expand(root)
    absent = [problem for folder in roots if (problem := missing_folder(folder, "root"))]
    if absent:
        return Corpus({}, sample_rate), absent
    audio, problems = find_audio(roots, audio_pattern)
    if not any(audio):
        return Corpus({}, sample_rate), problems
    pairing = pair_roots(audio, roots, annotation_root, annotations, unannotated, reading)
    problems += pairing.problems
    wanted = choose_audio(audio, audio_pattern)
    share_with_denoised(wanted, pairing)
    if not wanted:
        problems.append(Problem(roots[0], None, f"no recording matches data.audio_pattern={audio_pattern}"))
    problems += without_annotation(wanted, pairing, roots[0], unannotated)
    recordings: dict[str, Recording] = {}
    silences: Counter[str] = Counter()
    for file in tracked(wanted, "reading recordings"):
        source = pairing.sources.get(file.id)
        if (source is None and unannotated == "skip") or (source and not source.usable and faulty == "skip"):
            continue
        silences.update(source.silences if source else {})
        recording, faults = read_recording(
            file,
            source,
            sample_rate=sample_rate,
            channel=channel,
            highpass_hz=highpass_hz,
            scaling=scaling,
            rules=reading,
        )
        problems += faults
        if recording is not None:
            recordings[file.id] = recording
    problems = [*merged(problems), *_left_out_as_silence(silences, roots[0])]
    given = any(problem.severity == "error" for problem in problems)
    problems += [] if given else _without_syllables(recordings, roots[0])
    corpus = Corpus(recordings, sample_rate)
    if any(recording.annotation for recording in recordings.values()):
        problems += _missing_labels(corpus, wanted_labels, roots[0], given)
    return corpus, problems


def label_list(label: str | int | Sequence[str | int] | None) -> list[str] | None:
    """The labels asked for, as sorted strings (a command line turns label=1 into a number); None for all labels."""
    if label is None:
        return None
    several = [label] if isinstance(label, str | int) else label
    return sorted({unicodedata.normalize("NFC", str(one)) for one in several})


def _left_out_as_silence(silences: Counter[str], root: Path) -> list[Problem]:
    """The note that stretches of silence labels are no syllables, with counts."""
    if not silences:
        return []
    counted = ", ".join(f"{label} ({count})" for label, count in sorted(silences.items()))
    message = f"{silences.total()} stretches left out as silence: {counted}; data.silence_labels=[] keeps them"
    return [Problem(root, None, message, "note")]


def _without_syllables(recordings: dict[str, Recording], root: Path) -> list[Problem]:
    """The note that annotations hold no syllable at all, as a file does that was never filled in, or not saved."""
    bare = [name for name, one in recordings.items() if one.annotation and not one.syllables]
    if not bare or len(bare) == len(recordings):
        return []
    named = ", ".join(bare[:3]) + (", ..." if len(bare) > 3 else "")
    message = f"{len(bare)} annotated recording(s) hold no syllable and count as silence throughout: {named}"
    return [Problem(root, None, message, "note")]


def _missing_labels(corpus: Corpus, labels: list[str] | None, root: Path, given: bool) -> list[Problem]:
    """The problem that nothing is labelled by a label asked for, or nothing at all where no reason was `given` before.

    A label called null cannot be asked for as it stands, which is a note.
    """
    counts = corpus.labels()
    absent = [label for label in labels or [] if label not in counts]
    if counts and absent:
        there = ", ".join(f"{label} ({count})" for label, count in counts.items())
        return [Problem(root, None, f"no syllable is labelled {', '.join(absent)}; the labels are {there}")]
    if labels is None and (null := next((label for label in counts if label.lower() == "null"), None)):
        message = f"all labels are read; for those that are called {null} alone quote the name: data.label='\"{null}\"'"
        return [Problem(root, None, message, "note")]
    if counts or given:
        return []
    return [Problem(root, None, "the annotations hold no syllable; annotate some, or choose others")]
