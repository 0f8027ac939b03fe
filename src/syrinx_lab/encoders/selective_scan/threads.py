"""Running independent pieces of compiled work on as many threads as torch uses.

Kernels free the interpreter, so plain threads run them in parallel. Numba's own `prange` is not used: its OpenMP layer
ends a process that was forked after a first use, as workers of a DataLoader are, and its workqueue layer ends one in
which two threads launch at once; a pool of plain threads has neither fault and keeps to `torch.set_num_threads`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

_pools: dict[int, ThreadPoolExecutor] = {}
if hasattr(os, "register_at_fork"):  # a forked child inherits the pools, but not their threads
    os.register_at_fork(after_in_child=_pools.clear)


def run_each(task: Callable[[int], None], count: int) -> None:
    """Call task(0), ..., task(count - 1), in parallel where torch uses several threads; raises what a task raises."""
    workers = min(torch.get_num_threads(), count)
    if workers <= 1:
        for index in range(count):
            task(index)
        return
    pool = _pools.get(workers)
    if pool is None:
        pool = _pools.setdefault(workers, ThreadPoolExecutor(workers, thread_name_prefix="syrinx-scan"))
    for _ in pool.map(task, range(count)):
        pass
