"""What this machine can do at best: multiply-adds a second, bytes a second, and the latency of a multiply-add."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from .floor import Rates
from .timing import synchronise

_REPEATS = 5  # at least, and for this many s: the best counts, for these are peaks
_SECONDS = 0.2
_SIZES = (2**20, 2**24, 2**29)  # bytes held while copying: in caches, and beyond them
_SIDE = {"cuda": 4096}  # of the matrices, 2048 on other devices


def measure_rates(device: torch.device, dtype: torch.dtype) -> Rates:
    """Measure the machine in some seconds, with as many threads as torch uses now.

    multiply_adds  the faster of a large matrix product and, on a CPU, of independent chains in registers
    bandwidths     the faster of copying half the bytes onto the other half (read and written count) and of summing them
    latency        a chain of multiply-adds of one number, each of which needs the one before
    """
    side = _SIDE.get(device.type, 2048)
    a = torch.ones(side, side, device=device, dtype=dtype)
    rate = side**3 / _shortest(lambda: a @ a, device)
    if device.type == "cpu":
        from .cpu_chains import dependent_chain, independent_chains  # Numba is only imported where it is used

        rate = max(rate, independent_chains(dtype, _shortest_on_cpu))
        latency = dependent_chain(dtype, _shortest_on_cpu)
    elif device.type == "cuda":
        from .cuda_chain import dependent_chain as cuda_chain

        latency = cuda_chain(device, dtype, lambda run: _shortest(run, device))
    else:
        latency = 0.0  # not known: the chain then bounds nothing
    bandwidths: list[tuple[int, float]] = []
    for size in reversed(_SIZES):  # noise must not make a smaller size the slower one
        bandwidths.insert(0, (size, max([_bandwidth(size, device, dtype), *(faster for _, faster in bandwidths)])))
    return Rates(rate, tuple(bandwidths), latency)


def describe(device: torch.device, dtype: torch.dtype) -> str:
    """One line: processor, cores, threads, versions, dtype."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return (
        f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, torch {torch.__version__}, "
        f"numpy {np.__version__}, python {platform.python_version()}, {str(dtype).removeprefix('torch.')}"
    )


def describe_rates(rates: Rates) -> str:
    """One line with the measured rates and the sizes that they hold for."""
    bandwidths = ", ".join(f"{rate / 1e9:.0f} GB/s at {size / 2**20:.0f} MB" for size, rate in rates.bandwidths)
    return (
        f"at best {rates.multiply_adds / 1e9:.0f} G multiply-adds/s; {bandwidths}; "
        f"{rates.latency * 1e9:.2f} ns a dependent multiply-add"
    )


def _processor() -> str:
    """The CPU's name; the platform knows only its architecture."""
    source = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", source.read_text()) if source.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _bandwidth(size: int, device: torch.device, dtype: torch.dtype) -> float:
    """Bytes a second while `size` bytes are held."""
    source = torch.ones(size // 2 // dtype.itemsize, device=device, dtype=dtype)
    target = torch.ones_like(source)
    times = max(1, 2**26 // size)  # long enough for the clock

    def copy() -> None:
        for _ in range(times):
            target.copy_(source)

    def read() -> None:
        for _ in range(times):
            source.sum()
            target.sum()

    return times * size / min(_shortest(copy, device), _shortest(read, device))


def _shortest(run: Callable[[], object], device: torch.device) -> float:
    """The shortest of some runs after a first one, s."""
    run()
    seconds: list[float] = []
    while len(seconds) < _REPEATS or sum(seconds) < _SECONDS:
        synchronise(device)
        start = time.perf_counter()
        run()
        synchronise(device)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _shortest_on_cpu(run: Callable[[], object]) -> float:
    return _shortest(run, torch.device("cpu"))
