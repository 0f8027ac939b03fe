"""Clips that rivals can be distinguished by: a harmonic stack, noise, a tone."""

from __future__ import annotations

import numpy as np
import torch

from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.rivals.rival import Songs
from syrinx_lab.types import Vocalisation

RATE = 44100
AMPLITUDES = 0.1 / np.arange(1, 7)  # of the stack's harmonics
LEAD, TAIL = 2000, 1100


def stack(seconds: float = 0.15, from_hz: float = 700.0, to_hz: float = 600.0, noise: float = 1e-4) -> np.ndarray:
    """Six harmonics of a falling pitch between silences, over white noise of this rms; phases at random."""
    n = round(seconds * RATE)
    phase = 2 * np.pi * np.cumsum(np.linspace(from_hz, to_hz, n)) / RATE
    generator = np.random.default_rng(3)
    shift = generator.uniform(0, 2 * np.pi, len(AMPLITUDES))
    song = sum(a * np.cos((k + 1) * phase + shift[k]) for k, a in enumerate(AMPLITUDES))
    ramp = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.005 * RATE), 0, 1)
    x = np.concatenate([np.zeros(LEAD), song * ramp, np.zeros(TAIL)])
    return x + noise * generator.standard_normal(len(x))


def clip(x: np.ndarray, onset: int = LEAD, offset: int | None = None, label: str = "a") -> Clip:
    x = np.asarray(x, dtype=np.float32)
    end = len(x) - TAIL if offset is None else offset
    return Clip(Vocalisation("song", label, 1000, 1000 + len(x), 1000 + onset, 1000 + end), x, x * 0, x * 0)


def songs(*clips: Clip) -> Songs:
    """These clips as train and as val."""
    whole = [torch.from_numpy(one.x) for one in clips]
    return Songs(whole, [x[one.onset : one.offset] for x, one in zip(whole, clips)], list(clips))


def level_db(x: np.ndarray, reference: np.ndarray) -> float:
    return 20 * np.log10(np.std(x) / np.std(reference))


def band_db(x: np.ndarray, low_hz: float, high_hz: float) -> float:
    """Energy of x between two frequencies, dB."""
    spectrum = np.abs(np.fft.rfft(np.asarray(x, dtype=np.float64))) ** 2
    hz = np.fft.rfftfreq(len(x), 1 / RATE)
    return 10 * np.log10(spectrum[(hz >= low_hz) & (hz < high_hz)].sum())
