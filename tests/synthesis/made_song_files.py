"""Recordings of every kind that a voice must take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf
from made_voices import RATE, song

from syrinx_lab.data.resampling import resample_to


def written(folder: Path, name: str, x: np.ndarray, rate: int = RATE, subtype: str = "FLOAT") -> Path:
    path = folder / name
    sf.write(path, x, rate, subtype=subtype)
    return path


def at_rate(folder: Path, rate: int) -> Path:
    return written(folder, f"song{rate}.wav", resample_to(song(), RATE, rate), rate)
