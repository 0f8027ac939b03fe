"""The equation with the damping that the rollout's steps add to it: what is sung, to first order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from .axes import Axis
from .field import Array, PlanarField

_LARGEST_SQUARE = 4.0  # of y, beyond which nothing is sung


def step_damped(field: PlanarField) -> PlanarField:
    """The fields of any shape with the damping that the rollout's steps add to small oscillations.

    gamma - ln |G|^2 / h,   |G|^2 = 1 - y^6 / 72 + y^8 / 576,   y = h sqrt(stiffness)

    The vocal organ's drives hold this term with the other sign, so that equation and steps cancel: of its bifurcations,
    those of this field are where the rollout has them. Exact for linear oscillators; where the stiffness is negative,
    nothing is added.

    Source: Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.2.
    """
    y2 = np.clip(field.step**2 * field.stiffness, 0, _LARGEST_SQUARE)
    return replace(field, gamma=field.gamma - np.log1p(y2**3 * (y2 / 576 - 1 / 72)) / field.step)


class StepDampedAxis(Axis):
    """An axis of the drives, at whose fields the steps' damping is added afterwards.

    axis  that of the drives themselves
    """

    def __init__(self, axis: Axis) -> None:
        self.axis, self.name, self.unit = axis, axis.name, axis.unit

    def values(self, field: PlanarField) -> Array:
        """The number of the drives themselves."""
        return self.axis.values(field)

    def moved(self, field: PlanarField, to: ArrayLike) -> PlanarField:
        """With that number set, and the damping of the steps there."""
        return step_damped(self.axis.moved(field, to))
