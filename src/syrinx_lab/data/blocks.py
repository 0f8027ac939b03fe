"""Long arrays in pieces, so that a step of arithmetic copies a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

BLOCK = 2**18
"""Elements of a piece; 6 s at 44.1 kHz."""


def blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    """An array (n,) in views of `BLOCK` elements, the last one shorter; nothing for n = 0."""
    for start in range(0, len(array), BLOCK):
        yield array[start : start + BLOCK]
