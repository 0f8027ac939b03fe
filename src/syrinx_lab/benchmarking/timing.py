"""How long functions take: warmed up, synchronised, repeated, and interleaved where they are compared."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch

Run = Callable[[], object]


@dataclass(frozen=True)
class Effort:
    """How often a function is timed: in each of `rounds` rounds for `round_s` seconds, but at most `most` times.

    A function slower than `round_s` is thus timed `rounds` times. `settle` runs it once in every round before the clock
    starts, so that caches, and memory that is used again, are found as a loop over this function finds them.
    Raises ValueError for fewer than one round or run.
    """

    rounds: int = 5
    round_s: float = 0.2
    most: int = 10
    settle: bool = True

    def __post_init__(self) -> None:
        for name, number in (("rounds", self.rounds), ("most", self.most)):
            if not isinstance(number, int) or number < 1:
                raise ValueError(f"effort.{name} is {number!r}: it must be a whole number of at least 1")
        if not isinstance(self.round_s, int | float) or not self.round_s >= 0:
            raise ValueError(f"effort.round_s is {self.round_s!r}: it must be seconds, 0 or more")


@dataclass(frozen=True)
class Timing:
    """The seconds of every timed run, in the order in which they ran."""

    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median, s."""
        return statistics.median(self.samples)

    @property
    def spread(self) -> float:
        """Interquartile range, s; 0 for a single run."""
        if len(self.samples) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.samples, n=4, method="inclusive")
        return high - low


def measure(
    runs: Mapping[str, Run],
    efforts: Mapping[str, Effort],
    *,
    device: torch.device,
    warm_ups: Mapping[str, Run] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Time functions side by side: every round runs each of them, so that noise of the machine hits all alike.

    runs      name -> what is timed; its result is kept until the clock has stopped, then dropped
    efforts   name -> how often; a function of fewer rounds is left out of the later ones
    device    is synchronised before the clock starts and before it stops
    warm_ups  name -> what is run once before anything is timed, the function itself where none is given
    clock     seconds
    Returns name -> `Timing`. Python's garbage collector is off while the clock runs.
    """
    samples: dict[str, list[float]] = {name: [] for name in runs}
    for name, run in runs.items():
        (warm_ups or {}).get(name, run)()
    for number in range(max(efforts[name].rounds for name in runs)):
        for name, run in runs.items():
            if number < efforts[name].rounds:
                with _without_collection():
                    samples[name] += _round(run, efforts[name], device, clock)
    return {name: Timing(tuple(values)) for name, values in samples.items()}


def synchronise(device: torch.device) -> None:
    """Wait until the device has done all the work in its queue."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Let torch, and the lab's kernels with it, use `count` threads within the block; None changes nothing.

    Raises ValueError for a count below 1.
    """
    if count is not None and (not isinstance(count, int) or count < 1):
        raise ValueError(f"threads is {count!r}: it must be a whole number of at least 1, or null for torch's own")
    before = torch.get_num_threads()
    torch.set_num_threads(before if count is None else count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _round(run: Run, effort: Effort, device: torch.device, clock: Callable[[], float]) -> list[float]:
    """The seconds of the runs of one round, at least one."""
    samples: list[float] = []
    if effort.settle:
        run()
    while not samples or (sum(samples) < effort.round_s and len(samples) < effort.most):
        synchronise(device)
        start = clock()
        result = run()
        synchronise(device)
        samples.append(clock() - start)
        del result
    return samples


@contextmanager
def _without_collection() -> Iterator[None]:
    """Collect Python's garbage now, and not within the block."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
