"""Pitch trackers that others have published, through the packages that hold them: an extra, `anchors`."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..ear.features import PERIOD_S, knots_of
from .tracker import Tracked

_SLOWER = 4
"""Voices are made for speech or music: those that cannot reach 10 kHz hear the recording four times as slow."""


class Harvest:
    """Harvest of WORLD (Morise 2017), on the recording played four times as slow: it thins sound out to 8 kHz.

    pitch_range_hz  (lowest, highest), Hz
    Raises ValueError with one line where pyworld is not installed.
    """

    def __init__(self, pitch_range_hz: tuple[float, float] = (150.0, 10_000.0)) -> None:
        self.world = _package("pyworld")
        self.low, self.high = (hz / _SLOWER for hz in pitch_range_hz)

    def track(self, x: Tensor, sample_rate: int) -> Tracked:
        """Its pitch; 0 is none."""
        hz, times = self.world.harvest(
            np.ascontiguousarray(x.numpy(), dtype=np.float64),
            round(sample_rate / _SLOWER),
            f0_floor=self.low,
            f0_ceil=self.high,
            frame_period=1e3 * PERIOD_S * _SLOWER,
        )
        return _at_knots(_SLOWER * hz, times / _SLOWER, len(x), sample_rate)


class Praat:
    """Praat's autocorrelation method (Boersma 1993) with its own settings, as `Sound: To Pitch (ac)`.

    pitch_range_hz  (lowest, highest), Hz
    Raises ValueError with one line where praat-parselmouth is not installed.
    """

    def __init__(self, pitch_range_hz: tuple[float, float] = (150.0, 10_000.0)) -> None:
        self.parselmouth = _package("parselmouth")
        self.low, self.high = pitch_range_hz

    def track(self, x: Tensor, sample_rate: int) -> Tracked:
        """Its pitch; 0 is none."""
        sound = self.parselmouth.Sound(x.double().numpy(), sampling_frequency=float(sample_rate))
        pitch = sound.to_pitch_ac(
            time_step=PERIOD_S, pitch_floor=self.low, pitch_ceiling=min(self.high, 0.49 * sample_rate)
        )
        return _at_knots(pitch.selected_array["frequency"], pitch.xs(), len(x), sample_rate)


class Pesto:
    """PESTO (Riou et al. 2023), a network trained on song and music without labels, with the weights in its package.

    It hears the recording four times as slow, since it knows voices; voiced is where its confidence is 0.5.

    threshold  confidence from which on there is a pitch
    Raises ValueError with one line where pesto-pitch is not installed.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        self.pesto = _package("pesto")
        self.threshold = threshold

    def track(self, x: Tensor, sample_rate: int) -> Tracked:
        """Its pitch, and where it is sure of it."""
        times, hz, confidence, _ = self.pesto.predict(
            x.float(), round(sample_rate / _SLOWER), step_size=1e3 * PERIOD_S * _SLOWER
        )
        pitch = torch.where(confidence >= self.threshold, hz, 0.0).numpy()
        return _at_knots(_SLOWER * pitch, times.numpy() * 1e-3 / _SLOWER, len(x), sample_rate)


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ValueError(f"{name} is not installed: pip install 'syrinx-lab[anchors]', or leave it out") from error


def _at_knots(hz: np.ndarray, times: np.ndarray, samples: int, sample_rate: int) -> Tracked:
    """Frames at times in s, 0 Hz where there is no pitch -> the benchmark's knots, each from the nearest frame."""
    knots = np.arange(knots_of(samples, sample_rate)) * PERIOD_S
    if len(times) == 0:
        return Tracked(torch.zeros(len(knots)), torch.zeros(len(knots), dtype=torch.bool))
    above = np.clip(np.searchsorted(times, knots), 1, max(1, len(times) - 1))
    above = np.minimum(above, len(times) - 1)
    below = np.maximum(above - 1, 0)
    nearest = np.where(knots - times[below] <= times[above] - knots, below, above)
    there = np.abs(times[nearest] - knots) <= 0.75 * PERIOD_S
    found = torch.from_numpy(np.where(there, hz[nearest], 0.0)).float()
    return Tracked(found, found > 0)
