# mypy: disable-error-code="call-arg, var-annotated"
"""Moving the numbers of a tile between the layout of the batch and lanes."""

from __future__ import annotations

import numpy as np
from numba import njit

from .lanes import gather, load, scatter, store, transpose


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
