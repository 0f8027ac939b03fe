"""From folders of recordings and annotations to a corpus in memory."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .annotation_problem import Problem
from .corpus_settings import CorpusSettings
from .corpus_storage import CorpusStorage, read_all
from .layout import AudioFile, expand
from .pairing import Source, merged
from .recording import Corpus, Recording, Syllable
from .roots import choose_audio, find_audio, missing_folder, pair_roots, share_with_denoised, without_annotation

__all__ = [
    "Corpus",
    "CorpusSettings",
    "CorpusStorage",
    "Problem",
    "Recording",
    "Syllable",
    "inspect_corpus",
    "load_corpus",
]

_log = logging.getLogger(__name__)
_SHOWN = 5  # warnings shown when a corpus is loaded


def load_corpus(
    root: str | os.PathLike[str] | Sequence[str],
    settings: CorpusSettings = CorpusSettings(),
    storage: CorpusStorage | None = None,
) -> Corpus:
    """Read all recordings under one or several roots together with their annotations.

    root      folder, or folders (birds, days), searched at any depth
    settings  how they are read
    storage   what of the sound is held and remembered; None: all is held in memory, nothing remembered
    Raises ValueError with one line for the first thing that is wrong: the file, the line or sample, and what to do.
    """
    corpus, problems = inspect_corpus(root, settings, storage)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        more = f" ({len(errors) - 1} more such; check_data lists them all)" if len(errors) > 1 else ""
        raise ValueError(f"{errors[0]}{more}")
    warnings = [problem for problem in problems if problem.severity == "warning"]
    for problem in warnings[:_SHOWN]:
        _log.warning("%s", problem)
    if len(warnings) > _SHOWN:
        _log.warning("%d more such warnings; check_data lists them all", len(warnings) - _SHOWN)
    for problem in [problem for problem in problems if problem.severity == "note"][:_SHOWN]:
        _log.info("%s", problem)
    return corpus


def inspect_corpus(
    root: str | os.PathLike[str] | Sequence[str],
    settings: CorpusSettings = CorpusSettings(),
    storage: CorpusStorage | None = None,
) -> tuple[Corpus, list[Problem]]:
    """What `load_corpus` would read, and everything that is wrong with it, listed instead of raised.

    The corpus holds every readable recording with its sound syllables, those without annotation too unless
    `unannotated` is "skip". Warnings (clipped, nearly silent, beyond full scale) and notes (annotations passed over)
    are among the problems, by severity.

    Raises ValueError only where the number of annotation roots is not that of the roots.
    """
    roots = expand(root)
    absent = [problem for folder in roots if (problem := missing_folder(folder, "root"))]
    if absent:
        return Corpus({}, settings.sample_rate), absent
    audio, problems = find_audio(roots, settings.audio_pattern)
    if not any(audio):
        return Corpus({}, settings.sample_rate), problems
    pairing = pair_roots(audio, roots, settings)
    problems += pairing.problems
    wanted = choose_audio(audio, settings.audio_pattern)
    share_with_denoised(wanted, pairing)
    if not wanted:
        problems.append(Problem(roots[0], None, f"no recording matches data.audio_pattern={settings.audio_pattern}"))
    problems += without_annotation(wanted, pairing, roots[0], settings.unannotated)
    recordings: dict[str, Recording] = {}
    silences: Counter[str] = Counter()
    todo: list[tuple[AudioFile, Source | None]] = []
    for file in wanted:
        source = pairing.sources.get(file.id)
        if source is None and settings.unannotated == "skip":
            continue
        if source and not source.usable and settings.faulty == "skip":
            continue
        silences.update(source.silences if source else {})
        todo.append((file, source))
    index = None if storage is None else storage.index(settings)
    for file, (recording, faults) in read_all(todo, settings, storage, index):
        problems += faults
        if recording is not None:
            recordings[file.id] = recording
    problems = [*merged(problems), *_left_out_as_silence(silences, roots[0])]
    given = any(problem.severity == "error" for problem in problems)
    problems += [] if given else _without_syllables(recordings, roots[0])
    corpus = Corpus(recordings, settings.sample_rate, index)
    if any(recording.annotation for recording in recordings.values()):
        problems += _missing_labels(corpus, settings.labels, roots[0], given)
    return corpus, problems


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
