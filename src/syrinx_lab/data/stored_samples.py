"""The samples of a recording that are read from its file when somebody looks at them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from .audio import read_audio
from .denoising import Denoising, denoised
from .sample_cache import SampleCache


@dataclass(frozen=True)
class SoundSource:
    """How the samples of a recording come from its file.

    path          the file
    stamp         its size and time of change, see `stamp_of`: another one is another sound
    sample_rate   Hz, of the samples
    channel       the channel that is read, from 0, or "mean"
    highpass_hz   cut-off of the high-pass, None for none
    divisor       what the file's samples are divided by
    offset        what is taken from them then
    seekable      whether samples [a, b) of the result depend on frames [a, b) of the file alone, so that they can be
                  read without the rest
    denoising     how noise is taken out of the whole; None: it is left in
    sung          samples [onset, offset) of the syllables, by which the background is found
    """

    path: Path
    stamp: tuple[int, int]
    sample_rate: int
    channel: int | str
    highpass_hz: float | None
    divisor: float
    offset: float
    seekable: bool
    denoising: Denoising | None = None
    sung: tuple[tuple[int, int], ...] = ()

    def whole(self) -> np.ndarray:
        """All samples, (n,) float32."""
        if self.seekable:
            return self.span(0, None)
        self._check()
        clip = read_audio(self.path, sample_rate=self.sample_rate, channel=self.channel, highpass_hz=self.highpass_hz)
        if self.denoising is None:
            return clip.samples
        return denoised(clip.samples, self.sample_rate, self.sung, self.denoising)

    def span(self, start: int, stop: int | None) -> np.ndarray:
        """Samples [start, stop) of a seekable file, float32, up to the end where stop is None: as `read_audio`."""
        assert self.seekable
        self._check()
        with soundfile.SoundFile(os.fsencode(self.path)) as file:
            file.seek(start)
            frames = file.read(-1 if stop is None else stop - start, dtype="float32", always_2d=True)
        if stop is not None and len(frames) != stop - start:
            raise ValueError(f"{self.path}: samples {start} to {stop} cannot be read any more: copy the file again")
        native = frames.mean(axis=1) if self.channel == "mean" else np.ascontiguousarray(frames[:, int(self.channel)])
        native = native / np.float32(self.divisor)
        return native - np.float32(self.offset) if self.offset else native

    def _check(self) -> None:
        try:
            now = stamp_of(self.path)
        except OSError as error:
            raise ValueError(f"{self.path}: cannot be read any more ({error.strerror}); restore the file") from error
        if now != self.stamp:
            raise ValueError(f"{self.path}: changed since it was read; start again with the file as it is now")


@dataclass(frozen=True)
class Known:
    """What was computed of samples when they were read, which holds as long as the syllables are these.

    content      the recording's `content_hash`
    contrast_db  of its syllables above the rest, dB; NaN where there is none
    removed      dB that denoising took from song and from the rest; None where noise is left in
    """

    syllables: tuple[Any, ...]
    content: str
    contrast_db: float
    removed: tuple[float, float] | None = None


def stamp_of(path: Path) -> tuple[int, int]:
    """The size of a file in bytes and the time of its last change in ns."""
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns


class StoredSamples:
    """Samples (n,) float32, times a gain, that are decoded on demand: `len`, slices and `numpy.asarray` as of an array.

    A slice of what is not in the cache is read by itself where the file permits it, else the recording is decoded and
    cached. Either way the numbers are those that reading the whole file gives, bit by bit.

    source  the file
    size    n
    gain    what the samples are multiplied by
    known   what need not be computed again; None: nothing
    cache   of decoded recordings, which several share
    """

    dtype = np.dtype(np.float32)
    ndim = 1

    def __init__(self, source: SoundSource, size: int, gain: float, cache: SampleCache) -> None:
        self.source, self.size, self.gain, self.cache = source, size, gain, cache
        self.known: Known | None = None
        self._key = repr((source, gain))

    @property
    def shape(self) -> tuple[int]:
        """(n,)."""
        return (self.size,)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: Any) -> Any:
        held = self.cache.get(self._key)
        if held is None and self.source.seekable and isinstance(index, slice) and index.step in (None, 1):
            start, stop, _ = index.indices(self.size)
            return self._scaled(self.source.span(start, stop)) if stop > start else np.empty(0, np.float32)
        return (self._decoded() if held is None else held)[index]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        held = self.cache.get(self._key)
        found = np.asarray(self._decoded() if held is None else held, dtype)
        return found.copy() if copy else found

    def keep(self, samples: np.ndarray) -> None:
        """Put samples that have been decoded, and scaled, into the cache, where they are not too long for it."""
        if not (self.source.seekable and samples.nbytes > self.cache.limit):
            self.cache.put(self._key, samples, on_disk=not self.source.seekable)

    def _decoded(self) -> np.ndarray:
        found = self._scaled(self.source.whole())
        if len(found) != self.size:
            raise ValueError(f"{self.source.path}: holds {len(found)} samples now, and {self.size} when it was read")
        return self.cache.put(self._key, found, on_disk=not self.source.seekable)

    def _scaled(self, samples: np.ndarray) -> np.ndarray:
        return samples if self.gain == 1.0 else samples * np.float32(self.gain)
