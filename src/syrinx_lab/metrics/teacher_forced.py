"""How much of the recording's acceleration the model explains at the recording's own states."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def teacher_forced_r2(predicted: ArrayLike, actual: ArrayLike) -> float:
    """Coefficient of determination of the teacher-forced acceleration.

    R^2 = 1 - sum (a_hat - a)^2 / sum (a - mean a)^2, sums and mean over all elements

    1 is a perfect fit, 0 what the mean alone reaches; there is no lower bound.

    predicted, actual  arrays of one shape, tau^2 x'' of the model and of the data
    result             -inf when a prediction is not finite; NaN when the data are constant, empty or not finite
    """
    guess, truth = np.asarray(predicted, dtype=np.float64).ravel(), np.asarray(actual, dtype=np.float64).ravel()
    assert guess.size == truth.size, f"{guess.size} predicted accelerations for {truth.size} actual ones"
    if truth.size == 0 or not np.isfinite(truth).all() or np.ptp(truth) == 0:
        return math.nan
    if not np.isfinite(guess).all():
        return -math.inf
    with np.errstate(all="ignore"):
        r2 = 1.0 - np.sum((guess - truth) ** 2) / np.sum((truth - truth.mean()) ** 2)
    return float(r2)
