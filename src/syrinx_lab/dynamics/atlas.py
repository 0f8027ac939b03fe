"""All analyses of one path of drives, assembled: drives in, arrays out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .axes import Axis
from .branches import branches
from .clip_atlas import Array, BifurcationMap, Branch, ClipAtlas, Course, Crossing, MapCurve, Sound
from .crossings import Crossing as Passage
from .crossings import crossings, onset_and_offset
from .curves import bifurcation_curves
from .cycles import Cycles as AllCycles
from .cycles import limit_cycles
from .distances import distances
from .field import PlanarField
from .fixed_points import Kind, fixed_points
from .integrator import cycle_under_rk4
from .nullclines import nullclines
from .path import DrivenPath
from .plane import DrivePlane, Plane
from .step_damping import StepDampedAxis, step_damped
from .sung_cycles import HARMONICS, ORBIT_POINTS, no_cycles, sung_cycles

T = TypeVar("T")
_MARGIN = 0.35
_NEAR_S = 0.03  # an onset further from a crossing is not that one's
_SEEN = 1e-6  # of the largest drive: what is smaller is no drive
_FAILED = (ValueError, ArithmeticError, np.linalg.LinAlgError, RuntimeError)


@dataclass(frozen=True)
class MapRequest:
    """The plane in which bifurcations are looked for.

    axes    two drives; the first is what `distance_db` is measured in
    limits  least and largest value of each; None: what the path reaches, with a margin
    plane   other than through the middle of the drives while it sings; None: through it
    """

    axes: tuple[Axis, Axis]
    limits: tuple[tuple[float, float], tuple[float, float]] | None = None
    plane: Plane | None = None


@dataclass
class Remarks:
    """Lines on what could not be found, each once."""

    lines: list[str] = field(default_factory=list)

    def tried(self, what: str, do: Callable[[], T], otherwise: T) -> T:
        """What `do` gives; `otherwise`, and a line that begins with `what`, where the numbers do not allow it."""
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore", RuntimeWarning)
                return do()
        except _FAILED as error:
            line = f"{what}: {' '.join(str(error).split()) or type(error).__name__}"
            if line not in self.lines:
                self.lines.append(line)
            return otherwise


def atlas_of(
    path: DrivenPath,
    *,
    stem: str,
    name: str,
    where: str = "",
    number: int = 0,
    request: MapRequest | None = None,
    gestures: Mapping[str, Course] | None = None,
    state: Array | None = None,
    sound: Sound | None = None,
    moments: int = 96,
    as_stepped: bool = False,
) -> ClipAtlas:
    """The atlas of the drives of one clip, or of a system's gesture.

    path      of the drives
    stem, name, where, number, sound  see `ClipAtlas`
    request   of the map of bifurcations; None: no map
    gestures  over the path's knots, to be shown beside the drives
    state     (H, 2) x and v at every sample, of the oscillator so driven; None: it was not run
    moments   at which the drives are frozen, at most
    as_stepped  whether the steps' damping is added to the equation, see `step_damped`: that is what is sung

    What the numbers do not allow is left out, with a remark of one line; nothing is raised for it.
    """
    frozen = path.thinned(moments)
    seen = step_damped(frozen.field) if as_stepped else frozen.field
    remarks = Remarks()
    state = np.empty((0, 2)) if state is None else np.asarray(state, dtype=np.float64)
    found = remarks.tried("cycles", lambda: limit_cycles(seen, samples=ORBIT_POINTS, harmonics=HARMONICS), None)
    cycles = no_cycles(len(frozen)) if found is None else sung_cycles(found)
    nothing: dict[str, Course] = {}
    steps = remarks.tried("the integrator", lambda: nothing if found is None else _steps(found, frozen.field), nothing)
    atlas = ClipAtlas(
        stem=stem,
        name=name,
        where=where,
        number=number,
        times_s=frozen.seconds,
        state=state,
        state_rate=frozen.field.sample_rate,
        gestures=_at(path, gestures or {}, frozen.seconds) | _drives(frozen),
        branches=remarks.tried("fixed points", lambda: _branches(seen), ()),
        cycles=cycles,
        courses=steps,
        nullclines=((),) * len(frozen),
        sound=sound,
    )
    box = atlas.window()
    lines = remarks.tried("nullclines", lambda: nullclines(seen, box[:2], box[2:]), atlas.nullclines)
    mapped = (
        None
        if request is None
        else remarks.tried("bifurcations", lambda: _map(path, frozen, atlas, request, as_stepped), None)
    )
    return replace(atlas, nullclines=lines, map=mapped, remarks=tuple(remarks.lines))


def empty_atlas(
    *, stem: str, name: str, where: str, remark: str, number: int = 0, sound: Sound | None = None
) -> ClipAtlas:
    """The atlas of a clip of which nothing can be said but `remark`."""
    return ClipAtlas(
        stem=stem,
        name=name,
        where=where,
        number=number,
        times_s=np.empty(0),
        state=np.empty((0, 2)),
        state_rate=1.0,
        gestures={},
        branches=(),
        cycles=no_cycles(0),
        nullclines=(),
        sound=sound,
        remarks=(remark,),
    )


def _drives(frozen: DrivenPath) -> dict[str, Course]:
    """Stiffness, damping, and the four weights that move the most, all that are of any size."""
    field = frozen.field
    weights = field.weights
    moving = np.ptp(weights, axis=0)
    order = [tuple(np.unravel_index(n, moving.shape)) for n in np.argsort(-moving, axis=None, kind="stable")]
    found = {"stiffness": Course(field.stiffness), "gamma": Course(field.gamma)}
    between = "_" if field.degree > 9 else ""
    found |= {f"w_{i}{between}{j}": Course(weights[:, i, j]) for i, j in order[:4] if moving[i, j] > 0}
    largest = max(float(np.abs(one.values).max()) for one in found.values())
    found = {name: one for name, one in found.items() if np.abs(one.values).max() > _SEEN * largest}
    return found if frozen.gain is None else found | {"gain": Course(frozen.gain, "full scale per unit of v")}


def _at(path: DrivenPath, gestures: Mapping[str, Course], seconds: Array) -> dict[str, Course]:
    """Courses over the path's knots, at the moments."""
    return {
        name: Course(np.interp(seconds, path.seconds, one.values), one.unit)
        for name, one in gestures.items()
        if len(one.values) == len(path)
    }


