"""A 32-bit float wav that is written while it is made."""

from __future__ import annotations

import os
import secrets
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

_HEADER = struct.Struct("<4sI4s4sIHHIIHHH4sII4sI")
_MOST_BYTES = 2**32 - 2**16  # of sound: sizes in the header have 32 bits


class WavWriter:
    """Appends samples to a wav of one channel, unscaled; the file appears under its name when all is written.

    path         its folder is made where it is missing
    sample_rate  Hz
    Leaving the block by an error leaves nothing behind. Raises ValueError for more than 4 GB of sound.
    """

    def __init__(self, path: Path, sample_rate: int) -> None:
        self.path, self.sample_rate, self.samples = path, sample_rate, 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        self._file = open(self._temporary, "xb")  # noqa: SIM115
        self._file.write(self._header())

    def __enter__(self) -> Self:
        return self

    def append(self, samples: np.ndarray) -> None:
        """Write samples (n,) behind those that are there."""
        if 4 * (self.samples + len(samples)) > _MOST_BYTES:
            hours = self.samples / self.sample_rate / 3600
            raise ValueError(f"{self.path}: a wav holds 4 GB, {hours:.1f} hours at {self.sample_rate} Hz: cut the song")
        self._file.write(np.ascontiguousarray(samples, dtype="<f4").tobytes())
        self.samples += len(samples)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._file.seek(0)
                self._file.write(self._header())
            self._file.close()
            if kind is None:
                os.replace(self._temporary, self.path)
        finally:
            self._file.close()
            self._temporary.unlink(missing_ok=True)

    def _header(self) -> bytes:
        """As scipy writes it: format 3 (float) with an empty extension, the number of samples as a fact, the sound."""
        data, rate = 4 * self.samples, self.sample_rate
        return _HEADER.pack(
            *(b"RIFF", data + _HEADER.size - 8, b"WAVE"),
            *(b"fmt ", 18, 3, 1, rate, 4 * rate, 4, 32, 0),
            *(b"fact", 4, self.samples),
            *(b"data", data),
        )
