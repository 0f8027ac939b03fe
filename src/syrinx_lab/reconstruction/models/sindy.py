"""Sparse identification of nonlinear dynamics, by pysindy."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ..systems.flow import Array
from .model import Reconstruction


class Sindy(Reconstruction):
    """x' = Theta(x) Xi with few entries in Xi, Theta all monomials up to a degree; free runs by Runge and Kutta.

    Derivatives of the path are differences of it after smoothing; Xi by sequentially thresholded least squares.

    degree     of the monomials
    threshold  below which an entry of Xi is dropped, in channels of unit variance
    window     samples of the smoothing (Savitzky and Golay, cubic)
    Raises ValueError where pysindy is missing.

    Source: Brunton, Proctor and Kutz (2016), PNAS 113, 3932; pysindy.
    """

    about = "sparse polynomial equation"
    source = "Brunton, Proctor and Kutz (2016), by pysindy"

    def __init__(self, *, degree: int = 2, threshold: float = 0.05, window: int = 11) -> None:
        if degree < 1 or threshold < 0 or window < 5 or window % 2 == 0:
            raise ValueError(
                f"window is {window}, degree {degree}: use an odd window from 5 on, and a degree from 1 on"
            )
        self.degree, self.threshold, self.window = degree, threshold, window
        self._package = _pysindy()

    def fit(self, path: Array, interval: float, seed: int) -> None:
        """One regression; nothing is drawn."""
        package = self._package
        smooth = {"window_length": self.window, "polyorder": 3}
        library = package.PolynomialLibrary(degree=self.degree)
        fitted: Any = package.SINDy(
            optimizer=package.STLSQ(threshold=self.threshold),
            feature_library=library,
            differentiation_method=package.SmoothedFiniteDifference(smoother_kws=smooth),
        )
        fitted.fit(path, t=interval)
        self.coefficients = np.asarray(fitted.coefficients())  # (N, monomials)
        self._powers = np.asarray(library.powers_)
        self._interval = interval

    def rate(self, x: Array) -> Array:
        """x' (B, N) of x (B, N)."""
        terms = (x[:, None, :] ** self._powers).prod(-1)
        return np.asarray(terms @ self.coefficients.T)

    def begun(self, past: Array) -> Array:
        """The last sample."""
        return past[-1].copy()

    def step(self, states: Array) -> Array:
        """One classical Runge-Kutta step of a sample."""
        h = self._interval
        a = self.rate(states)
        b = self.rate(states + h / 2 * a)
        c = self.rate(states + h / 2 * b)
        d = self.rate(states + h * c)
        return np.asarray(states + h / 6 * (a + 2 * b + 2 * c + d))

    def seen(self, states: Array) -> Array:
        """The state itself."""
        return states


def _pysindy() -> Any:
    try:
        return importlib.import_module("pysindy")
    except ImportError:
        raise ValueError(
            "this model needs the package pysindy: pip install 'syrinx-lab[reconstruction]', or leave it out of model="
        ) from None
