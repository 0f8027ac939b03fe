"""Every limit cycle under frozen drives: period, shape, harmonics and Floquet multipliers, by two ways."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .cycle_search import Fate, cycle_seeds
from .field import Array, PlanarField
from .fixed_points import FixedPoints, Kind, fixed_points
from .half_returns import half_returns
from .shooting import ClosedOrbits, close_orbits

_CLOSED = 1e-9
_LONGEST = 3000.0  # radians of the small oscillation about the fixed point inside
_STIFFEST = 30_000.0  # of the period times the divergence there
_ENDLESS = "its cycle is about to be born, or lost: a period is longer than 3000 radians of a small oscillation"
_STIFF = "its cycle is too stiff to be followed: period times divergence is above 30,000"
_WHY = {
    Fate.LEAVE: "no orbit within reach closes: they leave",
    Fate.CLOSE: "all orbits within reach close, to 1e-12: a centre, so no cycle attracts or repels",
    Fate.REST: "silent: orbits shrink, so slowly that the fixed point looks like a centre",
    Fate.UNDECIDED: "undecided: within 25,000 steps orbits neither come back, nor rest, nor leave",
}
_SAME = 1e-6  # of x: nearer than that two are one


@dataclass(frozen=True, eq=False)
class Cycles:
    """All limit cycles of K fields, M at most, from the lowest largest x upwards; NaN where a field has fewer.

    field           (K,)
    x_max, x_min    (K, M) where v = 0
    v_max           (K, M) largest |v|
    period          (K, M) in rescaled time
    trivial         (K, M) Floquet multiplier along the orbit, which is 1
    multiplier      (K, M) the other one, from the monodromy matrix: small distances from the cycle are multiplied by
                    it in a period; below 1e-10 or above 1e10 it is rounding, and log_multiplier says it
    log_multiplier  (K, M) its logarithm by Liouville: the integral of the divergence over a period
    residual        (K, M) distance of the orbit's ends over its size
    x, v            (K, M, N) the orbit at N equal times from x_max on
    harmonics       (K, M, H + 1) complex c_n, x = Re(c_0 + 2 sum_n c_n exp(2 pi i n s / period)), n = 0 .. H
    stable          (K, M) whether it attracts
    sung            (K,) column of the widest attracting cycle, -1 where there is none
    reason          (K,) why a field has no cycle, "" where it has
    """

    field: PlanarField
    x_max: Array
    x_min: Array
    v_max: Array
    period: Array
    trivial: Array
    multiplier: Array
    log_multiplier: Array
    residual: Array
    x: Array
    v: Array
    harmonics: NDArray[np.complex128]
    stable: NDArray[np.bool_]
    sung: NDArray[np.int64]
    reason: tuple[str, ...]

    @property
    def count(self) -> NDArray[np.int64]:
        """(K,) how many there are."""
        return np.isfinite(self.period).sum(-1)

    @property
    def hz(self) -> Array:
        """(K, M) pitch of the equation, Hz; what the integrator's step makes of it is `cycle_under_rk4`'s."""
        return self.field.hz(self.period)

    @property
    def amplitude(self) -> Array:
        """(K, M) half the way from x_min to x_max."""
        return (self.x_max - self.x_min) / 2

    @property
    def contraction_per_second(self) -> Array:
        """(K, M) the rate at which the distance to the cycle grows, 1/s; negative where it attracts."""
        return self.log_multiplier / (self.period * self.field.tau)

    @property
    def harmonics_v(self) -> NDArray[np.complex128]:
        """(K, M, H + 1) the same of v = dx/ds: c_n 2 pi i n / period."""
        order = np.arange(self.harmonics.shape[-1])
        return self.harmonics * 2j * np.pi * order / self.period[..., None]

    def sung_values(self, values: Array) -> Array:
        """(K,) of an array (K, M) what it holds for the cycle that is sung, NaN where none is."""
        padded = np.concatenate((values, np.full((len(values), 1), np.nan)), 1)
        return np.take_along_axis(padded, np.where(self.sung < 0, values.shape[1], self.sung)[:, None], 1)[:, 0]


def limit_cycles(
    field: PlanarField,
    *,
    points: FixedPoints | None = None,
    reach: float | None = None,
    samples: int = 128,
    harmonics: int = 16,
) -> Cycles:
    """Find the limit cycles, stable and unstable, of one field () or of K fields (K,).

    field      one field counts as K = 1
    points     its fixed points, where they are known already
    reach      how far right of a fixed point cycles are looked for, in x; None: see `cycle_seeds`
    samples    N, points of an orbit
    harmonics  H, at most samples / 2
    Raises ValueError when harmonics do not fit the samples. See `cycle_seeds` for what can be missed, `close_orbits`
    for the accuracy; unstable cycles are integrated backward in time.
    """
    if not 1 <= harmonics <= samples // 2:
        raise ValueError(f"harmonics is {harmonics}: use 1 to {samples // 2}, half of the {samples} samples of a cycle")
    if field.shape == ():
        field, points = field[np.newaxis], None
    points = fixed_points(field) if points is None else points
    seeds = cycle_seeds(field, points, None if reach is None else np.full(field.shape, float(reach)))
    slow, stiff = seeds.turns > _LONGEST, seeds.strained > _STIFFEST
    why = {int(k): _STIFF for k in seeds.knot[stiff]} | {int(k): _ENDLESS for k in seeds.knot[slow]}
    seeds = seeds.where(~slow & ~stiff)
    orbits = close_orbits(field[seeds.knot], seeds.x, seeds.period, ~seeds.stable, samples)
    good = (orbits.residual < _CLOSED) & (orbits.period > 0) & np.isfinite(orbits.divergence)
    again = (seeds.knot[1:] == seeds.knot[:-1]) & (np.abs(np.diff(orbits.x_0)) < _SAME * np.abs(orbits.x_0[1:]))
    good[1:] &= ~(again & good[:-1])
    chosen = ClosedOrbits(*(getattr(orbits, one.name)[good] for one in fields(orbits)))
    facts = _facts(field[seeds.knot[good]], chosen, ~seeds.stable[good], harmonics)
    return _arranged(field, points, seeds.knot[good], facts, samples, harmonics, why, seeds.fate)


def _facts(field: PlanarField, orbits: ClosedOrbits, backward: NDArray[np.bool_], harmonics: int) -> dict[str, Array]:
    """What is known of n orbits, by the names of `Cycles`."""
    along = np.stack((np.zeros_like(orbits.x_0), field.acceleration(orbits.x_0, np.zeros_like(orbits.x_0))), -1)
    carried = np.einsum("nij,nj->ni", orbits.monodromy, along)
    trivial = (along * carried).sum(-1) / (along**2).sum(-1)
    other = np.trace(orbits.monodromy, axis1=-2, axis2=-1) - trivial
    with np.errstate(divide="ignore"):
        multiplier = np.where(backward, 1 / other, other)
    return {
        "x_max": orbits.x_0,
        "x_min": half_returns(field, orbits.x_0[:, None], np.full(len(along), np.inf), tolerance=1e-12).x[:, 0],
        "v_max": np.abs(orbits.v).max(-1),
        "period": orbits.period,
        "trivial": trivial,
        "multiplier": multiplier,
        "log_multiplier": orbits.divergence,
        "residual": orbits.residual,
        "x": np.where(backward[:, None], np.roll(orbits.x[:, ::-1], 1, -1), orbits.x),
        "v": np.where(backward[:, None], np.roll(orbits.v[:, ::-1], 1, -1), orbits.v),
        "harmonics": np.fft.rfft(orbits.x)[:, : harmonics + 1] / orbits.x.shape[-1],
    }


def _arranged(
    field: PlanarField,
    points: FixedPoints,
    knot: NDArray[np.int64],
    facts: dict[str, Array],
    samples: int,
    harmonics: int,
    why: dict[int, str],
    fate: NDArray[np.int64],
) -> Cycles:
    """The facts of n cycles as arrays (K, M)."""
    count = np.bincount(knot, minlength=len(field))
    most = int(count.max(initial=0))
    column = np.arange(len(knot)) - np.repeat(np.cumsum(count) - count, count)
    trailing = {"x": (samples,), "v": (samples,), "harmonics": (harmonics + 1,)}
    arrays = {}
    for one in fields(Cycles)[1:12]:
        kind = np.complex128 if one.name == "harmonics" else np.float64
        array = np.full((len(field), most, *trailing.get(one.name, ())), np.nan, dtype=kind)
        if facts:
            array[knot, column] = facts[one.name]
        arrays[one.name] = array
    stable = arrays["log_multiplier"] < 0
    width = np.where(stable, arrays["x_max"] - arrays["x_min"], -1.0)
    sung = np.where(stable.any(-1), np.argmax(width, -1) if most else 0, -1)
    reason = tuple("" if n else why.get(k) or _reason(points, k, Fate(fate[k])) for k, n in enumerate(count))
    return Cycles(field, **arrays, stable=stable, sung=sung, reason=reason)


def _reason(points: FixedPoints, knot: int, fate: Fate) -> str:
    kinds = [Kind(kind) for kind in points.kind[knot]]
    if points.everywhere[knot]:
        return "silent: no force acts on x"
    resting = [kind for kind in kinds if kind.stable]
    if resting:
        return f"silent: orbits come to rest at a {resting[0].label}"
    if all(kind == Kind.NONE for kind in kinds):
        return "no fixed point, so no cycle about one: every orbit leaves"
    return _WHY[fate]
