"""Sounds within a page: 16-bit wav as data URIs."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

MOST_S = 12.0  # a page holds many sounds


@dataclass(frozen=True)
class Sound:
    """A sound to listen to: what it is called, its data URI, and what is to be said of it (its level, clipping)."""

    name: str
    uri: str
    said: str


def read_wav(path: Path) -> tuple[NDArray[np.float32], int]:
    """The samples (N,) of a wav file with one channel, and its rate in Hz.

    Raises ValueError with one line when it cannot be read.
    """
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{path}: not a sound that can be read ({error}); evaluate the run again") from error
    return samples[:, 0], int(rate)


def sound(name: str, samples: NDArray[np.floating], rate: int, target: NDArray[np.floating] | None = None) -> Sound:
    """A sound for the page, cut after `MOST_S` seconds.

    samples  (N,) full scale 1; what lies beyond is clipped, and that is said
    rate     Hz
    target   (N,) what the level is compared with; None: the length is said instead
    """
    kept = np.asarray(samples[: round(MOST_S * rate)], dtype=np.float64)
    said = [f"{len(kept) / rate * 1e3:.0f} ms"]
    if target is not None:
        said = [_level(kept, np.asarray(target, dtype=np.float64))]
    if len(kept) < len(samples):
        said.append(f"the first {MOST_S:g} s")
    if len(kept) and np.abs(kept).max() > 1.0:
        said.append("clipped here at full scale")
    file = io.BytesIO()
    soundfile.write(file, np.clip(kept, -1.0, 1.0), rate, format="WAV", subtype="PCM_16")
    return Sound(name, "data:audio/wav;base64," + base64.b64encode(file.getvalue()).decode("ascii"), ", ".join(said))


def _level(samples: NDArray[np.float64], target: NDArray[np.float64]) -> str:
    """The level in dB re the target's."""
    loudness, aim = (float(np.sqrt(np.mean(np.square(x)))) if len(x) else 0.0 for x in (samples, target))
    if loudness == 0.0 or aim == 0.0:
        return "silent" if loudness == 0.0 else "the bird is silent"
    level = round(20 * math.log10(loudness / aim), 1) + 0.0  # no -0.0
    return f"{level:+.1f} dB re bird".replace("-", "\N{MINUS SIGN}")
