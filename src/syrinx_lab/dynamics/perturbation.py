"""Perturbations as data: what is pushed, where, when, how much and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass

MODES = {"state": ("add",), "drive": ("add", "scale", "cents"), "channel": ("add", "ablate"), "input": ("add", "scale")}
"""What a perturbation of each kind may do."""


@dataclass(frozen=True)
class Perturbation:
    """One thing done to a model while it sings.

    kind         what is pushed: "state" of the oscillator, "drive", "channel" of the encoder, "input" of the encoder
    target       state: x or v; drive: a parameter of the oscillator, or "tension", its pitch in whatever parameters
                 hold it; channel: the name of a unit, or of a direction; input: "sound" or "noise"
    at_ms        when it begins, ms from the clip's first sample
    size         add: added, in the unit of the target (state: in the rms size of the orbit; channel: in standard
                 deviations of the unit over the clip; noise: in those of the sound). scale: what the target is
                 multiplied by. cents: what its pitch is raised by. ablate: of no meaning, 0
    duration_ms  how long, ms; 0 for a kick of the state, infinity to the clip's end
    mode         add, scale, cents or ablate: the unit is held at its mean over the clip
    direction    (U,) weights of all units, of unit length, where a direction is pushed instead of one unit

    Raises ValueError with one line for a kind, mode, time or size that makes no sense.
    """

    kind: str
    target: str
    at_ms: float
    size: float
    duration_ms: float
    mode: str = "add"
    direction: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.kind not in MODES:
            raise ValueError(f"perturbation.kind is {self.kind!r}: use one of {', '.join(MODES)}")
        if self.mode not in MODES[self.kind]:
            raise ValueError(
                f"perturbation.mode is {self.mode!r}, of a {self.kind}: use one of {', '.join(MODES[self.kind])}"
            )
        if not math.isfinite(self.size) or not 0 <= self.at_ms < math.inf:
            raise ValueError(f"perturbation of {self.size} at {self.at_ms} ms: use a finite size, and 0 ms or more")
        if self.kind == "state":
            if self.target not in ("x", "v"):
                raise ValueError(f"perturbation.target is {self.target!r}, of a state: use x or v")
            if self.duration_ms != 0:
                raise ValueError(f"perturbation.duration_ms is {self.duration_ms}, of a state: a kick lasts 0 ms")
        elif not self.duration_ms > 0:
            raise ValueError(f"perturbation.duration_ms is {self.duration_ms}, of a {self.kind}: use more than 0")

    def window(self, count: int, interval_ms: float) -> slice:
        """Which of `count` samples or knots, `interval_ms` apart, it covers; at least one where it begins within."""
        first = min(math.ceil(self.at_ms / interval_ms - 1e-9), count)
        if math.isinf(self.duration_ms):
            return slice(first, count)
        last = math.ceil((self.at_ms + self.duration_ms) / interval_ms - 1e-9)
        return slice(first, min(max(last, first + 1), count))

    @property
    def words(self) -> str:
        """What is done, in words, as `pressure +10 %` or `kick of v by 0.1 of the orbit`."""
        if self.kind == "state":
            return f"kick of {self.target} by {self.size:g} of the orbit"
        what = {"sound": "loudness of what is heard", "noise": "noise in what is heard"}.get(self.target, self.target)
        if self.mode == "ablate":
            return f"{what} held at its mean"
        by = {"scale": f"{100 * (self.size - 1):+.3g} %", "cents": f"{self.size:+g} cents"}.get(self.mode)
        return f"{what} {by or f'{self.size:+g}'}"

    @property
    def end_ms(self) -> float:
        """When it ends, ms from the clip's first sample."""
        return self.at_ms + self.duration_ms


@dataclass(frozen=True)
class Scheduled:
    """A perturbation that is put to every clip, at places of its syllable instead of times.

    places  shares of the syllable: 0 its onset, 1 its offset
    kind, target, size, duration_ms, mode  as `Perturbation`

    Raises ValueError with one line as `Perturbation`, and for a place that is not finite.
    """

    kind: str
    target: str
    size: float
    duration_ms: float = 0.0
    mode: str = "add"
    places: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9)

    def __post_init__(self) -> None:
        if not all(math.isfinite(place) for place in self.places):
            raise ValueError(f"perturbation.places is {self.places}: use shares of the syllable, 0 to 1")
        self.on(1.0, 1.0)

    def on(self, onset_ms: float, offset_ms: float) -> list[Perturbation]:
        """What is done to a clip whose syllable lies there; what would begin before the clip is left out."""
        times = [onset_ms + place * (offset_ms - onset_ms) for place in self.places]
        given = self.size, self.duration_ms, self.mode
        return [Perturbation(self.kind, self.target, at_ms, *given) for at_ms in times if at_ms >= 0]
