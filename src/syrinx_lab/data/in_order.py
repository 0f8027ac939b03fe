"""Work on many items by several threads, with the results in the order of the items and few of them at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 8  # threads: reading a folder is no reason to keep a whole server busy


def thread_count() -> int:
    """As many threads as this process may use processors, at most `MOST`."""
    return min(MOST, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def in_order(work: Callable[[Item], Result], items: Iterable[Item], threads: int | None = None) -> Iterator[Result]:
    """`work` of every item, by threads, in the order of the items; an error is raised where its result would come.

    At most two results a thread wait to be taken, so that memory does not grow with the items. `work` must be of the
    kind that lets other threads run: decoding, hashing and NumPy's sums are.

    threads  None: `thread_count`; 1: no thread but this one
    """
    threads = thread_count() if threads is None else threads
    if threads < 2:
        yield from map(work, items)
        return
    coming = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Result]] = deque(pool.submit(work, item) for item in islice(coming, 2 * threads))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(coming, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()
