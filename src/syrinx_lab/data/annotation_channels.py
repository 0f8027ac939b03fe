"""Which channel of a recording is read where its annotation names channels, and which syllables then count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from .annotation_problem import Problem
from .annotation_records import Annotation, without_overlaps
from .annotation_rules import AS_WRITTEN, AnnotationRules


def settle_channel(
    syllables: tuple[Annotation, ...],
    channel: int | str,
    channels: int,
    path: Path,
    recording: str,
    rules: AnnotationRules = AS_WRITTEN,
) -> tuple[int | str, tuple[Annotation, ...], list[Problem]]:
    """The channel to read, the syllables on it, and what is to be said of the others.

    syllables  of one recording, in order of onset, with the channel (from 0) that each was marked on
    channel    data.channel: an index from 0, or "mean", which takes the syllables of all channels, each once
    channels   how many the recording has
    path       the annotation file
    recording  the recording's file name
    rules      what an overlap of syllables of two channels does

    Where all syllables are on one channel, that channel is read, whatever `channel` says. Where they are on several,
    those of `channel` are kept, or of the channel with most of them where it has none.
    """
    counts = Counter(one.channel for one in syllables if one.channel is not None)
    if not counts:
        return channel, syllables, []
    if channel == "mean" or channels == 1:
        beyond = sorted(one for one in counts if one > 0)
        found = []
        if channels == 1 and beyond:
            message = f"{recording} has one channel, but selections are on channel {beyond[0] + 1}; the one was read"
            found = [Problem(path, None, message, "warning")]
        once = {(one.onset_s, one.offset_s, one.label): one for one in reversed(syllables)}
        kept, overlaps = without_overlaps(list(once.values()), rules, path)
        return channel, tuple(kept), [*found, *overlaps]
    if len(counts) == 1:
        (only,) = counts
        if only == channel:
            return channel, syllables, []
        message = f"the selections are on channel {only + 1}, which was read instead of data.channel={channel}"
        return only, syllables, [Problem(path, None, message, "note")]
    chosen = channel if channel in counts else counts.most_common(1)[0][0]
    there = ", ".join(f"{count} on channel {one + 1}" for one, count in sorted(counts.items()))
    others = " or ".join(f"data.channel={one}" for one in sorted(counts) if one != chosen)
    message = f"selections of {recording}: {there}; those of channel {int(chosen) + 1} were read, {others} reads others"
    kept_here = tuple(one for one in syllables if one.channel in (None, chosen))
    return chosen, kept_here, [Problem(path, None, message, "warning")]
