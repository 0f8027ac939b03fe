"""Decoded sound up to a bound: what was used longest ago is dropped first, and what is too long lies on disk."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import OrderedDict
from typing import Any

import numpy as np

_LONG = 4  # a recording of more than this part of the bound is mapped from a file instead of being held
_ON_DISK = 16  # times the bound: how much is mapped at most, beyond the one that was used last


class SampleCache:
    """Arrays by key, whose bytes together stay within a bound.

    An array of more than a quarter of the bound goes to an unnamed file in the system's temporary folder and is mapped
    from there, so that the system decides how much of it is in memory. Up to sixteen times the bound lie there.

    limit_mb  MB (2^20 bytes) of arrays that are held
    """

    def __init__(self, limit_mb: float) -> None:
        self.limit = int(limit_mb * 2**20)
        self._lock = threading.Lock()
        self._held: OrderedDict[str, np.ndarray] = OrderedDict()
        self._mapped: OrderedDict[str, np.ndarray] = OrderedDict()
        self.bytes = 0

    def get(self, key: str) -> np.ndarray | None:
        """The array of a key; None where it was never put there, or has been dropped."""
        with self._lock:
            for arrays in (self._held, self._mapped):
                if (found := arrays.get(key)) is not None:
                    arrays.move_to_end(key)
                    return found
            return None

    def put(self, key: str, samples: np.ndarray, *, on_disk: bool = True) -> np.ndarray:
        """Keep an array; returns it, or its map.

        on_disk  whether a long one may be mapped; else it is not kept at all
        """
        if samples.nbytes * _LONG > self.limit:
            if not on_disk:
                return samples
            mapped = _mapped(samples)
            with self._lock:
                mapped = self._mapped.setdefault(key, mapped)
                while len(self._mapped) > 1 and sum(m.nbytes for m in self._mapped.values()) > _ON_DISK * self.limit:
                    self._mapped.popitem(last=False)
            return mapped
        with self._lock:
            if key not in self._held:
                self._held[key] = samples
                self.bytes += samples.nbytes
            while self.bytes > self.limit:
                _, dropped = self._held.popitem(last=False)
                self.bytes -= dropped.nbytes
        return samples

    def divide(self, parts: int) -> None:
        """Lower the bound to a part of it, in one of so many processes that each have a cache of their own."""
        with self._lock:
            self.limit //= max(parts, 1)
            while self.bytes > self.limit:
                _, dropped = self._held.popitem(last=False)
                self.bytes -= dropped.nbytes

    def __getstate__(self) -> dict[str, Any]:
        """The bound alone: another process decodes for itself."""
        return {"limit": self.limit}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(0.0)  # type: ignore[misc]
        self.limit = state["limit"]


def _mapped(samples: np.ndarray) -> np.ndarray:
    """A copy of samples in a file without a name, which is gone with the process."""
    with tempfile.TemporaryFile(prefix="syrinx_lab-") as file:
        samples.tofile(file)
        file.flush()
        os.fsync(file.fileno())
        found: np.ndarray = np.memmap(file, samples.dtype, "r", shape=samples.shape)
    return found
