"""What a perturbation did: how far the state went astray, for how long, and what was heard of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from .perturbation import Perturbation

Array = NDArray[np.float64]

RECOVERED = 0.05
LEVEL_DB, LEVEL_MS, QUIET_DB = 0.5, 1.0, -40.0
HEARD_MS = 10.0


@dataclass(frozen=True, eq=False)
class Course:
    """A performance of H samples, each (H,): state x and v, the source, and the sound behind tract and breath."""

    x: Array
    v: Array
    source: Array
    sound: Array


@dataclass(frozen=True, eq=False)
class Response:
    """The difference between a perturbed and an unperturbed performance of one clip, of H samples.

    perturbation       what was done
    label              of the syllable
    place              when, as a share of the syllable: 0 its onset, 1 its offset
    distance           (H,) |y' - y| of the states over the rms size of the orbit
    size               the largest distance from the perturbation on; about 2 or more is a phase that has turned around
    peak_ms            from the perturbation's beginning to the largest distance
    recovery_ms        from its end to when the distance stays below a twentieth of the largest; NaN where that, or its
                       end, is not within the clip, infinity where the perturbed state diverged. A shifted phase is
                       not forgotten before the note ends
    level_recovery_ms  from its end to when the source's level stays within 0.5 dB, where it is above -40 dB
    level_db           rms of the sound against the unperturbed, over the perturbation and at least 10 ms
    pitch_cents        pitch of the state, over the same time; NaN where one has none
    brightness_cents   centre of the sound's power spectrum, likewise
    """

    perturbation: Perturbation
    label: str
    place: float
    distance: Array
    size: float
    peak_ms: float
    recovery_ms: float
    level_recovery_ms: float
    level_db: float
    pitch_cents: float
    brightness_cents: float

    def row(self) -> dict[str, str | float]:
        """All but the time course, by name, for a table."""
        one = self.perturbation
        row: dict[str, str | float] = {"label": self.label, "kind": one.kind, "target": one.target, "mode": one.mode}
        row |= {"amount": one.size, "at_ms": one.at_ms, "duration_ms": one.duration_ms, "place": self.place}
        return row | {name: float(getattr(self, name)) for name in MEASURED}


MEASURED = ("size", "peak_ms", "recovery_ms", "level_recovery_ms", "level_db", "pitch_cents", "brightness_cents")


def response(
    perturbation: Perturbation,
    before: Course,
    after: Course,
    *,
    sample_rate: float,
    size: float,
    label: str = "",
    onset: int = 0,
    offset: int | None = None,
) -> Response:
    """Compare a perturbed performance with the unperturbed one.

    before, after  unperturbed and perturbed, of one length
    sample_rate    Hz
    size           rms size of the orbit, which distances are counted in, see `orbit_size`
    onset, offset  samples of the syllable
    """
    ms = 1e3 / sample_rate
    count = len(before.x)
    first, last = (min(round(one / ms), count) for one in (perturbation.at_ms, min(perturbation.end_ms, count * ms)))
    with np.errstate(all="ignore"):
        distance = np.hypot(after.x - before.x, after.v - before.v) / max(size, 1e-300)
    end = count if offset is None else offset
    place = (perturbation.at_ms / ms - onset) / max(end - onset, 1)
    later = distance[first:]
    if not later.size or not np.isfinite(later).all():
        far = math.inf if later.size else 0.0
        unknown = dict.fromkeys(MEASURED, math.nan) | {"size": far, "recovery_ms": far, "level_recovery_ms": far}
        return Response(perturbation, label, place, distance, **unknown)
    largest = float(later.max())
    heard = slice(first, min(max(last, first + round(HEARD_MS / ms)), count))
    return Response(
        perturbation,
        label,
        place,
        distance,
        size=largest,
        peak_ms=float(np.argmax(later)) * ms,
        recovery_ms=_settled(distance[last:] > RECOVERED * largest) * ms,
        level_recovery_ms=_settled(_astray(before.source, after.source, LEVEL_MS / ms)[last:]) * ms,
        level_db=_decibels(after.sound[heard], before.sound[heard]),
        pitch_cents=_cents(_turns(after.v[heard]), _turns(before.v[heard])),
        brightness_cents=_cents(_centre(after.sound[heard]), _centre(before.sound[heard])),
    )


def _settled(away: NDArray[np.bool_]) -> float:
    """Samples until it is away for the last time; NaN where it still is at the end, and where nothing is left."""
    late = np.flatnonzero(away)
    if not late.size:
        return 0.0 if len(away) else math.nan
    return math.nan if late[-1] == len(away) - 1 else float(late[-1] + 1)


def _astray(before: Array, after: Array, smoothing: float) -> NDArray[np.bool_]:
    """(H,) where the levels differ by more than 0.5 dB, and the unperturbed one is above -40 dB of its maximum."""
    one, other = (gaussian_filter1d(y**2, smoothing) for y in (before, after))
    loud = one > 10 ** (QUIET_DB / 10) * one.max(initial=0.0)
    with np.errstate(all="ignore"):
        return loud & (np.abs(10 * np.log10(other / one)) > LEVEL_DB)


def orbit_size(x: Array, v: Array) -> float:
    """Rms distance of states (n,) from their mean: what an orbit is as large as; 0 where it is none."""
    with np.errstate(all="ignore"):
        size = float(np.sqrt(np.var(x) + np.var(v)))
    return size if math.isfinite(size) else 0.0


def _decibels(a: Array, b: Array) -> float:
    over, under = (float(np.mean(y**2)) if y.size else 0.0 for y in (a, b))
    return 10 * math.log10(over / under) if over > 0 and under > 0 else math.nan


def _cents(over: float, under: float) -> float:
    return 1200 * math.log2(over / under) if over > 0 and under > 0 else math.nan


def _centre(y: Array) -> float:
    """Centre of the power spectrum, in cycles a sample."""
    if y.size < 8:
        return math.nan
    power = np.abs(np.fft.rfft((y - y.mean()) * np.hanning(y.size))) ** 2
    total = power.sum()
    return float((np.fft.rfftfreq(y.size) * power).sum() / total) if total > 0 else math.nan


def _turns(v: Array) -> float:
    """Turns a sample between the first and the last upward crossing of the mean; NaN for fewer than three."""
    v = v - v.mean() if v.size else v
    at = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
    if len(at) < 3:
        return math.nan
    exact = at + v[at] / (v[at] - v[at + 1])
    return float((len(at) - 1) / (exact[-1] - exact[0]))
