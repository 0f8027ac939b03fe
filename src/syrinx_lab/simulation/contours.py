"""Courses of pitch over a syllable: flat, swept, arched, trembling, jumping, wandering."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from .draws import log_uniform

Curve = NDArray[np.floating]
STEP_S = 5e-4  # between the points of a course


def contour(rng: np.random.Generator, lowest: float, highest: float, duration_s: float) -> Curve:
    """A random course of pitch at points 0.5 ms apart or closer, (n,) in octaves, from `lowest` to `highest`.

    lowest, highest  log2 of Hz
    duration_s       of the syllable
    """
    u = np.linspace(0.0, 1.0, max(3, math.ceil(duration_s / STEP_S) + 1))
    kind = _KINDS[rng.choice(len(_KINDS), p=_SHARES)]
    return np.clip(kind(rng, lowest, highest, u, duration_s), lowest, highest)


def _flat(rng: np.random.Generator, lowest: float, highest: float, u: Curve, duration_s: float) -> Curve:
    return rng.uniform(lowest, highest) + rng.normal(0.0, 0.03) * u


def _sweep(rng: np.random.Generator, lowest: float, highest: float, u: Curve, duration_s: float) -> Curve:
    start, stop = rng.uniform(lowest, highest, 2)
    return start + (stop - start) * u ** log_uniform(rng, 0.4, 2.5)


def _arch(rng: np.random.Generator, lowest: float, highest: float, u: Curve, duration_s: float) -> Curve:
    edge, middle = rng.uniform(lowest, highest, 2)
    return edge + (middle - edge) * np.sin(np.pi * u ** log_uniform(rng, 0.5, 2.0))


def _vibrato(rng: np.random.Generator, lowest: float, highest: float, u: Curve, duration_s: float) -> Curve:
    carrier = _sweep if rng.random() < 0.5 else _flat
    rate, depth = log_uniform(rng, 12.0, 120.0), log_uniform(rng, 0.02, 0.3)
    phase = 2 * np.pi * (rate * duration_s * u + rng.random())
    return carrier(rng, lowest, highest, u, duration_s) + depth * np.sin(phase)


def _jumps(rng: np.random.Generator, lowest: float, highest: float, u: Curve, duration_s: float) -> Curve:
    levels = rng.uniform(lowest, highest, rng.integers(2, 6))
    cuts = np.sort(rng.uniform(0.1, 0.9, len(levels) - 1))
    return levels[np.searchsorted(cuts, u)]


def _wander(rng: np.random.Generator, lowest: float, highest: float, u: Curve, duration_s: float) -> Curve:
    values = rng.uniform(lowest, highest, rng.integers(3, 8))
    return PchipInterpolator(np.linspace(0.0, 1.0, len(values)), values)(u)


def _buzz(rng: np.random.Generator, lowest: float, highest: float, u: Curve, duration_s: float) -> Curve:
    rate, depth = log_uniform(rng, 100.0, 250.0), log_uniform(rng, 0.03, 0.2)
    return _sweep(rng, lowest, highest, u, duration_s) + depth * np.sin(2 * np.pi * rate * duration_s * u)


_KINDS: tuple[Callable[..., Curve], ...] = (_flat, _sweep, _arch, _vibrato, _jumps, _wander, _buzz)
_SHARES = (0.2, 0.25, 0.15, 0.12, 0.08, 0.15, 0.05)
