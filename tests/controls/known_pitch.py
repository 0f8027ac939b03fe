"""Sounds whose pitch is known."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

RATE = 44_100


def sing(
    hz: float | np.ndarray, amplitudes: list[float], samples: int = 2205, rate: int = RATE
) -> tuple[Tensor, np.ndarray]:
    """A sum of the harmonics 1, 2, ... of f0 in Hz, those below half the rate: (1, L), and f0 at every sample."""
    f0 = np.broadcast_to(np.asarray(hz, dtype=float), (samples,))
    phase = 2 * np.pi * np.cumsum(f0) / rate
    heard = [(k, a) for k, a in enumerate(amplitudes, start=1) if k * f0.max() < rate / 2]
    x = sum(a * np.sin(k * phase + k * k) for k, a in heard)
    return torch.tensor(x, dtype=torch.float32)[None], f0


def cents(hz: Tensor, f0: np.ndarray, hop: int) -> np.ndarray:
    """Distance of a row of pitches at the knots from the truth at every sample."""
    knots = np.minimum(np.arange(len(hz)) * hop, len(f0) - 1)
    return 1200 * np.abs(np.log2(hz.numpy() / f0[knots]))
