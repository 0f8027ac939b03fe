"""The contract of a known system: numbers with names, a field, and the plane that it is best looked at in."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np

from ...contracts import complete
from ..axes import Axis
from ..field import PlanarField
from ..path import DrivenPath
from ..plane import DrivePlane

_WANTED = {
    "about": 'add the class attribute about = "relaxation oscillator"',
    "source": 'add the class attribute source = "Van der Pol (1926)"',
    "axes": 'add the class attribute axes = (DriveAxis("gamma"), DriveAxis("stiffness")), of syrinx_lab.dynamics.axes',
    "ranges": "add the class attribute ranges = ((low, high), (low, high)) of the two axes",
}


class System(ABC):
    """An oscillator x' = v, v' = -k x - gamma v - sum_ij w_ij x^i v^j with known numbers.

    A subclass is one file, with four class attributes and one method; its constructor names its numbers:

        class VanDerPol(System):
            about = "relaxation oscillator"
            source = "Van der Pol (1926)"
            axes = (DriveAxis("gamma"), DriveAxis("stiffness"))
            ranges = ((-2.0, 2.0), (0.1, 4.0))

            def __init__(self, *, mu=1.0, tau=1.0, step=0.05):
                super().__init__(tau=tau, step=step)
                self.mu = finite("mu", mu)

            def coefficients(self):
                return {"stiffness": 1.0, "gamma": -self.mu, "w_21": self.mu}

    and is chosen by `_target_`. `tau` in seconds, s = t / tau, and `step` h = dt / tau say what a second and a sample
    of it are, so that its pitch has hertz and its integrator a rate 1 / (h tau). `gesture_ends` may say between which
    values of the first axis `gesture` goes, rest first; else it goes from end to end of its range.

    Raises ValueError with one line for a class that lacks one of these, and for tau or step that is not positive.
    """

    about: ClassVar[str]
    source: ClassVar[str]
    axes: ClassVar[tuple[Axis, Axis]]
    ranges: ClassVar[tuple[tuple[float, float], tuple[float, float]]]
    gesture_ends: ClassVar[tuple[float, float] | None] = None

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Check the class before its own constructor runs."""
        complete(cls, System)
        for name, advice in _WANTED.items():
            if not hasattr(cls, name):
                raise ValueError(f"{cls.__name__} has no {name}: {advice}")
        return super().__new__(cls)

    def __init__(self, *, tau: float = 1.0, step: float = 0.05) -> None:
        self.tau, self.step = positive("tau", tau), positive("step", step)

    @abstractmethod
    def coefficients(self) -> dict[str, float]:
        """Names of drives and their values: stiffness, gamma, and w_ij of x^i v^j; what is not named is zero."""

    @property
    def sample_rate(self) -> float:
        """Hz, of the integrator's steps."""
        return 1 / (self.step * self.tau)

    def field(self) -> PlanarField:
        """The vector field, of shape (). Raises ValueError for a coefficient with another name."""
        given = self.coefficients()
        powers = {name: _power(type(self).__name__, name) for name in given if name not in ("stiffness", "gamma")}
        side = 1 + max([1, *(max(power) for power in powers.values())])
        weights = np.zeros((side, side))
        for name, power in powers.items():
            weights[power] = given[name]
        stiffness, gamma = (np.array(given.get(name, 0.0)) for name in ("stiffness", "gamma"))
        return PlanarField(stiffness, gamma, weights, step=self.step, sample_rate=self.sample_rate)

    def plane(self) -> tuple[DrivePlane, tuple[float, float], tuple[float, float]]:
        """The plane of its two axes through this field, and the ranges that are worth drawing."""
        return DrivePlane(self.field(), *self.axes), *self.ranges

    def gesture(self, knots: int = 61, seconds: float | None = None) -> DrivenPath:
        """A way along the first axis and back, all else as it is: a syllable to be looked at.

        knots    K
        seconds  that it takes; None: 200 tau
        """
        low, high = self.ranges[0] if self.gesture_ends is None else self.gesture_ends
        rise = 0.5 - 0.5 * np.cos(2 * np.pi * np.linspace(0, 1, knots))
        span = 200 * self.tau if seconds is None else seconds
        return DrivenPath(self.axes[0].moved(self.field(), low + (high - low) * rise), np.linspace(0, span, knots))

    @classmethod
    def numbers(cls) -> dict[str, float]:
        """Names and defaults of what the constructor takes."""
        return {one.name: one.default for one in inspect.signature(cls).parameters.values()}


def finite(name: str, value: float) -> float:
    """The value as a float. Raises ValueError with one line when it is not finite."""
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value}: use a finite number")
    return float(value)


def positive(name: str, value: float) -> float:
    """The value as a float. Raises ValueError with one line when it is not above zero and finite."""
    if not 0 < value < math.inf:
        raise ValueError(f"{name} is {value}: use a finite number above 0")
    return float(value)


def _power(system: str, name: str) -> tuple[int, int]:
    digits = name.removeprefix("w_")
    if not name.startswith("w_") or len(digits) != 2 or not digits.isdigit():
        raise ValueError(f"{system}.coefficients names {name!r}: use stiffness, gamma, or w_ij with two digits")
    return int(digits[0]), int(digits[1])
