"""What a comparison of rivals found, in plain values: for tables, files and the page. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics.facts import METRICS, Known

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Target:
    """A clip of the bird: its label, its recording, x (L,), and the syllable in s from the clip's first sample.

    start_s  of the clip in the recording
    """

    label: str
    recording: str
    x: Samples
    start_s: float
    onset_s: float
    offset_s: float


@dataclass(frozen=True)
class Outcome:
    """What became of one rival.

    kind                vocoder, prior, run or change
    numbers_per_second  that it is given
    raw, rescaled       metric -> mean over the clips, as resynthesised and at the target's rms; None: not defined
    intervals           metric -> 95 % interval of the mean as resynthesised, see `bootstrap_intervals`; None: not known
    sets                scores of all clips together, see `SetJudge`; None with too few
    rows                a clip each: recording, label, times in s, metrics under raw and rescaled
    sounds, at_level    (L,) of every clip, as resynthesised and at the target's rms
    """

    name: str
    about: str
    kind: str
    numbers_per_second: float
    raw: Mapping[str, float | None]
    rescaled: Mapping[str, float | None]
    rows: tuple[Mapping[str, Any], ...]
    sounds: tuple[Samples, ...]
    at_level: tuple[Samples, ...]
    intervals: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)
    sets: Mapping[str, Any] | None = None

    @property
    def together(self) -> dict[str, float | None]:
        """Of all clips together: areas under the curve of telling them from the bird's, and how many are recognised.

        c2st_patches, c2st_clips  0.5 is perfect;   recognition  over that of the real clips, 1 is perfect
        """
        sets = self.sets or {"c2st": {}, "recognition": {}}
        apart = {f"c2st_{name}": sets["c2st"].get(name) for name in ("patches", "clips")}
        return {**apart, "recognition": sets["recognition"].get("ratio")}


@dataclass(frozen=True)
class Comparison:
    """Rivals on the same clips, the best tf_corr first.

    title      what was compared, for a heading
    rendition  how alike the bird's own renditions are: tf_corr and others, and `pairs`
    known      the facts of the metrics
    left_out   rival -> why it could not take part
    """

    title: str
    split: str
    sample_rate: int
    targets: tuple[Target, ...]
    outcomes: tuple[Outcome, ...]
    rendition: Mapping[str, Any]
    known: Known = field(default_factory=lambda: dict(METRICS))
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def metrics(self) -> list[str]:
        """Those that are defined for a rival at least; the rate has its own place."""
        return [
            name
            for name in self.known
            if name != "numbers_per_second" and any(one.raw.get(name) is not None for one in self.outcomes)
        ]

    @property
    def together(self) -> list[str]:
        """The scores of all clips together that are defined for a rival at least."""
        names = dict.fromkeys(name for one in self.outcomes for name in one.together)
        return [name for name in names if any(one.together[name] is not None for one in self.outcomes)]

    def pair(self, ours: str | None, theirs: str | None) -> tuple[Outcome, Outcome]:
        """Two of the rivals by name; by default the best run, or else the prior, and the best of the others.

        Raises ValueError with one line for a name that none has, for the same twice, and where there are not two.
        """
        check_pair([one.name for one in self.outcomes], ours, theirs)
        by_name = {one.name: one for one in self.outcomes}
        kinds = ("run", "prior", "vocoder", "change")
        others = [one for one in self.outcomes if one.name != theirs]
        mine = by_name[ours] if ours else min(others, key=lambda one: kinds.index(one.kind))
        others = [one for one in self.outcomes if one is not mine]
        return mine, by_name[theirs] if theirs else min(others, key=lambda one: one.kind != "vocoder")


def check_pair(names: Sequence[str], ours: str | None, theirs: str | None) -> None:
    """Raise ValueError with one line unless two of `names` can be compared: abx.ours and abx.theirs, None: any."""
    if len(names) < 2:
        raise ValueError("there are not two rivals to compare by ear: leave fewer out, or give run=RUN")
    for key, name in (("abx.ours", ours), ("abx.theirs", theirs)):
        if name is not None and name not in names:
            raise ValueError(f"{key} is {name!r}: use one of {', '.join(names)}")
    if ours is not None and ours == theirs:
        raise ValueError(f"abx.ours and abx.theirs are both {ours}: name two")
