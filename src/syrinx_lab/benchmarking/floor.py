"""The shortest time in which this machine could do some work, from rates that were measured on it."""

from __future__ import annotations

from dataclasses import dataclass

from .work import Work


@dataclass(frozen=True)
class Rates:
    """What the machine reached in this process.

    multiply_adds  a second, over all threads
    bandwidths     (bytes held, bytes moved a second), ascending by size: small sizes stay in caches
    latency        s until the result of a multiply-add can be used by the next
    """

    multiply_adds: float
    bandwidths: tuple[tuple[int, float], ...]
    latency: float

    def bandwidth(self, resident: int) -> float:
        """Bytes a second for work that holds `resident` bytes: that of the largest measured size up to it."""
        fitting = [rate for size, rate in self.bandwidths if size <= resident]
        return fitting[-1] if fitting else self.bandwidths[0][1]


@dataclass(frozen=True)
class Floor:
    """The shortest time in s, and what bounds it: compute, memory or chain."""

    seconds: float
    bound: str


def floor(work: Work, rates: Rates) -> Floor:
    """The largest of multiply-adds over peak rate, bytes over bandwidth, and chain times latency."""
    times = {
        "compute": work.multiply_adds / rates.multiply_adds,
        "memory": work.moved / rates.bandwidth(work.resident),
        "chain": work.chain * rates.latency,
    }
    bound = max(times, key=lambda name: times[name])
    return Floor(times[bound], bound)
