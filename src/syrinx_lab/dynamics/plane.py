"""The plane of two numbers in which bifurcations are drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from ..contracts import complete
from ..ode.oscillator import Oscillator
from ..ode.parameters import Parameters
from .axes import Axis
from .field import Array, PlanarField


class Plane(ABC):
    """Two numbers a, b -> the field of the oscillator there.

    A subclass sets `names` and `units`, for labels, and has `field`. Raises ValueError for one that lacks it.
    """

    names: tuple[str, str]
    units: tuple[str, str] = ("1", "1")

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Check the class before its own constructor runs."""
        complete(cls, Plane)
        return super().__new__(cls)

    @abstractmethod
    def field(self, a: Array, b: Array) -> PlanarField:
        """The fields (N,) at the points a (N,), b (N,)."""


class DrivePlane(Plane):
    """Two axes of a field, all else as in that field.

    base  of shape ()
    a, b  set one after the other
    """

    def __init__(self, base: PlanarField, a: Axis, b: Axis) -> None:
        if base.shape != ():
            raise ValueError(f"the plane's base is {base.shape} fields: give one, as field[k]")
        self.base, self.axes = base, (a, b)
        self.names, self.units = (a.name, b.name), (a.unit, b.unit)

    def field(self, a: Array, b: Array) -> PlanarField:
        """The base with both numbers set."""
        return self.axes[1].moved(self.axes[0].moved(self.base, a), b)

    def place(self, field: PlanarField) -> tuple[Array, Array]:
        """Where fields of shape S lie in the plane, S each; what else of them differs from the base is not seen."""
        return self.axes[0].values(field), self.axes[1].values(field)


class ParameterPlane(Plane):
    """Two of an oscillator's own parameters, through its `decode`; the others and the weights as at one knot.

    oscillator  any
    parameters  of one knot, (1, 1) each
    weights     the encoder's raw weights there, (1, 1, P+1, P+1)
    a, b        names of two parameters
    Raises ValueError for a name that the oscillator's parameters do not have. What `decode` computes in float32, as the
    pitch map of the vocal organ, is that smooth and no smoother.
    """

    def __init__(self, oscillator: Oscillator, parameters: Parameters, weights: Tensor, a: str, b: str) -> None:
        facts = parameters.facts()
        for name in (a, b):
            if name not in facts or facts[name].channels:
                raise ValueError(
                    f"no parameter of {type(oscillator).__name__} is {name!r}: use two of {', '.join(facts)}"
                )
        self.names, self.units = (a, b), (facts[a].unit, facts[b].unit)
        self.oscillator, self.parameters, self.weights = oscillator, parameters, weights

    @torch.no_grad()
    def field(self, a: Array, b: Array) -> PlanarField:
        """What `decode` makes of the points."""
        count = len(a)
        spread = self.parameters.each(lambda y: y.double().expand(1, count))
        given = {name: torch.from_numpy(np.array(y, dtype=np.float64))[None] for name, y in zip(self.names, (a, b))}
        weights = self.weights.double().expand(1, count, -1, -1)
        decoded = self.oscillator.decode(replace(spread, **given), weights)
        stiffness, gamma, w = (y[0].double().cpu().numpy() for y in decoded[:3])
        own = self.oscillator
        return PlanarField(stiffness, gamma, w, step=own.step, sample_rate=own.sample_rate, clamp=own.clamp)
