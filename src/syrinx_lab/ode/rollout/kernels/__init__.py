"""The Numba kernels of the fused backend: RK4 forward in time, and its hand-written adjoint backward in time.

A tile is `width` items of the batch, one a lane of a vector register. Per-sample arrays (batch, steps) are read and
written in place; the weights of a step, which lie item by item in memory, are transposed into lanes once a step, and
their gradient back. Where the batch is no multiple of the width the last tile overlaps the one before and computes the
same numbers again (two threads may then write the same bits to the same place, which is harmless).

At control rate the two knots around a step stand in lanes, and so do their gradients: a knot is read once and its
gradient written once, however many steps lie between.

Numba infers the types of what it compiles, so those functions carry no hints.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ....simd import fingerprint
from ....simd.compiling import kept

SOURCES = fingerprint(Path(__file__).parent)


def entry(function: Callable[..., None]) -> Any:
    """Compile a kernel that Python calls, free of the interpreter's lock, and keep the result where a folder allows."""
    return kept(nogil=True)(function)


class Arrays(NamedTuple):
    """The drives, or their gradients: stiffness and gamma (batch, knots), the weights flattened (see `Plan`)."""

    stiffness: np.ndarray
    gamma: np.ndarray
    weights: np.ndarray


class Plan(NamedTuple):
    """The settings of an integration; the numbers are in the dtype of the state.

    side         P + 1
    item_stride  elements from an item's weights to the next item's
    step_stride  elements from a knot's weights to the next knot's
    hop          steps from a knot to the next; 1: every step has drives of its own
    forced       whether the state is pulled to data before every step, by the share `rate`
    clamped      whether the state is softly clamped, at x_bound and v_bound, whose inverses stand beside them
    step         h, with its half, third and sixth beside it
    spacing      1 / hop
    keep         what of the adjoint passes a step: the decay times 1 - rate
    """

    side: int
    item_stride: int
    step_stride: int
    hop: int
    forced: bool
    clamped: bool
    x_bound: np.floating
    x_inverse: np.floating
    v_bound: np.floating
    v_inverse: np.floating
    step: np.floating
    half: np.floating
    third: np.floating
    sixth: np.floating
    rate: np.floating
    spacing: np.floating
    keep: np.floating
    zero: np.floating
    one: np.floating
