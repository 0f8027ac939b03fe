"""Syllables for the tests of the metrics: made by formula, and of the real bird."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile

RATE = 44_100
LEAD_IN, TAIL = 2000, 1102


class Rendition(NamedTuple):
    """A clip of one real syllable, with the gaps before and after it, and where in the clip the syllable lies."""

    audio: np.ndarray
    onset: int
    offset: int


@pytest.fixture(scope="session")
def syllable() -> Callable[..., np.ndarray]:
    """A maker of harmonic stacks: 45 ms of silence, 100 ms from `hz` down by 15 % with a formant at 3.5 kHz, 25 ms."""

    def make(hz: float = 700.0, delay_s: float = 0.0) -> np.ndarray:
        t = np.arange(round(0.17 * RATE)) / RATE - 0.045 - delay_s
        f0 = hz * (1 - 0.15 * np.clip(t / 0.1, 0, 1))
        phase = 2 * np.pi * np.cumsum(f0) / RATE
        stack = sum(np.exp(-0.5 * ((k * f0 - 3500) / 1800) ** 2) * np.sin(k * phase) for k in range(1, 16))
        gate = np.clip(np.minimum(t, 0.1 - t) / 0.005, 0, 1)
        return 0.3 * gate * stack / np.abs(gate * stack).max()

    return make


@pytest.fixture(scope="session")
def renditions(song_root: Path) -> dict[str, list[Rendition]]:
    """Label -> every rendition of it in the real song, in order of recording and time, cut as evaluation cuts it."""
    found: dict[str, list[Rendition]] = {}
    for path in sorted((song_root / "segments").glob("*.txt")):
        audio, rate = soundfile.read(song_root / "audio" / f"{path.stem}.wav")
        assert rate == RATE
        rows = sorted((float(a), float(b), label) for a, b, label in map(str.split, path.read_text().splitlines()))
        bounds = [0] + [int(t * rate) for on, off, _ in rows for t in (on, off)] + [len(audio)]
        for i, (_, _, label) in enumerate(rows):
            before, onset, offset, after = bounds[2 * i : 2 * i + 4]
            start, stop = max(before, onset - LEAD_IN), min(after, offset + TAIL)
            found.setdefault(label, []).append(Rendition(audio[start:stop], onset - start, offset - start))
    return found
