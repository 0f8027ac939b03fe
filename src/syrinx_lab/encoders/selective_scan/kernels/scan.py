"""The selective scan alone, forward and backward, for one item of the batch and some of its channels.

Columns of (L, channels) arrays are laid out over lanes a chunk at a time; the states at every chunk's beginning are all
that the backward pass needs from the forward pass.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from . import POINTWISE, SOURCES, entry
from .channel import Rows, state_gradients, states
from .lanes import (
    CHUNK,
    LANES,
    Row,
    add_product,
    dot,
    gather,
    scaled,
    spread,
    times,
)


class Inputs(NamedTuple):
    """What is scanned, one item: u, delta (L, i); A (i, N); B, C (L, N); D (i,)."""

    u: NDArray[np.floating]
    delta: NDArray[np.floating]
    A: NDArray[np.floating]
    B: NDArray[np.floating]
    C: NDArray[np.floating]
    D: NDArray[np.floating]


class ScanWork(NamedTuple):
    """Rows of one chunk: values, then gradients."""

    u: Row
    delta: Row
    du: Row
    y: Row
    B: Rows
    C: Rows
    a: Rows
    h: Rows
    b: Row
    run: Row
    lane: Row
    carry: Row
    d_y: Row
    d_u: Row
    d_delta: Row
    d_du: Row
    d_B: Rows
    d_C: Rows
    g: Row


def scan_workspace(state: int, dtype: np.dtype) -> ScanWork:
    """Uninitialised rows for scans with `state` states a channel."""
    one, many = (CHUNK + LANES,), (state, CHUNK + LANES)
    shapes = {"B": many, "C": many, "a": many, "h": many, "d_B": many, "d_C": many, "lane": (LANES,), "carry": (state,)}
    return ScanWork(**{name: np.empty(shapes.get(name, one), dtype) for name in ScanWork._fields})


@njit(**POINTWISE)
def _load(i: Inputs, c: int, start: int, count: int, steps: int, k: ScanWork) -> None:
    size = steps * LANES
    spread(i.u[:, c], start, count, steps, k.u)
    spread(i.delta[:, c], start, count, steps, k.delta)
    times(k.u, k.delta, k.du[:size])


@njit(**POINTWISE)
def _load_shared(i: Inputs, start: int, count: int, steps: int, k: ScanWork) -> None:
    for n in range(i.A.shape[1]):
        spread(i.B[:, n], start, count, steps, k.B[n])
        spread(i.C[:, n], start, count, steps, k.C[n])


def _entries(sources: str) -> tuple[Any, Any]:
    def scan_forward(
        i: Inputs,
        first: int,
        last: int,
        carry: Rows,
        carries: NDArray[np.floating],
        y: NDArray[np.floating],
        k: ScanWork,
    ) -> None:
        """Channels first .. last of one item: fills y (L, i), advances carry (i, N), keeps it in carries (M, i, N).

        M is the number of chunks, or 0 where nothing is kept.
        """
        _ = sources  # in the closure, for the cache's key
        length = i.u.shape[0]
        for start in range(0, length, CHUNK):
            count = min(CHUNK, length - start)
            steps = (count + LANES - 1) // LANES
            size = steps * LANES
            _load_shared(i, start, count, steps, k)
            for c in range(first, last):
                for n in range(i.A.shape[1]):
                    if carries.shape[0] > 0:
                        carries[start // CHUNK, c, n] = carry[c, n]
                _load(i, c, start, count, steps, k)
                states(i.A[c], k.delta[:size], k.du[:size], k.B, carry[c], k.a, k.h, k.b[:size], k.run, k.lane)
                scaled(k.y[:size], i.D[c], k.u)
                for n in range(i.A.shape[1]):
                    add_product(k.y[:size], k.h[n, LANES:], k.C[n])
                gather(k.y, start, count, steps, y[:, c])

    def scan_backward(
        i: Inputs,
        first: int,
        last: int,
        carries: NDArray[np.floating],
        d_y: NDArray[np.floating],
        d_carry: Rows,
        d: Inputs,
        d_A: Rows,
        d_D: Row,
        k: ScanWork,
    ) -> None:
        """Gradients of channels first .. last: fills their columns of d.u, d.delta; d.B, d.C are sums over them.

        d_carry (i, N) goes from after the item to before it; d_A (i, N) and d_D (i,) are added to.
        """
        _ = sources  # in the closure, for the cache's key
        length = i.u.shape[0]
        for m in range(carries.shape[0] - 1, -1, -1):
            start = m * CHUNK
            count = min(CHUNK, length - start)
            steps = (count + LANES - 1) // LANES
            size = steps * LANES
            _load_shared(i, start, count, steps, k)
            for n in range(i.A.shape[1]):
                k.d_B[n, :size] = 0
                k.d_C[n, :size] = 0
            for c in range(first, last):
                _load(i, c, start, count, steps, k)
                for n in range(i.A.shape[1]):
                    k.carry[n] = carries[m, c, n]
                states(i.A[c], k.delta[:size], k.du[:size], k.B, k.carry, k.a, k.h, k.b[:size], k.run, k.lane)
                spread(d_y[:, c], start, count, steps, k.d_y)
                k.d_du[:size] = 0
                k.d_delta[:size] = 0
                state_gradients(
                    i.A[c],
                    k.delta[:size],
                    k.du[:size],
                    k.B,
                    k.C,
                    k.d_y[:size],
                    k.a,
                    k.h,
                    d_carry[c],
                    d_A[c],
                    k.d_du[:size],
                    k.d_delta[:size],
                    k.d_B,
                    k.d_C,
                    k.g,
                    k.b[:size],
                    k.run,
                    k.lane,
                )
                d_D[c] += dot(k.d_y[:size], k.u)
                scaled(k.d_u[:size], i.D[c], k.d_y)
                add_product(k.d_u[:size], k.d_du, k.delta)
                add_product(k.d_delta[:size], k.d_du, k.u)
                gather(k.d_u, start, count, steps, d.u[:, c])
                gather(k.d_delta, start, count, steps, d.delta[:, c])
            for n in range(i.A.shape[1]):
                gather(k.d_B[n], start, count, steps, d.B[:, n])
                gather(k.d_C[n], start, count, steps, d.C[:, n])

    return entry(scan_forward), entry(scan_backward)


scan_forward, scan_backward = _entries(SOURCES)
