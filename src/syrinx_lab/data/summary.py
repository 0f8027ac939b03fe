"""What a corpus holds and what is wrong with it, as plain numbers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..types import Category
from .annotation_problem import Problem
from .contrast import contrast_db, inside_syllables
from .corpus import Corpus, Recording, Syllable
from .segments import Pools, Reason, places
from .stored_samples import StoredSamples

_FAULTS = {
    "clipped": re.compile(r"clipped: "),
    "silent": re.compile(r"(nearly )?silent: "),
    "non-finite": re.compile(r"sample \d+ \([^)]*\) is [+-]?(nan|inf)"),
}


@dataclass(frozen=True)
class RecordingSummary:
    """One recording: the file's own rate in Hz, its length in s, its syllables, and how far they stand above the rest.

    contrast_db  RMS inside annotated syllables over RMS outside, dB; NaN where either is missing or zero
    channels     of the file
    channel      the one that is read, from 0, or "mean"
    removed      dB that denoising took from its song and from the rest; None where noise is left in, or nobody knows
    """

    id: str
    native_sample_rate: int
    duration_s: float
    syllables: int
    contrast_db: float
    channels: int = 1
    channel: int | str = 0
    removed: tuple[float, float] | None = None


@dataclass(frozen=True)
class LabelSummary:
    """The syllables of one label, lengths in ms, and the windows cut from them (all 0 without pools).

    selected  whether the label was asked for
    """

    label: str
    selected: bool
    count: int
    mean_ms: float
    shortest_ms: float
    longest_ms: float
    windows: dict[Category, int]


@dataclass(frozen=True)
class GapSummary:
    """The silences between neighbouring syllables of a recording, in ms, and the room for cold starts.

    cold_starts  syllables that follow at least `lead_in` samples of silence
    """

    count: int
    shortest_ms: float
    median_ms: float
    longest_ms: float
    cold_starts: int
    lead_in: int


@dataclass(frozen=True)
class CorpusReport:
    """All that `check_data` reports of a corpus.

    sample_rate  Hz, of the corpus
    fingerprint  see Corpus.fingerprint
    recordings   in order of id
    labels       in order of label
    gaps         None where no recording has two syllables
    faults       "clipped", "silent", "non-finite" -> the recordings that are
    context      samples of a training window, None without pools
    dropped      windows left out: (category, reason) -> how many
    shortened    windows with less silence than asked for
    notes        what to do about a category without windows
    problems     everything wrong, errors first, then warnings, then notes
    training     lines about what training would use: splits, scored clips, windows of an epoch
    """

    sample_rate: int
    fingerprint: str
    recordings: tuple[RecordingSummary, ...]
    labels: tuple[LabelSummary, ...]
    gaps: GapSummary | None
    faults: dict[str, tuple[Path, ...]]
    context: int | None
    dropped: dict[tuple[Category, Reason], int]
    shortened: int
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    training: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length of all recordings together in seconds."""
        return sum(recording.duration_s for recording in self.recordings)

    @property
    def syllables(self) -> int:
        """How many syllables there are, of all labels."""
        return sum(label.count for label in self.labels)

    def native_sample_rates(self) -> dict[int, int]:
        """How many recordings have each sample rate in Hz, in order of rate."""
        return dict(sorted(Counter(recording.native_sample_rate for recording in self.recordings).items()))


def channels_line(recordings: Iterable[Recording | RecordingSummary]) -> str:
    """How many channels the files have and which are read, in a line."""
    rows = list(recordings)
    counts = Counter(row.channels for row in rows)
    read = Counter(str(row.channel) for row in rows)
    have = ", ".join(
        f"{channels} ({count} file{'s' if count > 1 else ''})" for channels, count in sorted(counts.items())
    )
    if len(read) == 1:
        (which,) = read
        return f"channels: {have}; {'the mean of all is read' if which == 'mean' else f'channel {which} is read'}"
    return f"channels: {have}; read: " + ", ".join(f"channel {which} ({n})" for which, n in sorted(read.items()))


def summarise(
    corpus: Corpus,
    problems: Sequence[Problem],
    pools: Pools | None = None,
    *,
    lead_in: int = 2000,
    training: Sequence[str] = (),
) -> CorpusReport:
    """Count and measure what `inspect_corpus` read and `cut_segments` cut.

    corpus    may be empty
    problems  of `inspect_corpus`
    pools     None where nothing was cut
    lead_in   samples of silence before a cold start
    training  what training would use, a line each
    """
    rank = ("error", "warning", "note")
    ordered = sorted(problems, key=lambda problem: rank.index(problem.severity))
    dropped: Counter[tuple[Category, Reason]] = Counter()
    for (category, _, reason), count in pools.dropped.items() if pools else ():
        dropped[category, reason] += count
    return CorpusReport(
        sample_rate=corpus.sample_rate,
        fingerprint=corpus.fingerprint(),
        recordings=tuple(_summarise_recording(recording) for recording in corpus.recordings.values()),
        labels=_summarise_labels(corpus, pools),
        gaps=_summarise_gaps(corpus, lead_in),
        faults={
            name: tuple(dict.fromkeys(problem.path for problem in ordered if pattern.match(problem.message)))
            for name, pattern in _FAULTS.items()
        },
        context=pools.context if pools else None,
        dropped=dict(sorted(dropped.items())),
        shortened=sum(pools.shortened.values()) if pools else 0,
        notes=pools.notes if pools else (),
        problems=tuple(ordered),
        training=tuple(training),
    )


def _summarise_recording(recording: Recording) -> RecordingSummary:
    known = recording.samples.known if isinstance(recording.samples, StoredSamples) else None
    if known is not None and known.syllables == recording.syllables:
        contrast = known.contrast_db
    else:
        samples = np.asarray(recording.samples)
        contrast = contrast_db(samples, inside_syllables(len(samples), recording.syllables))
    return RecordingSummary(
        recording.id,
        recording.native_sample_rate,
        recording.duration_s,
        len(recording.syllables),
        contrast,
        recording.channels,
        recording.channel,
        None if known is None else known.removed,
    )


def _summarise_labels(corpus: Corpus, pools: Pools | None) -> tuple[LabelSummary, ...]:
    syllables = [syllable for recording in corpus.recordings.values() for syllable in recording.syllables]
    windows = Counter((segment.label, segment.category) for segment in (pools.segments if pools else ()))
    by_label: dict[str, list[Syllable]] = defaultdict(list)
    for syllable in syllables:
        by_label[syllable.label].append(syllable)
    summaries = []
    for label, ours in sorted(by_label.items()):
        lengths_ms = np.array([len(syllable) for syllable in ours]) / corpus.sample_rate * 1e3
        summaries.append(
            LabelSummary(
                label,
                ours[0].selected,
                len(ours),
                float(lengths_ms.mean()),
                float(lengths_ms.min()),
                float(lengths_ms.max()),
                {category: windows[label, category] for category in Category},
            )
        )
    return tuple(summaries)


def _summarise_gaps(corpus: Corpus, lead_in: int) -> GapSummary | None:
    gaps, cold_starts = [], 0
    for recording in corpus.recordings.values():
        for place in places(recording):
            cold_starts += place.syllable.onset - (place.left or 0) >= lead_in
            if place.left is not None:
                gaps.append(place.syllable.onset - place.left)
    if not gaps:
        return None
    gaps_ms = np.array(gaps) / corpus.sample_rate * 1e3
    return GapSummary(
        len(gaps), float(gaps_ms.min()), float(np.median(gaps_ms)), float(gaps_ms.max()), cold_starts, lead_in
    )
