"""The arithmetic under the fused kernels, and what a process may do around them."""

from __future__ import annotations

import multiprocessing
import threading
from typing import Any

import numpy as np
import pytest
import torch
from numba import njit

from syrinx_lab.encoders.selective_scan import kernels, selective_scan
from syrinx_lab.encoders.selective_scan.kernels.block_backward import block_backward
from syrinx_lab.encoders.selective_scan.kernels.block_forward import block_forward
from syrinx_lab.encoders.selective_scan.kernels.elementary import exp
from syrinx_lab.encoders.selective_scan.kernels.lanes import LANES, gather, softplus, spread
from syrinx_lab.encoders.selective_scan.kernels.scan import scan_backward, scan_forward
from syrinx_lab.encoders.selective_scan.threads import run_each


@njit(error_model="numpy")
def _exp_each(x: np.ndarray, out: np.ndarray) -> None:
    for i in range(x.shape[0]):
        out[i] = exp(x[i])


@pytest.mark.parametrize(("dtype", "reach", "bound"), [(np.float32, 69.0, 2.5e-7), (np.float64, 600.0, 5e-16)])
def test_exp(dtype: Any, reach: float, bound: float) -> None:
    x = np.linspace(-reach, reach, 200_001).astype(dtype)
    out = np.empty_like(x)
    _exp_each(x, out)
    exact = np.exp(x.astype(np.longdouble))
    assert float(np.abs(out / exact - 1).max()) < bound
    beyond = np.array([np.nan, -np.inf, np.inf, 0.0], dtype)
    out = np.empty_like(beyond)
    _exp_each(beyond, out)
    assert np.isnan(out[0])
    assert 0 < out[1] < 1e-29
    assert out[2] > 1e29
    assert out[3] == 1


@pytest.mark.parametrize(("dtype", "bound"), [(np.float32, 6e-7), (np.float64, 2e-15)])
def test_softplus_and_its_slope(dtype: Any, bound: float) -> None:
    """Relative errors: a step size of exp(-20) is as exact as one of 20."""
    x = np.linspace(-40, 40, 80_001).astype(dtype)
    out, slope = np.empty_like(x), np.empty_like(x)
    softplus(x, out, slope)
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
