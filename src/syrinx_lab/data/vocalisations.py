"""Held-out clips for the cold start: one syllable each, with the silence before and after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

import numpy as np

from ..types import Vocalisation
from .corpus import Recording
from .segments import places

CUT_OFF_MS = 5.0


@dataclass(frozen=True)
class ClipSettings:
    """Which held-out clips are scored, and where they begin and end, see `choose_vocalisations`.

    val_count, test_count  clips of val and of test; 0: all
    lead_in                samples of silence before the onset
    tail_ms                ms after the offset
    mid_start_ms           clips that begin so many ms after the onset instead, as the published loader of sustained
                           song cuts them; None: whole syllables
    mid_samples            samples of such a clip
    renditions_per_clip    other renditions that each clip is compared with
    Raises ValueError when a setting is out of range.
    """

    val_count: int = 8
    test_count: int = 8
    lead_in: int = 2000
    tail_ms: float = 25.0
    mid_start_ms: float | None = None
    mid_samples: int = 3000
    renditions_per_clip: int = 4

    def __post_init__(self) -> None:
        for name in ("val_count", "test_count", "lead_in", "tail_ms"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"eval.{name} is {getattr(self, name)}: give 0 or more")
        if self.mid_start_ms is not None and not self.mid_start_ms > 0:
            raise ValueError(
                f"eval.mid_start_ms is {self.mid_start_ms}: give ms after the onset, or null for whole syllables"
            )
        if self.mid_samples < 64:
            raise ValueError(f"eval.mid_samples is {self.mid_samples}: give 64 samples or more")
        if self.renditions_per_clip < 1:
            raise ValueError(f"eval.renditions_per_clip is {self.renditions_per_clip}: give 1 or more")

    def count(self, split: str) -> int:
        """How many clips of a split are scored; 0: all."""
        return self.val_count if split == "val" else self.test_count


def choose_vocalisations(
    recordings: Iterable[Recording],
    settings: ClipSettings = ClipSettings(),
    *,
    count: int | None = 8,
    seed: int = 1234,
) -> list[Vocalisation]:
    """Choose clips of single selected syllables, label by label in turn.

        start = max(onset - lead_in, offset of the previous syllable, 0)
        stop  = min(offset + tail, onset of the next syllable, end of the recording)

    No clip holds a sample of another annotated syllable; a syllable that another one overlaps gives none. Each label
    offers its clips with the full lead-in first, in an order drawn from the seed, then the others, longest lead-in
    first; the labels take turns in alphabetical order. Syllables within 5 ms of an end of their recording, which may
    have cut them off, come last of all. So a smaller `count` gives the beginning of a larger one's list.

    recordings  of one split and one sample rate, in any order
    count       how many clips at most; None or 0 gives all
    settings    where clips begin and end; those of `mid_start_ms` too keep clear of other syllables, and a syllable
                that is over before its clip begins gives none
    """
    assert (count or 0) >= 0 <= seed, f"count {count} and seed {seed} are 0 or more"
    mid_start_ms, tail_s = settings.mid_start_ms, settings.tail_ms * 1e-3
    whole: list[Vocalisation] = []
    cut_off: list[Vocalisation] = []
    for recording in sorted(recordings, key=lambda recording: recording.id):
        margin = CUT_OFF_MS * 1e-3 * recording.sample_rate
        clips = _clips(recording, settings.lead_in, round(tail_s * recording.sample_rate))
        if mid_start_ms is not None:
            clips = _mid_clips(recording, round(mid_start_ms * 1e-3 * recording.sample_rate), settings.mid_samples)
        for clip in clips:
            is_whole = margin <= clip.onset and clip.offset <= len(recording.samples) - margin
            (whole if is_whole else cut_off).append(clip)
    generator = np.random.default_rng(seed)
    return [*_in_turns(whole, generator), *_in_turns(cut_off, generator)][: count or None]


def rendition_pairs(
    clips: Sequence[Vocalisation], candidates: Iterable[Vocalisation], *, per_clip: int = 4, seed: int = 1234
) -> list[tuple[Vocalisation, Vocalisation]]:
    """Pairs of two renditions of one syllable by one bird, cut so that the onsets coincide.

    Each clip is paired with up to `per_clip` other renditions of its label, drawn from `candidates` by the seed. A bird
    is a folder: recordings named `folder/recording` pair within a folder only. Both members of a pair are trimmed to
    what they share about the onset, min(onset - start) samples before it and min(stop - onset) after it, so that they
    have one length and can be compared sample by sample; an offset beyond the trimmed end is set to that end.

    clips       the clips that are scored; each is the first of its pairs, in this order
    candidates  all clips that may serve as the second rendition, such as choose_vocalisations(..., count=None)
    per_clip    at most this many pairs for a clip, 1 or more
    Returns at most per_clip len(clips) pairs; a clip that has no second rendition has none.
    Raises ValueError when per_clip is below 1.
    """
    if per_clip < 1:
        raise ValueError(f"per_clip is {per_clip}: give 1 or more renditions to compare with")
    by_kind: dict[tuple[str, str], list[Vocalisation]] = defaultdict(list)
    for candidate in sorted(set(candidates), key=lambda clip: (clip.recording, clip.onset)):
        by_kind[_kind(candidate)].append(candidate)
    generator = np.random.default_rng(seed)
    pairs = []
    for clip in clips:
        others = [o for o in by_kind[_kind(clip)] if (o.recording, o.onset) != (clip.recording, clip.onset)]
        pairs += [_aligned(clip, others[k]) for k in generator.permutation(len(others))[:per_clip]]
    return pairs


def _in_turns(clips: Sequence[Vocalisation], generator: np.random.Generator) -> list[Vocalisation]:
    """The clips, one of each label after the other, those with the longest lead-in first."""
    queues: dict[str, list[Vocalisation]] = defaultdict(list)
    for k in generator.permutation(len(clips)):
        queues[clips[k].label].append(clips[k])
    rows = [sorted(queues[label], key=lambda clip: clip.start - clip.onset) for label in sorted(queues)]
    return [clip for clip in chain.from_iterable(zip_longest(*rows)) if clip is not None]


def _clips(recording: Recording, lead_in: int, tail: int) -> Iterable[Vocalisation]:
    """Every clip of a recording, in order of onset."""
    for syllable, left, right in places(recording):
        before = 0 if left is None else left
        after = len(recording.samples) if right is None else right
        if syllable.selected and before <= syllable.onset and syllable.offset <= after:
            start, stop = max(syllable.onset - lead_in, before), min(syllable.offset + tail, after)
            yield Vocalisation(recording.id, syllable.label, start, stop, syllable.onset, syllable.offset)


def _mid_clips(recording: Recording, after: int, length: int) -> Iterable[Vocalisation]:
    """Clips of one length that begin `after` samples after the onset, in order of onset."""
    for syllable, left, right in places(recording):
        start, end = syllable.onset + after, len(recording.samples) if right is None else right
        clear = (left is None or left <= start) and start + length <= end
        if syllable.selected and clear and start < syllable.offset:
            yield Vocalisation(recording.id, syllable.label, start, start + length, syllable.onset, syllable.offset)


def _kind(clip: Vocalisation) -> tuple[str, str]:
    """The bird and the label."""
    return clip.recording.rpartition("/")[0], clip.label


def _aligned(one: Vocalisation, other: Vocalisation) -> tuple[Vocalisation, Vocalisation]:
    """Both clips trimmed to the same samples before and after their onsets."""
    before = min(one.onset - one.start, other.onset - other.start)
    after = min(one.stop - one.onset, other.stop - other.onset)
    first, second = (
        replace(clip, start=clip.onset - before, stop=clip.onset + after, offset=min(clip.offset, clip.onset + after))
        for clip in (one, other)
    )
    return first, second
