"""How much memory a function needs beyond what is held already."""

from __future__ import annotations

import ctypes
import gc
import re
from collections.abc import Callable
from pathlib import Path

import torch

from ..ode.rollout.memory import release

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def peak_growth(run: Callable[[], object], device: torch.device) -> int | None:
    """Run once and return by how many bytes the memory held rose above what was held before, at its highest.

    On CUDA the count is the allocator's. On a Linux CPU it is the process's resident memory, whose high-water mark is
    set back first; the kernel keeps it to about 1 MB. Call `run` once before, for else compiled code is counted too.
    Elsewhere, and where /proc does not allow it, the answer is None.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        run()
        torch.cuda.synchronize(device)
        return max(0, torch.cuda.max_memory_allocated(device) - before)
    if device.type != "cpu" or not _lower_high_water_mark():
        run()
        return None
    held = _resident("VmRSS")
    run()
    return max(0, _resident("VmHWM") - held)


def _lower_high_water_mark() -> bool:
    """Give freed memory back, and bring the mark down to what is held now; False where this cannot be done."""
    gc.collect()
    release()  # else a run finds for nothing what it needs
    try:
        ctypes.CDLL(None).malloc_trim(0)  # else memory that the allocator keeps would hide growth
        _RESET.write_text("5")
        return _STATUS.exists()
    except (OSError, AttributeError, TypeError):
        return False


def _resident(name: str) -> int:
    match = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    assert match is not None, f"{_STATUS} has no {name}"
    return int(match[1]) * 1024
