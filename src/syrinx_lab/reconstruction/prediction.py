"""For how long a model that is let go stays with the path, and by how much it is off after a few steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .models.model import Reconstruction
from .systems.flow import Array

THRESHOLD = 0.4


@dataclass(frozen=True)
class Forecast:
    """How a model predicts, over many starts along a path.

    valid_time  mean unit of time until the error passes the threshold
    error       mean squared error after `ahead` steps, of channels of unit variance
    """

    valid_time: float
    error: float


def forecast(
    model: Reconstruction,
    path: Array,
    interval: float,
    *,
    starts: int = 100,
    longest: int = 1_000,
    ahead: int = 20,
    threshold: float = THRESHOLD,
) -> Forecast:
    """Valid prediction time and prediction error of a model on a path (T, N) of unit variance.

    The error e(t) = |x_t - y_t| / sqrt(<|y - <y>|^2>) of the model's x; the valid time of a start is the first t at
    which e(t) > threshold, and `longest` steps where it never does.

    starts   evenly spread along the path
    longest  steps that are predicted
    ahead    steps after which the squared error counts

    Source: Vlachas et al. (2020), Neural Networks 126, 191 (valid prediction time; a threshold of 0.4 as Pathak et al.
    2018, PRL 120, 024102); Koppe et al. (2019) (prediction error).
    """
    places = np.linspace(model.memory, len(path) - longest - 1, starts).astype(int)
    begun = np.stack([model.begun(path[place - model.memory : place]) for place in places])
    states = model.states(begun, longest)[1:]
    found = np.stack([model.seen(one) for one in states])
    true = np.stack([path[place : place + longest] for place in places], 1)
    scale = np.sqrt(((path - path.mean(0)) ** 2).sum(1).mean())
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.sqrt(((found - true) ** 2).sum(-1)) / scale
        wrong = ~(errors <= threshold)
        squared = float(((found[ahead - 1] - true[ahead - 1]) ** 2).mean())
    first = np.where(wrong.any(0), wrong.argmax(0), longest)
    return Forecast(float(first.mean()) * interval, squared)
