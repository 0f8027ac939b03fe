# mypy: disable-error-code="call-arg, var-annotated"
"""Moving the numbers of a tile between the layout of the batch and lanes."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....simd.lanes import fma, gather, load, scatter, splat, store, transpose

WIDE = (0,) * 16  # elements that are worked on at a time where it does not matter whose they are


@njit
def scratch(count, array, like):
    """Memory for `count` lanes, and the offset of its first aligned element."""
    memory = np.empty((count + 1) * len(like), array.dtype)
    return memory, -(memory.ctypes.data // memory.itemsize) % len(like)


@njit
def to_lanes(items, offset, stride, lanes, base, count, like):
    """Bring `count` numbers of every item into lanes."""
    width = len(like)
    blocks = count - count % width
    for c in range(0, blocks, width):
        transpose(items, offset + c, stride, lanes, base + c * width, width, like)
    for c in range(blocks, count):
        store(lanes, base + c * width, gather(items, offset + c, stride, like))


@njit
def from_lanes(lanes, base, items, offset, stride, count, like):
    """The reverse of `to_lanes`."""
    width = len(like)
    blocks = count - count % width
    for c in range(0, blocks, width):
        transpose(lanes, base + c * width, width, items, offset + c, stride, like)
    for c in range(blocks, count):
        scatter(items, offset + c, stride, load(lanes, base + c * width, like))


@njit
def room(count, like):
    """How many elements `count` lanes take, rounded up to whole registers of `WIDE`."""
    return -(-count * len(like) // len(WIDE)) * len(WIDE)


@njit
def ramp(lanes, a, b, now, rise, spacing, gone, size):
    """Put `gone` steps of the way from lanes[a:] to lanes[b:] into lanes[now:], and one step of it into lanes[rise:].

    spacing is 1 / steps, size as from `room`.
    """
    spacing, gone = splat(spacing, WIDE), splat(gone, WIDE)
    for c in range(0, size, len(WIDE)):
        start = load(lanes, a + c, WIDE)
        step = spacing * (load(lanes, b + c, WIDE) - start)
        store(lanes, rise + c, step)
        store(lanes, now + c, fma(gone, step, start))


@njit
def move(lanes, now, rise, sign, size):
    """Add lanes[rise:], times `sign`, to lanes[now:]: half the memory that interpolation between two knots takes."""
    sign = splat(sign, WIDE)
    for c in range(0, size, len(WIDE)):
        store(lanes, now + c, fma(sign, load(lanes, rise + c, WIDE), load(lanes, now + c, WIDE)))


@njit
def clear(lanes, base, size, zero):
    """Set `size` elements, as from `room`, to zero."""
    zero = splat(zero, WIDE)
    for c in range(0, size, len(WIDE)):
        store(lanes, base + c, zero)
