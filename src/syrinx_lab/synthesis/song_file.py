"""A recording of any rate, length and number of channels, read piece by piece at the rate that a model sings at."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from ..data.audio import highpassed
from ..data.audio_file import read_file, sound_info
from ..data.resampling import resample_to

Samples = NDArray[np.float32]

WHOLE = 2**25  # samples of all channels, up to which a file is held in memory
_MARGIN_S = 0.25  # around a piece, for the filters
_LOUDER_DB = 6.0
LEAST = 64
"""Samples of the shortest song, 1.5 ms at 44.1 kHz."""


class SongFile:
    """One channel of an audio file, resampled and high-passed where it is asked for.

    Any piece equals that of the whole to rounding: around it 0.25 s more are filtered. Beyond 2^25 samples only the
    piece is in memory.

    path         any format that libsndfile reads, at any rate
    sample_rate  Hz, of what `read` gives
    highpass_hz  cut-off of the zero-phase high-pass; None for none
    Raises ValueError with one line for a file that is missing, no audio, empty, or at a rate below 8 kHz.
    """

    def __init__(self, path: Path, sample_rate: int, highpass_hz: float | None) -> None:
        self.path, self.sample_rate, self.highpass_hz = path, sample_rate, highpass_hz
        self.warnings: tuple[str, ...] = ()
        self.channel = 0
        info = sound_info(path)
        self._frames: Samples | None = None
        if info is None or info.frames * info.channels <= WHOLE or info.frames >= 2**40:
            content = read_file(path)  # which says what is wrong with a file that cannot be read
            self._frames, self.warnings = content.frames, content.warnings
            (self.frames, self.channels), self.native_rate = content.frames.shape, content.sample_rate
        else:
            self.frames, self.channels, self.native_rate = info.frames, info.channels, info.samplerate
        if self.samples < LEAST:
            raise ValueError(f"{path}: {self.frames} samples are no song: give a longer recording")
        if self.native_rate < 8_000:
            raise ValueError(f"{path}: {self.native_rate} Hz holds no birdsong: give a recording of 8 kHz or more")

    @property
    def samples(self) -> int:
        """L, of the whole song at `sample_rate`."""
        return -(-self.frames * self.sample_rate // self.native_rate)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.frames / self.native_rate

    def read(self, start: int, stop: int) -> Samples:
        """Samples [start, stop) at `sample_rate`, unscaled.

        Raises ValueError with the file and the sample for what is no finite number.
        """
        stop = min(stop, self.samples)
        divisor = math.gcd(self.native_rate, self.sample_rate)
        up, down = self.sample_rate // divisor, self.native_rate // divisor
        margin = _MARGIN_S * self.native_rate
        # a multiple of `down`, whose samples fall onto samples of the new rate
        first = max(0, math.floor((start * down / up - margin) / down)) * down
        last = min(self.frames, math.ceil(stop * down / up + margin))
        block = self._native(first, last)[:, self.channel]
        bad = ~np.isfinite(block)
        if bad.any():
            at = first + int(bad.argmax())
            raise ValueError(
                f"{self.path}: sample {at} ({at / self.native_rate:.3f} s) is {block[at - first]}, no number: export "
                "the recording again"
            )
        sound = resample_to(np.ascontiguousarray(block), self.native_rate, self.sample_rate)
        if self.highpass_hz is not None:
            sound = highpassed(sound, self.highpass_hz, self.sample_rate)
        begin = start - first // down * up
        return np.ascontiguousarray(sound[begin : begin + stop - start], dtype=np.float32)

    def take_loudest_channel(self, pieces: list[tuple[int, int]]) -> str | None:
        """From now on read the channel that is loudest in `pieces` [start, stop), by 6 dB, else the first."""
        if self.channels == 1:
            return None
        power = np.zeros(self.channels)
        for start, stop in pieces:
            block = self._native(
                start * self.native_rate // self.sample_rate, stop * self.native_rate // self.sample_rate
            )
            power += np.nan_to_num(np.var(block, axis=0, dtype=np.float64)) if len(block) else 0
        if power.max() > 10 ** (_LOUDER_DB / 10) * power[0]:
            self.channel = int(power.argmax())
        return f"{self.channels}: channel {self.channel}, counted from 0, is read"

    def _native(self, start: int, stop: int) -> Samples:
        if self._frames is not None:
            return self._frames[start:stop]
        with soundfile.SoundFile(os.fsencode(self.path)) as file:
            file.seek(start)
            block = file.read(stop - start, dtype="float32", always_2d=True)
        if len(block) < stop - start:
            at = (start + len(block)) / self.native_rate
            raise ValueError(
                f"{self.path}: truncated: its sound ends at {at:.1f} s of {self.seconds:.1f}; copy it again"
            )
        return block
