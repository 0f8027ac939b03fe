"""The cycle that is sung at each moment, distinguished from the others that the same drives have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .clip_atlas import Array, Cycles, EveryCycle
from .cycles import Cycles as AllCycles

ORBIT_POINTS = 128
HARMONICS = 12


def sung_cycles(found: AllCycles) -> Cycles:
    """The sung cycle of every moment, and the others: all of `limit_cycles` that pages and tables show."""
    count = len(found.field)
    rows, column = np.arange(count), found.sung
    there = column >= 0
    most = found.x.shape[1]
    if most == 0:
        return replace(no_cycles(count), reasons=tuple(found.reason))
    place = np.where(there, column, 0)

    def of_sung(values: Array) -> Array:
        chosen = np.asarray(values[rows, place], dtype=np.float64)
        return np.where(there.reshape(-1, *(1,) * (chosen.ndim - 1)), chosen, np.nan)

    orbits = np.stack((of_sung(found.x), of_sung(found.v)), -1)
    every = np.stack((found.x, found.v), -1)
    every[rows[there], column[there]] = np.nan
    power = np.abs(found.harmonics[rows, place, 1:]) ** 2
    total = power.sum(-1, keepdims=True)
    shares = np.divide(power, total, out=np.full_like(power, np.nan), where=total > 0)
    reasons = tuple(
        "" if here else reason or "no attracting cycle is reached from rest"
        for here, reason in zip(there, found.reason)
    )
    return Cycles(
        hz=of_sung(found.hz),
        amplitude=of_sung(found.amplitude),
        log_multiplier=of_sung(found.log_multiplier),
        trivial=of_sung(found.trivial),
        orbits=orbits,
        harmonics=np.where(there[:, None], shares, np.nan),
        others=every[:, np.isfinite(every).any((0, 2, 3))],
        reasons=reasons,
        every=EveryCycle(found.hz, found.amplitude, found.log_multiplier, found.sung),
    )


def no_cycles(count: int) -> Cycles:
    """The cycles of `count` moments of which none is known to have one."""
    none, nobody = np.full(count, np.nan), np.empty((count, 0))
    return Cycles(
        hz=none,
        amplitude=none,
        log_multiplier=none,
        trivial=none,
        orbits=np.full((count, ORBIT_POINTS, 2), np.nan),
        harmonics=np.full((count, HARMONICS), np.nan),
        others=np.empty((count, 0, ORBIT_POINTS, 2)),
        reasons=("",) * count,
        every=EveryCycle(nobody, nobody, nobody, np.full(count, -1)),
    )
