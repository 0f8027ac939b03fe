"""Rows of samples laid out so that a recurrence in time runs on vector lanes.

A chunk of LANES * S samples is cut into LANES pieces of S consecutive samples, and piece j is lane j: sample t of the
chunk lies at s * LANES + j with j = t // S, s = t % S. Everything that is pointwise in time does not care about the
order; a linear recurrence becomes h[i + LANES] = a[i] h[i] + b[i], whose LANES neighbours are independent. It is run
twice: from zero, which with each lane's product of a gives the state at every lane's start, and then from those states.

S is a multiple of four, so that passes over a row may take four vectors at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from . import POINTWISE

LANES = 16
CHUNK = 256  # samples in a chunk: long enough to make light of the calls, short enough for the first-level cache
ONE = (0,) * LANES  # the widths of one vector and of four
FOUR = (0,) * (4 * LANES)

Row = NDArray[np.floating]
Rows = NDArray[np.floating]


@njit(**POINTWISE)
def steps_for(count: int, taps: int) -> int:
    """The S for `count` samples: no smaller than the taps - 1 samples that a convolution looks back."""
    return (max(count, (taps - 1) * LANES) + 4 * LANES - 1) // (4 * LANES) * 4


def empty_rows(count: int, taps: int, dtype: Any, before: int = 0) -> Rows:
    """`count` uninitialised rows for a chunk and a vector more, and `before` vectors at their beginnings.

    They begin on boundaries of 64 bytes: else every second vector would straddle two lines of the cache.
    """
    width = (int(steps_for(CHUNK, taps)) + 1 + before) * LANES
    room = np.empty(count * width + 64, dtype)
    first = -room.ctypes.data % 64 // room.itemsize
    return room[first : first + count * width].reshape(count, width)


@njit(**POINTWISE)
def place(t: int, steps: int) -> int:
    """Where sample t of the chunk lies in a row."""
    return (t % steps) * LANES + t // steps


@njit(**POINTWISE)
def spread(column: Row, start: int, count: int, steps: int, row: Row) -> None:
    """Lay samples start .. start + count of a column out over the lanes, zeros after them."""
    zero = row.dtype.type(0)
    for j in range(LANES):
        for s in range(steps):
            t = j * steps + s
            row[s * LANES + j] = column[start + t] if t < count else zero


@njit(**POINTWISE)
def gather(row: Row, start: int, count: int, steps: int, column: Row) -> None:
    """The inverse of `spread`: write the first `count` samples of a row back in order."""
    for j in range(LANES):
        for s in range(min(steps, count - j * steps)):
            column[start + j * steps + s] = row[s * LANES + j]


@njit(**POINTWISE)
def clear_after(count: int, steps: int, row: Row) -> None:
    """Set what lies after the first `count` samples to zero."""
    for j in range(count // steps, LANES):
        for s in range(max(0, count - j * steps), steps):
            row[s * LANES + j] = 0


@njit(**POINTWISE)
def copy(row: Row, out: Row) -> None:
    """out = row, over the length of row."""
    for i in range(row.shape[0]):
        out[i] = row[i]
