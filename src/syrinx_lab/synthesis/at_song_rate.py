"""From the rate that a model sings at to that of the recording, chunk after chunk."""

from __future__ import annotations

import math

import numpy as np

from ..data.resampling import resample_to
from .song_file import Samples

_MARGIN = 1024  # samples of the lower rate that the filter reaches, and more
_BLOCK_S = 2.0


class RateChange:
    """Resamples a sound that comes in chunks; together they equal the whole resampled at once, to rounding.

    rate, to_rate  Hz
    samples        of the whole at `to_rate`: what the filter makes beyond is left out
    """

    def __init__(self, rate: int, to_rate: int, samples: int) -> None:
        self.rate, self.to_rate, self.samples = rate, to_rate, samples
        divisor = math.gcd(rate, to_rate)
        self._up, self._down = to_rate // divisor, rate // divisor
        self._margin = math.ceil(_MARGIN * max(1, rate / to_rate) / self._down)  # in units of `_down` samples
        self._block = max(1, round(_BLOCK_S * rate / self._down))
        self._buffer, self._start, self._done = np.empty(0, np.float32), 0, 0  # units before the buffer; units given
        self._given = 0

    def push(self, chunk: Samples) -> Samples:
        """What is ready after this chunk, at `to_rate`."""
        if self.rate == self.to_rate:
            return self._counted([chunk])
        self._buffer = np.concatenate((self._buffer, chunk))
        ready = []
        while self._start * self._down + len(self._buffer) >= (self._done + self._block + self._margin) * self._down:
            ready.append(self._piece(self._done + self._block))
        return self._counted(ready)

    def rest(self) -> Samples:
        """What is left after the last chunk."""
        if self.rate == self.to_rate or not len(self._buffer):
            return np.empty(0, np.float32)
        return self._counted([self._piece(None)])

    def _piece(self, stop: int | None) -> Samples:
        """The units from those given up to `stop`; None: all."""
        end = len(self._buffer) if stop is None else (stop + self._margin - self._start) * self._down
        made = resample_to(np.ascontiguousarray(self._buffer[:end]), self.rate, self.to_rate)
        first = (self._done - self._start) * self._up
        piece = made[first:] if stop is None else made[first : (stop - self._start) * self._up]
        if stop is not None:
            self._done = stop
            kept = max(0, stop - self._margin)
            self._buffer, self._start = self._buffer[(kept - self._start) * self._down :], kept
        return np.asarray(piece, np.float32)

    def _counted(self, pieces: list[Samples]) -> Samples:
        made = np.concatenate([np.empty(0, np.float32), *pieces])[: self.samples - self._given]
        self._given += len(made)
        return made
