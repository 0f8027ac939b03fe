"""Running independent pieces of compiled work on as many threads as torch uses.

Kernels free the interpreter, so plain threads run them in parallel. Numba's own `prange` is not used: with its OpenMP
layer a forked child, such as a worker of a DataLoader, is killed when it launches after its parent did; with its
workqueue layer the process aborts when two threads launch at once. Plain threads have neither fault, sleep when they
are idle and keep to `torch.set_num_threads`.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Scratch = TypeVar("Scratch")

_pools: dict[int, ThreadPoolExecutor] = {}
if hasattr(os, "register_at_fork"):  # a forked child inherits the pools, but not their threads
    os.register_at_fork(after_in_child=_pools.clear)


def run_each(task: Callable[[int, Scratch], None], count: int, make_scratch: Callable[[], Scratch]) -> None:
    """Call task(0, scratch), ..., task(count - 1, scratch) on as many threads as torch uses; raises what a task raises.

    make_scratch is called once a thread, and what it returns belongs to that thread.
    """
    indices = itertools.count()  # shared: a thread takes the next index as soon as it is free

    def work(_: int) -> None:
        scratch = make_scratch()
        while (index := next(indices)) < count:
            task(index, scratch)

    workers = min(torch.get_num_threads(), count)
    if workers <= 1:
        work(0)
        return
    pool = _pools.get(workers)
    if pool is None:
        pool = _pools.setdefault(workers, ThreadPoolExecutor(workers, thread_name_prefix="syrinx-scan"))
    for _ in pool.map(work, range(workers)):
        pass
