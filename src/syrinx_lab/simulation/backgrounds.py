"""What is heard beside the bird: rush, insects, wind and hum."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import irfft
from torch import Tensor

from .draws import chance, log_uniform


def draw_noise(rng: np.random.Generator, samples: int, sample_rate: int) -> Tensor:
    """A random background (samples,) of rms 1.

    Rush whose power falls with the frequency as f^0 to f^-2, always; in some recordings bands of insects between 2 and
    10 kHz, gusts of wind below some 200 Hz, and hum of 50 or 60 Hz with its harmonics.
    """
    hz = np.fft.rfftfreq(samples, 1 / sample_rate)
    shape = np.maximum(hz, 50.0) ** (-0.5 * rng.uniform(0.0, 2.0))
    shape /= np.sqrt(np.mean(shape**2))
    if chance(rng, 0.2):
        for _ in range(rng.integers(1, 4)):
            centre = log_uniform(rng, 2000.0, 10_000.0)
            width = centre * log_uniform(rng, 0.01, 0.15)
            band = np.exp(-0.5 * ((hz - centre) / width) ** 2)
            shape = shape + rng.uniform(0.5, 4.0) * band / np.sqrt(np.mean(band**2) + 1e-12)
    out = shaped(rng, shape, samples)
    out = out / out.std()
    if chance(rng, 0.25):
        out = out + rng.uniform(0.3, 3.0) * _wind(rng, hz, samples)
    if chance(rng, 0.25):
        out = out + rng.uniform(0.1, 1.5) * _hum(rng, samples, sample_rate)
    return out / out.square().mean().sqrt()


def shaped(rng: np.random.Generator, shape: NDArray[np.floating], samples: int) -> Tensor:
    """Gaussian noise (samples,) whose amplitude spectrum follows `shape` (samples // 2 + 1,)."""
    parts = rng.standard_normal(2 * len(shape), dtype=np.float32).view(np.complex64)
    return torch.from_numpy(irfft(parts * shape.astype(np.float32), n=samples))


def _wind(rng: np.random.Generator, hz: NDArray[np.floating], samples: int) -> Tensor:
    rumble = shaped(rng, 1 / (1 + (hz / log_uniform(rng, 30.0, 250.0)) ** 2), samples)
    slow = hz < 3.0
    gusts = shaped(rng, 1.0 * slow, samples)
    if slow.sum() > 1:  # a third of a second is too short for gusts
        rumble = rumble * torch.exp(gusts / (gusts.std() + 1e-9))
    wind = rumble
    return wind / wind.square().mean().sqrt()


def _hum(rng: np.random.Generator, samples: int, sample_rate: int) -> Tensor:
    mains = 50.0 if chance(rng, 0.5) else 60.0
    times = torch.arange(samples) * (mains * 2 * torch.pi / sample_rate)
    decay = rng.uniform(0.5, 1.5)
    hum = torch.zeros(samples)
    for k in range(1, int(rng.integers(2, 20))):
        hum += rng.uniform(0.2, 1.0) * k**-decay * torch.sin(k * times + rng.uniform(0.0, 6.28))
    return hum / hum.square().mean().sqrt()
