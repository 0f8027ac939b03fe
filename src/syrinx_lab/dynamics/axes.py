"""What can be turned on an oscillator, one at a time: a drive, or the pressure or the tension of the vocal organ."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..contracts import complete
from ..ode.oscillator import Oscillator
from ..ode.syrinx.normal_form import alpha_at, numerical_damping_correction
from ..ode.syrinx.oscillator import Syrinx
from .field import Array, PlanarField


class Axis(ABC):
    """One number of a field that can be read and set, the rest of the field being kept.

    A subclass has `name` and `unit`, for a label, and the two methods. Raises ValueError for one that lacks a method.
    """

    name: str
    unit: str = "1"

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Check the class before its own constructor runs."""
        complete(cls, Axis)
        return super().__new__(cls)

    @abstractmethod
    def values(self, field: PlanarField) -> Array:
        """The number of fields of shape S, S."""

    @abstractmethod
    def moved(self, field: PlanarField, to: ArrayLike) -> PlanarField:
        """The fields with that number set to `to`, of any shape that the fields' shape S can be broadcast to."""


class DriveAxis(Axis):
    """A drive itself: "stiffness", "gamma", or the weight w_ij of x^i v^j by its name, as "w_21".

    Raises ValueError for another name.
    """

    def __init__(self, name: str) -> None:
        found = re.fullmatch(r"w_(?:(\d)(\d)|(\d+)_(\d+))", name)
        if found is None and name not in ("stiffness", "gamma"):
            raise ValueError(f"no drive is called {name!r}: use stiffness, gamma, or a weight as w_21 or w_10_2")
        self.name = name
        self.power = None if found is None else tuple(int(i) for i in found.groups() if i is not None)

    def values(self, field: PlanarField) -> Array:
        """The drive."""
        if self.power is None:
            return np.array(getattr(field, self.name))
        return field.weights[..., self._row(field), self.power[1]].copy()

    def moved(self, field: PlanarField, to: ArrayLike) -> PlanarField:
        """With this drive set."""
        spread = broadcast(field, np.shape(to))
        if self.power is None:
            values = np.broadcast_to(np.asarray(to, dtype=np.float64), spread.shape)
            return replace(spread, stiffness=values) if self.name == "stiffness" else replace(spread, gamma=values)
        weights = spread.weights.copy()
        weights[..., self._row(field), self.power[1]] = to
        return replace(spread, weights=weights)

    def _row(self, field: PlanarField) -> int:
        assert self.power is not None
        if max(self.power) > field.degree:
            raise ValueError(f"{self.name} is no weight of a polynomial of degree {field.degree}")
        return self.power[0]


class PressureAxis(Axis):
    """The pressure p of the vocal organ's normal form, 0 at rest and 1 singing, read off w_00 = alpha_at(p, beta)."""

    name = "pressure"

    def values(self, field: PlanarField) -> Array:
        """The p whose alpha the field has."""
        return _pressure(field)

    def moved(self, field: PlanarField, to: ArrayLike) -> PlanarField:
        """With alpha of that pressure; the tension stays."""
        return _at_pressure(broadcast(field, np.shape(to)), to)


class TensionAxis(Axis):
    """The tension beta of the vocal organ's normal form, its stiffness; pressure and relative damping are kept."""

    name = "tension"

    def values(self, field: PlanarField) -> Array:
        """The stiffness."""
        return field.stiffness.copy()

    def moved(self, field: PlanarField, to: ArrayLike) -> PlanarField:
        """With that stiffness, alpha at the same pressure, and the damping that undoes the integrator's there."""
        spread = broadcast(field, np.shape(to))
        beta = np.broadcast_to(np.asarray(to, dtype=np.float64), spread.shape)
        before, after = (_correction(b, field.step) for b in (spread.stiffness, beta))
        turned = replace(spread, stiffness=beta.copy(), gamma=spread.gamma + after - before)
        return _at_pressure(turned, _pressure(spread))


def natural_axes(oscillator: Oscillator) -> tuple[Axis, Axis]:
    """The two axes that an oscillator is best looked at in: pressure and tension, or else damping and stiffness."""
    if isinstance(oscillator, Syrinx):
        return PressureAxis(), TensionAxis()
    return DriveAxis("gamma"), DriveAxis("stiffness")


def broadcast(field: PlanarField, shape: tuple[int, ...]) -> PlanarField:
    """Copies of a field of shape S in a shape that S fits; S's axes come first, further ones are filled up."""
    lead = field.shape + (1,) * (len(shape) - len(field.shape))
    full = np.broadcast_shapes(lead, shape)
    side = field.degree + 1
    return replace(
        field,
        stiffness=np.broadcast_to(field.stiffness.reshape(lead), full),
        gamma=np.broadcast_to(field.gamma.reshape(lead), full),
        weights=np.broadcast_to(field.weights.reshape(*lead, side, side), (*full, side, side)),
    )


def _alpha(pressure: ArrayLike, beta: Array) -> Array:
    spread = np.broadcast_to(np.asarray(pressure, dtype=np.float64), beta.shape)
    return alpha_at(torch.from_numpy(spread.copy()), torch.from_numpy(np.array(beta))).numpy()


def _pressure(field: PlanarField) -> Array:
    """The pressure whose alpha the field has; alpha is linear in it."""
    rest, full = (_alpha(p, field.stiffness) for p in (0.0, 1.0))
    return (field.weights[..., 0, 0] - rest) / (full - rest)


def _at_pressure(field: PlanarField, pressure: ArrayLike) -> PlanarField:
    weights = field.weights.copy()
    weights[..., 0, 0] = _alpha(pressure, field.stiffness)
    return replace(field, weights=weights)


def _correction(beta: Array, step: float) -> Array:
    return numerical_damping_correction(torch.from_numpy(np.array(beta)), step).numpy()
