"""Small folders of song on disk, for the tests that read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 8000  # Hz, low so that tests are quick


def tone(hz: float, seconds: float, rate: int, amplitude: float = 0.5) -> np.ndarray:
    """(seconds * rate,) float64 sine that begins at phase 0."""
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def write_tone(path: Path, seconds: float = 1.0, rate: int = RATE, amplitude: float = 0.5, **options: str) -> Path:
    """Write a 440 Hz tone, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(440, seconds, rate, amplitude), rate, **options)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write a UTF-8 text file, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