def _branches(field: PlanarField) -> tuple[Branch, ...]:
    points = fixed_points(field)
    found = []
    for one in branches(points):
        x, trace, determinant = (np.full(len(field), np.nan) for _ in range(3))
        kinds, hessian = [""] * len(field), np.full((len(field), 2, 2), np.nan)
        hessian[one.knots] = points.hessian[one.knots, one.columns]
        x[one.knots] = one.x
        trace[one.knots] = points.trace[one.knots, one.columns]
        determinant[one.knots] = points.determinant[one.knots, one.columns]
        for knot, column in zip(one.knots, one.columns):
            kinds[int(knot)] = Kind(int(points.kind[knot, column])).label
        found.append(Branch(x, trace, determinant, tuple(kinds), hessian))
    return tuple(found)


def _steps(found: AllCycles, stepped: PlanarField) -> dict[str, Course]:
    """What the rollout's steps make of the pitch of the cycle, and how they damp it, that is none of the equation's."""
    effect = cycle_under_rk4(found, stepped)
    there = np.isfinite(effect.cents).any()
    return {"pitch by the steps": Course(effect.cents, "cents")} if there else {}


def _map(
    path: DrivenPath, frozen: DrivenPath, atlas: ClipAtlas, request: MapRequest, as_stepped: bool
) -> BifurcationMap:
    values = np.stack([axis.values(frozen.field) for axis in request.axes], -1)
    limits = request.limits or (_reach(values[:, 0]), _reach(values[:, 1]))
    first, second = (StepDampedAxis(axis) for axis in request.axes) if as_stepped else request.axes
    plane = request.plane or DrivePlane(_middle(frozen.field, atlas.where_it_sings()), request.axes[0], second)
    pieces = [piece for curve in bifurcation_curves(plane, *limits) for piece in curve.pieces()]
    found = crossings(replace(path, field=step_damped(path.field)) if as_stepped else path)
    events = {} if atlas.sound is None else _ends(found, atlas.sound)
    far = distances(frozen.field, first, *limits[0])
    return BifurcationMap(
        names=(request.axes[0].name, request.axes[1].name),
        units=(request.axes[0].unit, request.axes[1].unit),
        curves=tuple(MapCurve(name, np.stack((a, b), -1)) for name, a, b in pieces if len(a) > 1),
        path=values,
        crossings=tuple(Crossing(one.seconds, one.label, events.get(id(one), "")) for one in found),
        distance_db=far.decibels,
        nearest=far.label,
    )


def _ends(found: Sequence[Passage], sound: Sound) -> dict[int, str]:
    """Identity of a crossing -> onset or offset of the syllable.

    First among those at which the state has no choice, since rest is lost to a cycle, or the cycle is lost: a cycle
    that is born beside a place to rest is not reached from there.
    """
    forced = [one for one in found if one.after == "sings" != one.before or _lost(one)]
    named: dict[int, str] = {}
    for event, at in (("onset", 0), ("offset", 1)):
        for several in (forced, found):
            one = onset_and_offset(several, sound.onset_s, sound.offset_s, _NEAR_S)[at]
            if one is not None and (several is found or at == 0 or _lost(one)):
                named[id(one)] = event
                break
    return named


def _lost(one: Passage) -> bool:
    """Whether the cycle is lost."""
    return one.before in ("sings", "either") and one.after in ("silent", "neither")


def _middle(field: PlanarField, sings: NDArray[np.bool_]) -> PlanarField:
    """The median of every drive over the moments in which it sings, or over all."""
    chosen = field[np.flatnonzero(sings)] if sings.any() else field
    return replace(
        field[0],
        stiffness=np.median(chosen.stiffness, 0),
        gamma=np.median(chosen.gamma, 0),
        weights=np.median(chosen.weights, 0),
    )


def _reach(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = max(_MARGIN * (high - low), 0.02 * max(abs(low), abs(high)), 1e-6)
    return low - room, high + room
