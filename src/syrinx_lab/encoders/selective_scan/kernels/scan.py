# mypy: disable-error-code="call-arg, var-annotated"
"""The selective scan alone, forward and backward, for one item of the batch and some of its channels.

Columns of (L, channels) arrays are laid out over lanes a chunk at a time; the states at every chunk's beginning are all
that the backward pass needs from the forward pass.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ....simd.functions import flush_subnormals, restore_mode
from ....simd.lanes import fma, load, splat, store
from ....simd.rows import add_totals
from . import POINTWISE, SOURCES, entry
from .channel import Scan, ScanGradients, scan, scan_gradients, scan_rows
from .lanes import CHUNK, FOUR, LANES, ONE, Row, Rows, empty_rows, gather, spread, steps_for


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
    scan: Scan
    carry: Row
    d_y: Row
    d_u: Row
    into: ScanGradients


def scan_workspace(state: int, dtype: np.dtype) -> ScanWork:
    """Uninitialised rows for scans with `state` states a channel."""

    def row() -> Row:
        return empty_rows(1, 1, dtype)[0]

    B, C, d_B, d_C = (empty_rows(state, 1, dtype) for _ in range(4))
    into = ScanGradients(row(), row(), d_B, d_C)
    carry = np.empty(state, dtype)
    return ScanWork(row(), row(), row(), row(), B, C, scan_rows(state, 1, dtype), carry, row(), row(), into)


@njit(**POINTWISE)
def _load_shared(i: Inputs, start: int, count: int, steps: int, k: ScanWork) -> None:
    for n in range(i.A.shape[1]):
        spread(i.B[:, n], start, count, steps, k.B[n])
        spread(i.C[:, n], start, count, steps, k.C[n])


@njit(**POINTWISE)
def _run(i: Inputs, c: int, start: int, count: int, steps: int, carry: Row, keep: bool, k: ScanWork) -> None:
    """Channel c over a chunk: fills k.u, k.delta, k.du, k.y and k.scan, and advances carry (N,)."""
    size = steps * LANES
    spread(i.u[:, c], start, count, steps, k.u)
    spread(i.delta[:, c], start, count, steps, k.delta)
    gain = splat(i.D[c], FOUR)
    for t in range(0, size, len(FOUR)):
        u = load(k.u, t, FOUR)
        store(k.du, t, u * load(k.delta, t, FOUR))
        store(k.y, t, u * gain)
    scan(i.A[c], k.delta, k.du, k.B, k.C, size, carry, k.y, k.scan, keep)


@njit(**POINTWISE)
def _through_product(i: Inputs, c: int, size: int, d_D: NDArray[np.floating], k: ScanWork) -> None:
    """From the gradient of delta u to those of delta and u, with the share of D u."""
    gain, total = splat(i.D[c], FOUR), splat(k.y.dtype.type(0), FOUR)
    for t in range(0, size, len(FOUR)):
        d_y, u, d_du = load(k.d_y, t, FOUR), load(k.u, t, FOUR), load(k.into.du, t, FOUR)
        total = fma(d_y, u, total)
        store(k.d_u, t, fma(d_du, load(k.delta, t, FOUR), gain * d_y))
        store(k.into.delta, t, fma(d_du, u, load(k.into.delta, t, FOUR)))
    add_totals(d_D, c, 0, ONE, total)


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
        mode = flush_subnormals()
        length = i.u.shape[0]
        for start in range(0, length, CHUNK):
            count = min(CHUNK, length - start)
            steps = steps_for(count, 1)
            _load_shared(i, start, count, steps, k)
            for c in range(first, last):
                for n in range(i.A.shape[1]):
                    if carries.shape[0] > 0:
                        carries[start // CHUNK, c, n] = carry[c, n]
                _run(i, c, start, count, steps, carry[c], False, k)
                gather(k.y, start, count, steps, y[:, c])
        restore_mode(mode)

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
        mode = flush_subnormals()
        length = i.u.shape[0]
        for m in range(carries.shape[0] - 1, -1, -1):
            start = m * CHUNK
            count = min(CHUNK, length - start)
            steps = steps_for(count, 1)
            size = steps * LANES
            _load_shared(i, start, count, steps, k)
            k.into.B[:, :size] = 0
            k.into.C[:, :size] = 0
            for c in range(first, last):
                for n in range(i.A.shape[1]):
                    k.carry[n] = carries[m, c, n]
                _run(i, c, start, count, steps, k.carry, True, k)
                spread(d_y[:, c], start, count, steps, k.d_y)
                k.into.delta[:size] = 0
                k.into.du[:size] = 0
                scan_gradients(i.A[c], k.delta, k.du, k.B, k.C, size, k.d_y, d_carry[c], d_A[c], k.scan, k.into)
                _through_product(i, c, size, d_D, k)
                gather(k.d_u, start, count, steps, d.u[:, c])
                gather(k.into.delta, start, count, steps, d.delta[:, c])
            for n in range(i.A.shape[1]):
                gather(k.into.B[n], start, count, steps, d.B[:, n])
                gather(k.into.C[n], start, count, steps, d.C[:, n])
        restore_mode(mode)

    return entry(scan_forward), entry(scan_backward)


scan_forward, scan_backward = _entries(SOURCES)
