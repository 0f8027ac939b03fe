"""What is known of one clip, or of one system, as a dynamical system: arrays alone, for pages, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .response import Response

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """A number over time with its unit: values (K,), NaN where it is not defined."""

    values: Array
    unit: str = "1"


@dataclass(frozen=True)
class Branch:
    """A fixed point (x, 0) followed over the moments; NaN, and an empty kind, where it does not exist.

    x            (K,)
    trace        (K,) of the Jacobian, in rescaled time
    determinant  (K,) likewise
    kinds        K names, as "stable focus"
    hessian      (K, 2, 2) second derivatives of dv/ds by x and v; the potential's is the determinant
    """

    x: Array
    trace: Array
    determinant: Array
    kinds: tuple[str, ...]
    hessian: Array


@dataclass(frozen=True)
class EveryCycle:
    """All limit cycles of the drives frozen at each moment, J at most, unstable ones too; NaN where there are fewer.

    hz              (K, J) of the period
    amplitude       (K, J) half the height of x
    log_multiplier  (K, J) logarithm of the Floquet multiplier that is not 1; negative: it attracts
    sung            (K,) column of the one that silence leads to, -1 where there is none
    """

    hz: Array
    amplitude: Array
    log_multiplier: Array
    sung: NDArray[np.int64]


@dataclass(frozen=True)
class Cycles:
    """The attracting cycle of the drives frozen at each moment; NaN where there is none.

    hz              (K,) of its period
    amplitude       (K,) half the height of x
    log_multiplier  (K,) integral of the divergence along it: logarithm of the Floquet multiplier that is not 1
    trivial         (K,) the other one: how far it lies from 1 is the error of the integration
    orbits          (K, M, 2) x and v at M equal steps of a period
    harmonics       (K, N) power of the harmonics of x, shares of their sum, the fundamental first
    others          (K, J, M, 2) the further cycles, unstable ones and those that silence does not lead to
    reasons         K lines on why there is no cycle, empty where there is one
    every           numbers of all of them
    """

    hz: Array
    amplitude: Array
    log_multiplier: Array
    trivial: Array
    orbits: Array
    harmonics: Array
    others: Array
    reasons: tuple[str, ...]
    every: EveryCycle

    @property
    def multiplier(self) -> Array:
        """(K,) exp(log_multiplier), positive as every one in a plane; below 1 it attracts."""
        return np.exp(self.log_multiplier)


@dataclass(frozen=True)
class MapCurve:
    """A curve of bifurcations in the plane of two drives: kind, and its points (N, 2)."""

    kind: str
    points: Array


@dataclass(frozen=True)
class Crossing:
    """The gesture crosses a curve of bifurcations.

    time_s  from the first sample of the clip
    kind    of the bifurcation
    event   onset, offset, or nothing where the sound neither begins nor ends with it
    """

    time_s: float
    kind: str
    event: str = ""


@dataclass(frozen=True)
class BifurcationMap:
    """The plane of two drives with its bifurcations, and the path of the clip's gesture in it.

    names, units  of the two drives
    curves        at the other drives' medians while it sings
    path          (K, 2)
    crossings     of the path, in order of time
    distance_db   (K,) 20 log10 of the first drive over its value at the nearest bifurcation: positive where it is the
                  larger, which is not to say that it sings, since nothing ignites at some; NaN where none is met
    nearest       K names of that bifurcation
    """

    names: tuple[str, str]
    units: tuple[str, str]
    curves: tuple[MapCurve, ...]
    path: Array
    crossings: tuple[Crossing, ...] = ()
    distance_db: Array = field(default_factory=lambda: np.empty(0))
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True)
class PhaseCurve:
    """What a push at each phase of the cycle of one moment does to its phase.

    time_s  the moment
    phase   (N,) cycles since the largest x
    by_x    (N,) cycles that a push in x advances it by, per unit of x
    by_v    (N,) the same of v
    """

    time_s: float
    phase: Array
    by_x: Array
    by_v: Array


@dataclass(frozen=True)
class Sound:
    """The clip as it was recorded and as it is sung by the model.

    target       (N,) audio, full scale
    output       (N,) likewise
    sample_rate  Hz
    onset_s, offset_s  of the syllable, from the first sample
    hz, target_hz      (K,) pitch of both at the moments, NaN where unvoiced
    shares       of the output's energy by what is gone without it, as {"oscillator": 0.9, "noise": 0.1}
    """

    target: Array
    output: Array
    sample_rate: int
    onset_s: float
    offset_s: float
    hz: Array
    target_hz: Array
    shares: Mapping[str, float]


@dataclass(frozen=True)
class ClipAtlas:
    """All that is known of one clip, or of one system without sound.

    stem         of its files: SPLIT-NUMBER-LABEL, or the system's name
    number       of the clip in its split, as clip= takes it; 0 of a system
    name, where  what it is called, and the recording that it is from
    times_s      (K,) moments at which the drives are frozen, from the first sample
    state        (H, 2) x and v of the driven oscillator at every sample; empty where there is none
    state_rate   samples a second of it
    gestures     the drives and the parameters that they were made of, at the moments
    nullclines   K lists of lines (n, 2) on which dv/ds = 0; v = 0 is the other nullcline
    courses      more numbers over the moments, as Lyapunov exponents
    phase_curve  the phase response of the cycle in the middle of what is sung; None without one
    responses    to perturbations of the state, the drives and what is heard
    units        a row a unit of the encoder that was stimulated, see `UnitResponses.rows`
    layers       a row a layer of the encoder
    reaches      a row a control of the encoder: how far back it looks
    measures     numbers of the whole clip, as D_stsp
    remarks      what went wrong or is worth knowing, one line each
    """

    stem: str
    name: str
    where: str
    times_s: Array
    state: Array
    state_rate: float
    gestures: Mapping[str, Course]
    branches: tuple[Branch, ...]
    cycles: Cycles
    nullclines: tuple[tuple[Array, ...], ...]
    map: BifurcationMap | None = None
    sound: Sound | None = None
    courses: Mapping[str, Course] = field(default_factory=dict)
    phase_curve: PhaseCurve | None = None
    responses: tuple[Response, ...] = ()
    units: tuple[Mapping[str, Any], ...] = ()
    layers: tuple[Mapping[str, Any], ...] = ()
    reaches: tuple[Mapping[str, Any], ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    number: int = 0

    def where_it_sings(self) -> NDArray[np.bool_]:
        """(K,) whether there is an attracting cycle at the moment."""
        return np.isfinite(self.cycles.hz)

    @property
    def trail_s(self) -> float:
        """How much of the way that the state came is shown: three periods of the middle cycle, 5 ms without one."""
        hz = self.cycles.hz[self.where_it_sings()]
        return 3 / float(np.median(hz)) if len(hz) else 5e-3

    def window(self, margin: float = 0.25) -> tuple[float, float, float, float]:
        """The least and largest x, the least and largest v that cycles and driven state reach, with a margin.

        What is not finite is left out, and of the state, where there is a cycle, what lies beyond 3 times its reach.
        """
        orbits = self.cycles.orbits.reshape(-1, 2)
        orbits = orbits[np.isfinite(orbits).all(1)]
        state = self.state[np.isfinite(self.state).all(1)]
        if len(orbits) and len(state):
            low, high = orbits.min(0), orbits.max(0)
            state = state[(np.abs(state - (low + high) / 2) <= 1.5 * (high - low) + 1e-9).all(1)]
        points = np.concatenate((orbits, state)) if len(orbits) + len(state) else np.zeros((1, 2))
        low, high = points.min(0), points.max(0)
        room = margin * np.maximum(high - low, 1e-3)
        (x0, v0), (x1, v1) = (low - room).tolist(), (high + room).tolist()
        return x0, x1, v0, v1
