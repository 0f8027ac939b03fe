# mypy: disable-error-code="call-arg, var-annotated"
"""The arithmetic under the fused kernels, and what a process may do around them."""

from __future__ import annotations

import multiprocessing
import threading
from typing import Any

import numpy as np
import pytest
import torch
from numba import njit

from syrinx_lab.encoders.mamba import MambaBlock
from syrinx_lab.encoders.selective_scan import kernels, selective_scan
from syrinx_lab.encoders.selective_scan.kernels.activations import softplus
from syrinx_lab.encoders.selective_scan.kernels.block_backward import block_backward
from syrinx_lab.encoders.selective_scan.kernels.block_forward import block_forward
from syrinx_lab.encoders.selective_scan.kernels.lanes import (
    CHUNK,
    LANES,
    ONE,
    clear_after,
    empty_rows,
    gather,
    place,
    spread,
    steps_for,
)
from syrinx_lab.encoders.selective_scan.kernels.scan import scan_backward, scan_forward
from syrinx_lab.encoders.selective_scan.threads import run_each
from syrinx_lab.simd.lanes import load, splat, store


@njit
def _softplus_each(x, out, slope):  # type: ignore[no-untyped-def]
    for i in range(0, len(x), LANES):
        value, derivative = softplus(load(x, i, ONE), splat(x.dtype.type(1), ONE))
        store(out, i, value)
        store(slope, i, derivative)


@pytest.mark.parametrize(("dtype", "bound"), [(np.float32, 6e-7), (np.float64, 2e-15)])
def test_softplus_and_its_slope(dtype: Any, bound: float) -> None:
    """Relative errors: a step size of exp(-20) is as exact as one of 20."""
    x = np.linspace(-40, 40, 80_000).astype(dtype)
    out, slope = np.empty_like(x), np.empty_like(x)
    _softplus_each(x, out, slope)
    wide = x.astype(np.longdouble)
    assert float(np.abs(out / np.log1p(np.exp(wide)) - 1).max()) < bound
    assert float(np.abs(slope * (1 + np.exp(-wide)) - 1).max()) < bound


def test_layout_of_lanes() -> None:
    """Sample t of a chunk lies in lane t // S at step t % S; what is past the end is zero; gather undoes spread."""
    start, count, steps = 5, 37, 3
    column = np.arange(100, dtype=np.float32)
    row = np.full(steps * LANES, -1, np.float32)
    spread(column, start, count, steps, row)
    grid = row.reshape(steps, LANES)
    assert grid[1, 4] == start + 4 * steps + 1
    assert grid[0, 12] == start + 36
    assert grid[1, 12] == 0
    assert np.all(grid[:, 13:] == 0)
    back = np.zeros(100, np.float32)
    gather(row, start, count, steps, back)
    assert np.array_equal(np.nonzero(back)[0], np.arange(start, start + count))
    assert np.array_equal(back[start : start + count], column[start : start + count])
    clear_after(30, steps, row)
    assert np.array_equal(np.nonzero(row.reshape(steps, LANES).T.ravel())[0], np.arange(30))


@pytest.mark.parametrize(("count", "taps", "steps"), [(1, 1, 4), (64, 4, 4), (65, 4, 8), (256, 4, 16), (2, 10, 12)])
def test_steps_of_a_chunk(count: int, taps: int, steps: int) -> None:
    """A multiple of four, enough for the samples and for what the convolution looks back."""
    assert steps_for(count, taps) == steps
    assert place(count - 1, steps) == (count - 1) % steps * LANES + (count - 1) // steps


def test_rows_begin_where_a_line_of_the_cache_does() -> None:
    for dtype in (np.float32, np.float64):
        rows = empty_rows(3, 4, dtype, 2)
        assert rows.shape == (3, CHUNK + 3 * LANES)
        assert all(row.ctypes.data % 64 == 0 for row in rows)


def test_cache_notices_a_change_in_any_kernel_file() -> None:
    """Numba's cache key holds the closure, and the closure holds the fingerprint of the folder."""
    for entry in (block_forward, block_backward, scan_forward, scan_backward):
        assert [cell.cell_contents for cell in entry.py_func.__closure__] == [kernels.SOURCES]


def _scan(queue: multiprocessing.Queue | None = None) -> torch.Tensor:
    g = torch.Generator().manual_seed(0)
    u, delta = torch.rand(2, 40, 3, generator=g), torch.rand(2, 40, 3, generator=g)
    B, C = torch.rand(2, 40, 2, generator=g), torch.rand(2, 40, 2, generator=g)
    y, _ = selective_scan(u, delta, -torch.ones(3, 2), B, C, torch.ones(3), backend="fused")
    if queue is not None:
        queue.put(float(y.sum()))
    return y


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system")
def test_kernels_run_in_a_child_forked_after_the_pool_started() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        wanted = float(_scan().sum())
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        child = context.Process(target=_scan, args=(queue,), daemon=True)
        child.start()
        assert queue.get(timeout=60) == wanted
        child.join(timeout=60)
        assert child.exitcode == 0
    finally:
        torch.set_num_threads(threads)


def test_kernels_run_from_several_threads_at_once() -> None:
    wanted = _scan()
    results: list[torch.Tensor] = []
    workers = [threading.Thread(target=lambda: results.append(_scan())) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert len(results) == 6
    assert all(torch.equal(result, wanted) for result in results)


def _block(d_model: int, x: torch.Tensor) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(d_model)
    block = MambaBlock(d_model, d_state=3, expand=2)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    y = block(x[..., :d_model])
    return [y.detach(), *torch.autograd.grad(y.square().sum(), list(block.parameters()))]


def test_rows_kept_for_blocks_of_other_sizes_and_in_other_threads_change_nothing() -> None:
    x = torch.randn(2, 2 * CHUNK + 5, 3, generator=torch.Generator().manual_seed(0))
    wanted = {d: _block(d, x) for d in (1, 2, 3)}
    found: list[tuple[int, list[torch.Tensor]]] = []

    def work() -> None:
        found.extend((d, _block(d, x)) for d in (3, 1, 2, 3))

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert len(found) == 12
    for d, tensors in found:
        assert all(torch.equal(a, b) for a, b in zip(tensors, wanted[d]))


def test_kernels_leave_subnormal_numbers_to_others_as_they_were() -> None:
    _block(2, torch.randn(1, 30, 2, generator=torch.Generator().manual_seed(0)))
    _scan()
    assert float(np.float32(1e-30) * np.float32(1e-10)) > 0


def test_a_task_that_fails_is_heard() -> None:
    def task(index: int, scratch: list[int]) -> None:
        if index == 3:
            raise ValueError("task 3")

    with pytest.raises(ValueError, match="task 3"):
        run_each(task, 5, list)


def test_every_task_runs_once_with_the_scratch_of_its_thread() -> None:
    seen: list[int] = []
    scratches: list[set[int]] = []

    def make_scratch() -> set[int]:
        scratches.append(set())
        return scratches[-1]

    def task(index: int, scratch: set[int]) -> None:
        seen.append(index)
        scratch.add(threading.get_ident())

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run_each(task, 50, make_scratch)
    finally:
        torch.set_num_threads(threads)
    assert sorted(seen) == list(range(50))
    assert len(scratches) == 2
    assert all(len(scratch) <= 1 for scratch in scratches)
