"""What the player of the dynamics page is given: a clip's arrays as plain values, the long ones packed."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dynamics.clip_atlas import Array, ClipAtlas
from ..figures.dynamics_over_time import stability
from ..figures.dynamics_planes import plane_reach

_NONE = -32768
_HALF = 32767
MOST_STATES = 20_000


def packed(values: NDArray[np.floating]) -> dict[str, Any]:
    """Numbers in 16 bits each: {"data": base64 of little-endian integers, "low", "high"}; what is not finite is none.

    The error is a 65,534th of the range at most.
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    finite = np.isfinite(flat)
    low, high = (float(flat[finite].min()), float(flat[finite].max())) if finite.any() else (0.0, 0.0)
    span = high - low if high > low else 1.0
    whole = np.where(finite, np.round((np.where(finite, flat, low) - low) / span * 2 * _HALF) - _HALF, _NONE)
    data = base64.b64encode(whole.astype("<i2").tobytes()).decode("ascii")
    return {"data": data, "low": low, "high": low + span}


def player_data(atlas: ClipAtlas) -> dict[str, Any]:
    """The plain values of a clip that `dynamics.js` draws from; times in ms."""
    moments = len(atlas.times_s)
    box = atlas.window()
    every = max(1, math.ceil(len(atlas.state) / MOST_STATES))
    lines = [[_thinned(line, box) for line in several] for several in atlas.nullclines]
    flat = [line for several in lines for line in several]
    traces = np.concatenate([np.stack((b.trace, b.determinant), -1) for b in atlas.branches] or [np.zeros((1, 2))])
    orbits, others = atlas.cycles.orbits, atlas.cycles.others
    end = float(atlas.times_s[-1]) if moments else 0.0
    if len(atlas.state):
        end = max(end, (len(atlas.state) - 1) / atlas.state_rate)
    return {
        "times": _plain(atlas.times_s * 1e3),
        "duration_ms": round(end * 1e3, 3),
        "start_ms": round(_start(atlas) * 1e3, 3),
        "trail_ms": _short(atlas.trail_s * 1e3),
        "window": [_short(value) for value in box],
        "trace_window": _box(traces),
        "state": packed(_clipped(atlas.state[::every], box)),
        "state_rate": atlas.state_rate / every,
        "orbits": packed(orbits),
        "orbit_points": orbits.shape[1] if orbits.ndim == 3 else 0,
        "others": packed(others),
        "others_each": others.shape[1] if others.ndim == 4 else 0,
        "nullclines": {
            "points": packed(np.concatenate(flat) if flat else np.empty(0)),
            "lengths": [[len(line) for line in several] for several in lines],
        },
        "branches": [
            {
                "x": _plain(branch.x),
                "trace": _plain(branch.trace),
                "determinant": _plain(branch.determinant),
                "kinds": stability(branch),
            }
            for branch in atlas.branches
        ],
        "map": _map(atlas),
        "said": [_said(atlas, n) for n in range(moments)],
    }


def _map(atlas: ClipAtlas) -> dict[str, Any] | None:
    found = atlas.map
    if found is None:
        return None
    times = [one.time_s for one in found.crossings]
    places = np.stack([np.interp(times, atlas.times_s, found.path[:, k]) for k in (0, 1)], -1).tolist()
    return {
        "window": _box(found.path, 0.35),
        "labels": [name if unit == "1" else f"{name} ({unit})" for name, unit in zip(found.names, found.units)],
        "curves": [{"kind": one.kind, "points": [_plain(point) for point in one.points]} for one in found.curves],
        "path": [_plain(point) for point in found.path],
        "crossings": [{"at": at, "event": one.event} for at, one in zip(places, found.crossings)],
    }


def _said(atlas: ClipAtlas, moment: int) -> str:
    """A line on one moment."""
    hz, multiplier = atlas.cycles.hz[moment], atlas.cycles.multiplier[moment]
    if not math.isfinite(hz):
        return atlas.cycles.reasons[moment] or "no attracting cycle"
    line = f"the cycle has {hz:.4g} Hz, Floquet multiplier {multiplier:.3g}"
    distance = atlas.map.distance_db[moment] if atlas.map is not None and len(atlas.map.distance_db) else math.nan
    if atlas.map is not None and math.isfinite(distance):
        line += f", {distance:+.1f} dB of pressure from the {atlas.map.nearest[moment]}"
    return line


def _start(atlas: ClipAtlas) -> float:
    """Where the player stands at first: in the middle of what is sung."""
    sings = np.flatnonzero(atlas.where_it_sings())
    return float(atlas.times_s[sings[len(sings) // 2]]) if len(sings) else float(atlas.times_s[0])


def _thinned(line: Array, box: tuple[float, float, float, float], most: int = 60) -> Array:
    """At most so many points of a line, within the window."""
    every = max(1, math.ceil(len(line) / most))
    return _clipped(np.concatenate((line[::every], line[-1:])), box)


def _clipped(points: Array, box: tuple[float, float, float, float]) -> Array:
    """Points (N, 2), those far outside brought near to the window, so that 16 bits are enough for those within."""
    if not len(points):
        return np.empty((0, 2))
    x0, x1, v0, v1 = box
    room = np.array([x1 - x0, v1 - v0])
    return np.clip(points, np.array([x0, v0]) - room, np.array([x1, v1]) + room)


def _box(points: Array, margin: float = 0.12) -> list[float]:
    """x0, x1, y0, y1 of what points (N, 2) reach."""
    finite = points[np.isfinite(points).all(1)]
    (x0, y0), (x1, y1) = plane_reach(finite if len(finite) else np.zeros((1, 2)), margin)
    return [_short(value) for value in (x0, x1, y0, y1)]


def _plain(values: NDArray[np.floating]) -> list[float | None]:
    return [_short(value) if math.isfinite(value) else None for value in values]


def _short(value: float) -> float:
    return float(f"{value:.5g}")
