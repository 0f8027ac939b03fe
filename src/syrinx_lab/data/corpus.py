"""From folders of recordings and annotations to a corpus in memory."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from .annotation_records import Problem
from .annotations import format_endings
from .audio import check_reading
from .layout import expand
from .reading import Scaling, read_recording
from .recording import Corpus, Recording, Syllable
from .roots import choose_audio, find_audio, missing_folder, pair_roots, without_annotation

__all__ = ["Corpus", "Problem", "Recording", "Syllable", "inspect_corpus", "label_list", "load_corpus"]

_log = logging.getLogger(__name__)
_TOLD = 5  # warnings shown when a corpus is loaded
_SILENCE = ("SIL", "sil", "silence", "h#")


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
    silence_labels: Sequence[str] = _SILENCE,
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
    silence_labels   labels of stretches that are no syllable, dropped

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
    silence_labels: Sequence[str] = _SILENCE,
) -> tuple[Corpus, list[Problem]]:
    """What `load_corpus` would read, and everything that is wrong with it, told instead of raised.

    The corpus holds every readable recording with its sound syllables, those without annotation too unless
    `unannotated` is "skip". Warnings (clipped, nearly silent, beyond full scale) and notes (annotations passed over)
    are among the problems, by severity.

    Raises ValueError only for options that make no sense, whatever the files hold.
    """
    scaling = Scaling(scale, scale_per, scale_to)
    check_reading(sample_rate, channel, highpass_hz)
    format_endings(annotations)
    if unannotated not in ("error", "skip"):
        raise ValueError(f"unannotated must be error or skip, not {unannotated!r}")
    wanted_labels = label_list(label)
    roots = expand(root)
    absent = [problem for folder in roots if (problem := missing_folder(folder, "root"))]
    if absent:
        return Corpus({}, sample_rate), absent
    audio, problems = find_audio(roots)
    if not any(audio):
        return Corpus({}, sample_rate), problems
    pairing = pair_roots(audio, roots, annotation_root, annotations, unannotated)
    problems += pairing.problems
    wanted = choose_audio(audio, audio_pattern)
    if not wanted:
        problems.append(Problem(roots[0], None, f"no recording matches data.audio_pattern={audio_pattern}"))
    problems += without_annotation(wanted, pairing, roots[0], unannotated)
    recordings: dict[str, Recording] = {}
    for file in wanted:
        source = pairing.sources.get(file.id)
        if source is None and unannotated == "skip":
            continue
        recording, faults = read_recording(
            file,
            source,
            sample_rate=sample_rate,
            channel=channel,
            highpass_hz=highpass_hz,
            labels=wanted_labels,
            scaling=scaling,
            silence_labels=silence_labels,
        )
        problems += faults
        if recording is not None:
            recordings[file.id] = recording
    corpus = Corpus(recordings, sample_rate)
    if any(recording.annotation for recording in recordings.values()):
        told = any(problem.severity == "error" for problem in problems)
        problems += _missing_labels(corpus, wanted_labels, roots[0], told)
    return corpus, problems


def label_list(label: str | int | Sequence[str | int] | None) -> list[str] | None:
    """The labels asked for, as sorted strings (a command line turns label=1 into a number); None for all labels."""
    if label is None:
        return None
    return sorted({str(label)} if isinstance(label, str | int) else {str(one) for one in label})


def _missing_labels(corpus: Corpus, labels: list[str] | None, root: Path, told: bool) -> list[Problem]:
    """The problem that nothing is labelled by a label asked for, or nothing at all for no reason `told` before."""
    counts = corpus.labels()
    absent = [label for label in labels or [] if label not in counts]
    if counts and absent:
        there = ", ".join(f"{label} ({count})" for label, count in counts.items())
        return [Problem(root, None, f"no syllable is labelled {', '.join(absent)}; the labels are {there}")]
    if counts or told:
        return []
    return [Problem(root, None, "the annotations hold no syllable; annotate some, or choose others")]
