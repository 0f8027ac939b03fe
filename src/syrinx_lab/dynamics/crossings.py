"""Which bifurcations a clip's gesture crosses, and when: with which one the sound begins and ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .curves import label, lyapunov_coefficient
from .cycle_search import cycle_seeds
from .events import HOPF, SADDLE_NODE, events_on, size_of
from .field import Array, PlanarField
from .fixed_points import Kind, fixed_points
from .manifolds import on_a_circle
from .path import DrivenPath, between

_ASIDE = 0.05  # of the way between two knots, at most: where before and after are looked at


@dataclass(frozen=True)
class Crossing:
    """The gesture crosses a bifurcation.

    seconds         from the path's beginning
    kind            "saddle-node", "hopf" or "homoclinic"
    label           its name, see `curves.label`
    x               of the fixed point
    before, after   what the oscillator does on either side: "silent" (it can only rest), "sings" (there is an
                    attracting cycle and nowhere to rest), "either" (both), "neither" (orbits leave)
    """

    seconds: float
    kind: str
    label: str
    x: float
    before: str
    after: str

    @property
    def ignites(self) -> bool:
        """Whether rest is lost, or a cycle appears where there was none: the sound can begin here."""
        return self.after in _SINGING and (self.before not in _SINGING or self.after == "sings" != self.before)

    @property
    def extinguishes(self) -> bool:
        """Whether the cycle is lost, or rest appears beside it: the sound can end here."""
        return self.before in _SINGING and (self.after not in _SINGING or self.before == "sings" != self.after)


_MOST = 1500  # moments
_SINGING = ("sings", "either")


def regimes(field: PlanarField) -> tuple[str, ...]:
    """What K fields do, each as `Crossing.before`."""
    points = fixed_points(field)
    rests = np.asarray(np.isin(points.kind, (Kind.STABLE_NODE, Kind.STABLE_FOCUS)).any(-1))
    seeds = cycle_seeds(field, points)
    sings = np.isin(np.arange(len(field)), seeds.knot[seeds.stable])
    names = {(False, False): "neither", (True, False): "silent", (False, True): "sings", (True, True): "either"}
    return tuple(names[bool(r), bool(s)] for r, s in zip(rests, sings, strict=True))


def crossings(path: DrivenPath, *, homoclinic: bool = True, parts: int = 4) -> list[Crossing]:
    """All bifurcations that the drives of K knots cross, in order of time; between knots drives are linear.

    homoclinic  whether homoclinic orbits are looked for too
    parts       what lies between two knots is looked at in; two crossings of one fixed point within a part are not seen
    Of drives at audio rate, which are slow, 1,500 moments are looked at.
    """
    if len(path) < 2:
        return []
    places = np.arange(parts * (len(path) - 1) + 1) / parts
    path = path.resampled(np.interp(places, np.arange(len(path)), path.seconds)).thinned(_MOST)
    field, last = path.field, len(path) - 1
    points = fixed_points(field)
    pairs = np.stack((np.arange(last), np.arange(1, last + 1)), -1)

    def way(ways: NDArray[np.int64], share: Array) -> PlanarField:
        return between(field[ways], field[ways + 1], share)

    found = events_on(way, field, pairs, homoclinic=homoclinic, points=points)
    if not len(found.way):
        return []
    at, size = way(found.way, found.share), size_of(points)[found.way]
    circle = on_a_circle(at, found.x, size)
    lyapunov = lyapunov_coefficient(at, found.x)
    places = found.way + found.share
    half = np.minimum(np.diff(places, prepend=-1.0), np.diff(places, append=last + 1.0)) / 2
    aside = np.maximum(np.minimum(half, _ASIDE), 1e-9)
    sides = [_at_place(field, np.clip(places + sign * aside, 0, last)) for sign in (-1, 1)]
    before, after = (regimes(one) for one in sides)
    seconds = np.interp(places, np.arange(last + 1.0), path.seconds)
    return [
        Crossing(
            float(seconds[i]),
            kind,
            label(kind, kind == SADDLE_NODE and bool(circle[i]), float(lyapunov[i]) if kind == HOPF else np.nan),
            float(found.x[i]),
            before[i],
            after[i],
        )
        for i, kind in enumerate(found.kind)
    ]


def onset_and_offset(
    found: Sequence[Crossing], onset_s: float, offset_s: float, within_s: float = np.inf
) -> tuple[Crossing | None, Crossing | None]:
    """The crossing that ignites nearest to an onset, and the one that extinguishes nearest to an offset.

    onset_s, offset_s  seconds from the path's beginning
    within_s           further away than this none counts, seconds
    """
    found_by = []
    for several, when in (([c for c in found if c.ignites], onset_s), ([c for c in found if c.extinguishes], offset_s)):
        near = [one for one in several if abs(one.seconds - when) <= within_s]
        found_by.append(min(near, key=lambda one: abs(one.seconds - when)) if near else None)
    return found_by[0], found_by[1]


def _at_place(field: PlanarField, place: Array) -> PlanarField:
    left = np.minimum(place.astype(int), len(field) - 2)
    return between(field[left], field[left + 1], place - left)
