"""How long this process has been running."""

from __future__ import annotations

import os
import time
from pathlib import Path


def seconds_since_start() -> float:
    """Seconds since the process was started, imports and all; where the system does not say, its time on the CPU."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return time.process_time()
