"""What a sampler gives, held to its contract: as many windows as it counts, and none that is not there."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from ..contracts import answering, named
from ..types import Category
from .sampler import SegmentSampler
from .segments import Pools


def epoch_length(sampler: SegmentSampler, pools: Pools) -> int:
    """The windows of an epoch: the sum of `counts`.

    Raises ValueError with one line where the counts are no whole numbers by `Category`, where they count windows of a
    category that has none, or where they add up to 0.
    """
    with answering("sampler.counts", sampler):
        counts = sampler.counts(pools)
    said = f"sampler.counts of {named(sampler)} gave"
    if not isinstance(counts, dict) or not all(isinstance(category, Category) for category in counts):
        raise ValueError(f"{said} {counts!r:.80}: give a dict from syrinx_lab.types.Category to numbers of windows")
    sizes = pools.sizes()
    for category, count in counts.items():
        if not isinstance(count, Integral) or isinstance(count, bool) or count < 0:
            raise ValueError(f"{said} {count!r:.80} {category.name} windows: give a whole number, 0 or more")
        if count and not sizes[category]:
            raise ValueError(f"{said} {count} {category.name} windows, and the pools have none: give 0")
    if not sum(counts.values()):
        raise ValueError(f"{said} no window: an epoch needs at least 1")
    return int(sum(counts.values()))


def epoch_draw(sampler: SegmentSampler, pools: Pools, epoch: int, seed: int) -> list[int]:
    """The windows of an epoch, as positions in `pools.segments`.

    Raises ValueError with one line where they are not as many as `counts` says, no whole numbers, or not in the pools.
    """
    length, available = epoch_length(sampler, pools), len(pools.segments)
    with answering("sampler.draw", sampler):
        drawn = np.asarray(list(sampler.draw(pools, epoch, seed)))
    said = f"sampler.draw of {named(sampler)} gave"
    if drawn.shape != (length,):
        raise ValueError(
            f"{said} {len(drawn)} windows for epoch {epoch}{'' if drawn.ndim == 1 else f' in shape {drawn.shape}'}: "
            f"give {length}, to which its counts add up, in one row"
        )
    if drawn.dtype.kind not in "iu":
        raise ValueError(f"{said} {drawn.dtype} for epoch {epoch}: give whole numbers, positions in pools.segments")
    if drawn.min() < 0 or drawn.max() >= available:
        wrong = next(int(place) for place in drawn if not 0 <= place < available)
        raise ValueError(
            f"{said} the position {wrong} for epoch {epoch}: use 0 to {available - 1}, the windows there are"
        )
    return [int(place) for place in drawn]


def check_sampler(sampler: SegmentSampler, pools: Pools, seed: int) -> None:
    """Ask a sampler for all it will be asked for, in the first epoch; ValueError with one line for what is wrong."""
    epoch_draw(sampler, pools, 0, seed)
    with answering("sampler.notes", sampler):
        notes = sampler.notes(pools)
        lines = not isinstance(notes, str) and all(isinstance(note, str) for note in notes)
    if not lines:
        raise ValueError(f"sampler.notes of {named(sampler)} gave {notes!r:.80}: give a sequence of lines")
