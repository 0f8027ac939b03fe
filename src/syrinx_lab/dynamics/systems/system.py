"""The contract of a known system: numbers with names, a field, and the plane that it is best looked at in."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np

from ...contracts import complete
from ..axes import Axis
from ..cycles import limit_cycles
from ..field import Array, PlanarField
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
    of it are, so that its pitch has hertz and its integrator a rate 1 / (h tau). `approach` may say by
    which values of the first axis `gesture` comes to the system's own, rest first; else from the low end of its range.

    Raises ValueError with one line for a class that lacks one of these, and for tau or step that is not positive.
    """

    about: ClassVar[str]
    source: ClassVar[str]
    axes: ClassVar[tuple[Axis, Axis]]
    ranges: ClassVar[tuple[tuple[float, float], tuple[float, float]]]

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
        """The plane of its two axes through this field, and the ranges that are worth drawing, its place in them."""
        field = self.field()
        wide = [_holding(axis.values(field), given) for axis, given in zip(self.axes, self.ranges, strict=True)]
        return DrivePlane(field, *self.axes), wide[0], wide[1]

    def approach(self) -> tuple[float, ...]:
        """Values of the first axis that `gesture` passes before it holds the system's own: that of rest first."""
        return (self.ranges[0][0],)

    def gesture(self, knots: int = 61, seconds: float | None = None) -> DrivenPath:
        """From rest along the first axis to the system's own value, held for half the time, and back: a syllable.

        knots    K
        seconds  that it takes; None: 200 tau for every value of `approach`, or eight periods of its cycle if longer
        """
        field = self.field()
        rest, *passed = self.approach()
        own = float(self.axes[0].values(field))
        stations = np.array([rest, *passed, own, rest])
        dwell = np.array([0.05, *[0.2] * len(passed), 0.5, 0.05])
        ramp = (1 - dwell.sum()) / (len(stations) - 1)
        starts = np.concatenate(([0], np.cumsum(dwell[:-1] + ramp)))
        times = np.linspace(0, 1, knots)
        value = np.full(knots, rest)
        for i in range(1, len(stations)):
            share = np.clip((times - starts[i] + ramp) / ramp, 0, 1)
            value += (stations[i] - stations[i - 1]) * (0.5 - 0.5 * np.cos(np.pi * share))
        value[(times >= starts[-2]) & (times <= starts[-2] + 0.5)] = own
        if seconds is None:
            period = limit_cycles(field).period
            longest = float(np.nanmax(period, initial=0.0))
            seconds = self.tau * max(200 * (1 + len(passed)), 8 * longest)
        return DrivenPath(self.axes[0].moved(field, value), np.linspace(0, seconds, knots))

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


def _holding(value: Array, given: tuple[float, float]) -> tuple[float, float]:
    """The range, wider where the value would lie outside it."""
    at, (low, high) = float(value), given
    if low <= at <= high:
        return given
    room = 0.1 * (max(at, high) - min(at, low))
    return (at - room, high) if at < low else (low, at + room)


def _power(system: str, name: str) -> tuple[int, int]:
    digits = name.removeprefix("w_")
    if not name.startswith("w_") or len(digits) != 2 or not digits.isdigit():
        raise ValueError(f"{system}.coefficients names {name!r}: use stiffness, gamma, or w_ij with two digits")
    return int(digits[0]), int(digits[1])
