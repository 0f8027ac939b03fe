"""From annotated recordings to the ONSET, OFFSET and MID windows that a model is trained on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from ..types import Category, Segment
from .corpus import Recording, Syllable


class Reason(StrEnum):
    """Why a window was left out."""

    SHORT_GAP = "the gap is shorter than the silence asked for"
    NEIGHBOUR = "it would hold samples of another syllable"
    RECORDING_END = "it would reach beyond the recording"
    TOO_SHORT = "the syllable is shorter than the window and its edges"


class Place(NamedTuple):
    """A syllable and the samples [left, right) about it that no other syllable of the recording occupies.

    left (right) is None where no syllable precedes (follows); left > syllable.onset where annotations overlap.
    """

    syllable: Syllable
    left: int | None
    right: int | None


@dataclass(frozen=True)
class Pools:
    """The training windows of some recordings by category, and what was left out.

    segments   all windows, ONSET first, then OFFSET, then MID, each by recording and time
    context    samples of every window
    dropped    windows left out, counted by (category, label, reason)
    shortened  windows with less silence than asked for because a neighbour is near, counted by (category, label)
    notes      one line for each category without a window: why, and what to do
    """

    segments: tuple[Segment, ...]
    context: int
    dropped: Counter[tuple[Category, str, Reason]]
    shortened: Counter[tuple[Category, str]]
    notes: tuple[str, ...]

    def __getitem__(self, category: Category) -> list[Segment]:
        """The windows of one category, in the order of `segments`."""
        return [segment for segment in self.segments if segment.category == category]

    def sizes(self) -> dict[Category, int]:
        """How many windows each category has."""
        found = Counter(segment.category for segment in self.segments)
        return {category: found[category] for category in Category}


@dataclass(frozen=True)
class WindowSettings:
    """How windows are cut, see `cut_segments`.

    context_s          length of a window, s
    edge_ms            ms that MID windows keep from onset and offset
    silence_prefix_ms  ms of silence before the onset in ONSET windows
    silence_suffix_ms  ms of silence after the offset in OFFSET windows
    short_gap          "shorten" or "drop": what becomes of windows whose gap is shorter than that
    window_edges       "recording" or "mirrored": what the derivatives see beyond the ends of a window or clip
    Raises ValueError when a setting is out of range.
    """

    context_s: float = 0.05
    edge_ms: float = 10.0
    silence_prefix_ms: float = 25.0
    silence_suffix_ms: float = 25.0
    short_gap: str = "shorten"
    window_edges: str = "recording"

    def __post_init__(self) -> None:
        for name in ("edge_ms", "silence_prefix_ms", "silence_suffix_ms"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"data.{name} is {value}: give a number of milliseconds, 0 or more")
            if name != "edge_ms" and not value < self.context_s * 1e3 < math.inf:
                raise ValueError(
                    f"data.context_s {self.context_s:g} s is not longer than data.{name} {value:g} ms, so a window "
                    f"would hold silence alone: raise data.context_s or lower data.{name}"
                )
        if self.short_gap not in ("shorten", "drop"):
            raise ValueError(f"data.short_gap is {self.short_gap!r}: give 'shorten' or 'drop'")
        if self.window_edges not in ("recording", "mirrored"):
            raise ValueError(f"data.window_edges is {self.window_edges!r}: use recording or mirrored")

    @property
    def mirrored(self) -> bool:
        """Whether windows and clips are mirrored at their ends."""
        return self.window_edges == "mirrored"


class _Rules(NamedTuple):
    """`WindowSettings` in samples."""

    context: int
    edge: int
    prefix: int
    suffix: int
    shorten: bool


class _Window(NamedTuple):
    start: int
    stop: int
    shortened: bool = False


def cut_segments(
    recordings: Iterable[Recording], settings: WindowSettings = WindowSettings(), *, sample_rate: int
) -> Pools:
    """Cut every selected syllable into ONSET, OFFSET and MID windows of one length, L = round(context_s sample_rate).

        ONSET   [onset - prefix, onset - prefix + L)
        OFFSET  [offset + suffix - L, offset + suffix)
        MID     [onset + edge + k L, onset + edge + (k + 1) L) for every k = 0, 1, .. that ends by offset - edge

    No window holds a sample of another annotated syllable, selected or not. Where the gap before the onset (after the
    offset) is shorter than the silence, `short_gap="shorten"` begins the ONSET window at the previous syllable's offset
    (ends the OFFSET window at the next onset), still L long, and `"drop"` leaves it out. A window that even so reaches
    into another syllable or beyond the recording is dropped; all that is dropped is counted.

    recordings    at `sample_rate`, in any order; the pools are ordered by recording id
    settings      lengths, and what becomes of short gaps
    sample_rate   Hz
    Raises ValueError when a recording has another sample rate, no syllable is selected, or no window of any category
    fits.
    """
    rules = _rules(settings, sample_rate)
    ordered = sorted(recordings, key=lambda recording: recording.id)
    chosen: list[tuple[Recording, Place]] = []
    for recording in ordered:
        if recording.sample_rate != sample_rate:
            raise ValueError(
                f"{recording.id}: its samples are at {recording.sample_rate} Hz, windows are cut at {sample_rate} Hz: "
                "load the corpus at data.sample_rate"
            )
        chosen += [(recording, place) for place in places(recording) if place.syllable.selected]
    if not chosen:
        raise ValueError(f"none of {len(ordered)} recordings has a selected syllable: check data.label and data.root")

    pools: dict[Category, list[Segment]] = {category: [] for category in Category}
    dropped: Counter[tuple[Category, str, Reason]] = Counter()
    shortened: Counter[tuple[Category, str]] = Counter()
    for recording, place in chosen:
        label, onset, offset = place.syllable.label, place.syllable.onset, place.syllable.offset
        for category, outcome in _windows(place, len(recording.samples), rules):
            if isinstance(outcome, Reason):
                dropped[category, label, outcome] += 1
                continue
            shortened[category, label] += outcome.shortened
            cut = Segment(recording.id, label, outcome.start, outcome.stop, category, onset, offset)
            pools[category].append(cut)
    if not any(pools.values()):
        raise ValueError(_nothing_fits(chosen, rules, sample_rate))
    return Pools(
        segments=tuple(chain.from_iterable(pools.values())),
        context=rules.context,
        dropped=dropped,
        shortened=+shortened,
        notes=tuple(_empty_note(category, dropped) for category, found in pools.items() if not found),
    )


def places(recording: Recording) -> list[Place]:
    """Every annotated syllable of a recording in order of onset, with the free samples about it."""
    ordered = sorted(recording.syllables, key=lambda syllable: (syllable.onset, syllable.offset))
    found: list[Place] = []
    left: int | None = None
    for syllable, follower in zip(ordered, [*ordered[1:], None]):
        found.append(Place(syllable, left, None if follower is None else follower.onset))
        left = syllable.offset if left is None else max(left, syllable.offset)
    return found


def check_horizon(pools: Pools, horizon: int, sample_rate: int) -> None:
    """Raise ValueError, with what would fit, when a rollout of `horizon` samples is longer than the windows."""
    if horizon > pools.context:
        needed_s = math.ceil(horizon / sample_rate * 1e4) / 1e4
        raise ValueError(
            f"H_max {horizon} is longer than the segments, {pools.context} samples at {sample_rate} Hz: "
            f"set horizon.max={pools.context} or less, or data.context_s={needed_s:g}"
        )


def _rules(settings: WindowSettings, sample_rate: int) -> _Rules:
    lengths = settings.edge_ms, settings.silence_prefix_ms, settings.silence_suffix_ms
    edge, prefix, suffix = (round(value * 1e-3 * sample_rate) for value in lengths)
    return _Rules(round(settings.context_s * sample_rate), edge, prefix, suffix, settings.short_gap == "shorten")


def _windows(place: Place, size: int, rules: _Rules) -> Iterator[tuple[Category, _Window | Reason]]:
    """What one syllable of a recording of `size` samples gives: windows, or why not."""
    yield Category.ONSET, _allowed(_onset_window(place, rules), place, size)
    yield Category.OFFSET, _allowed(_offset_window(place, rules), place, size)
    for window in _mid_windows(place, rules):
        yield Category.MID, _allowed(window, place, size)


def _allowed(window: _Window | Reason, place: Place, size: int) -> _Window | Reason:
    """The window, or why it may not be used."""
    if isinstance(window, Reason):
        return window
    if place.left is not None and window.start < place.left:
        return Reason.NEIGHBOUR
    if place.right is not None and window.stop > place.right:
        return Reason.NEIGHBOUR
    return Reason.RECORDING_END if window.start < 0 or window.stop > size else window


def _onset_window(place: Place, rules: _Rules) -> _Window | Reason:
    start = place.syllable.onset - rules.prefix
    if place.left is None or not start < place.left <= place.syllable.onset:
        return _Window(start, start + rules.context)
    return _Window(place.left, place.left + rules.context, True) if rules.shorten else Reason.SHORT_GAP


def _offset_window(place: Place, rules: _Rules) -> _Window | Reason:
    stop = place.syllable.offset + rules.suffix
    if place.right is None or not place.syllable.offset <= place.right < stop:
        return _Window(stop - rules.context, stop)
    return _Window(place.right - rules.context, place.right, True) if rules.shorten else Reason.SHORT_GAP


def _mid_windows(place: Place, rules: _Rules) -> list[_Window] | list[Reason]:
    first, last = place.syllable.onset + rules.edge, place.syllable.offset - rules.edge
    starts = range(first, last - rules.context + 1, rules.context)
    return [_Window(start, start + rules.context) for start in starts] or [Reason.TOO_SHORT]


def _longest_window(place: Place, size: int, rules: _Rules) -> int:
    """Samples of the longest window, of any category, that this syllable could give."""
    left = 0 if place.left is None else place.left
    right = size if place.right is None else place.right
    # windows of no length show where a window would begin or end
    opening = _allowed(_onset_window(place, rules._replace(context=0)), place, size)
    closing = _allowed(_offset_window(place, rules._replace(context=0)), place, size)
    first, last = place.syllable.onset + rules.edge, place.syllable.offset - rules.edge
    return max(
        0,
        right - opening.start if isinstance(opening, _Window) else 0,
        closing.stop - left if isinstance(closing, _Window) else 0,
        min(last, right) - first if first >= left else 0,
    )


def _nothing_fits(chosen: list[tuple[Recording, Place]], rules: _Rules, sample_rate: int) -> str:
    """The line that says which syllable is longest and what context would fit."""
    recording, place = max(chosen, key=lambda pair: pair[1].syllable.offset - pair[1].syllable.onset)
    lasts_s = (place.syllable.offset - place.syllable.onset) / sample_rate
    fits = max(_longest_window(place, len(recording.samples), rules) for recording, place in chosen)
    fits_s = math.floor(fits / sample_rate * 1e3) / 1e3
    remedy = f"set data.context_s to {fits_s:g} or less" if fits_s > 0 else "annotate longer syllables"
    return (
        f"no window of {rules.context / sample_rate:g} s fits: the longest selected syllable, {place.syllable.label!r} "
        f"in {recording.id}, lasts {lasts_s:.4f} s: {remedy}{'' if rules.shorten else ' or data.short_gap to shorten'}"
    )


def _empty_note(category: Category, dropped: Counter[tuple[Category, str, Reason]]) -> str:
    """The line that says why a category has no window."""
    reasons: Counter[Reason] = Counter()
    for (lost, _, reason), count in dropped.items():
        reasons[reason] += count * (lost == category)
    why = "; ".join(f"{count} dropped because {reason}" for reason, count in (+reasons).most_common())
    setting = {Category.ONSET: "data.silence_prefix_ms", Category.OFFSET: "data.silence_suffix_ms"}
    return f"no {category.name} window: {why}: lower data.context_s or {setting.get(category, 'data.edge_ms')}"
