"""Which syllable, and which moment of it, answers a perturbation most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from .response import Response


@dataclass(frozen=True)
class Sensitivity:
    """The responses to one perturbation at one place of the syllables of one label.

    kind, target, mode, amount, label  of the perturbation and the syllables
    place        share of the syllable, to a tenth
    count        clips
    size         mean of the largest distances, in the orbit's size
    recovery_ms, level_recovery_ms  median, NaN where one has not recovered within its clip
    level_db, pitch_cents, brightness_cents  means, where they are defined
    """

    kind: str
    target: str
    mode: str
    amount: float
    label: str
    place: float
    count: int
    size: float
    recovery_ms: float
    level_recovery_ms: float
    level_db: float
    pitch_cents: float
    brightness_cents: float

    def row(self) -> dict[str, str | float]:
        """By name, for a table."""
        return asdict(self)


def sensitivity(responses: Iterable[Response]) -> list[Sensitivity]:
    """Group responses of any clips by perturbation, label and tenth of the syllable; the most sensitive first.

    Perturbations of different kinds cannot be ranked against one another: they are sorted by kind and target first.
    """
    groups: dict[tuple[str, str, str, float, str, float], list[Response]] = defaultdict(list)
    for one in responses:
        p = one.perturbation
        groups[p.kind, p.target, p.mode, p.size, one.label, round(one.place, 1)].append(one)
    found = [
        Sensitivity(
            *key,
            count=len(several),
            size=float(np.mean([one.size for one in several])),
            recovery_ms=float(np.median([one.recovery_ms for one in several])),
            level_recovery_ms=float(np.median([one.level_recovery_ms for one in several])),
            level_db=_mean([one.level_db for one in several]),
            pitch_cents=_mean([one.pitch_cents for one in several]),
            brightness_cents=_mean([one.brightness_cents for one in several]),
        )
        for key, several in groups.items()
    ]
    return sorted(found, key=lambda one: (one.kind, one.target, one.mode, one.amount, -one.size))


def _mean(values: list[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
