"""Random numbers that are a pure function of a seed, a stream and an index."""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What is drawn: streams of one seed and index have nothing in common."""

    BIRD = 1
    SONG = 2
    RECORDING = 3
    OTHER = 4


def generator(seed: int, stream: Stream, index: int) -> np.random.Generator:
    """The generator of one thing; seed and index are whole numbers from 0."""
    return np.random.default_rng((seed, int(stream), index))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between low and high, both above 0, whose logarithm is uniform."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with this probability."""
    return bool(rng.random() < probability)
