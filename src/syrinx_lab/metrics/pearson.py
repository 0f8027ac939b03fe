"""Pearson's correlation, defined for constant input too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Pearson's product-moment correlation of two arrays, over all their elements.

    r = sum (a - mean a)(b - mean b) / sqrt(sum (a - mean a)^2 sum (b - mean b)^2)

    a, b    finite arrays of one shape
    result  in [-1, 1]; 0 where either is constant, since what does not vary agrees with nothing

    Source: Pearson (1896), Phil. Trans. R. Soc. A 187.
    """
    assert a.shape == b.shape, f"cannot correlate arrays of shapes {a.shape} and {b.shape}"
    if a.size == 0:
        return 0.0
    # counted from the first element, so that a constant is exactly zero after the mean is removed
    a, b = a.ravel() - a.flat[0], b.ravel() - b.flat[0]
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt(a @ a) * np.sqrt(b @ b))
    return float(np.clip((a @ b) / size, -1.0, 1.0)) if size > 0 else 0.0
