"""Where the oscillator can rest under frozen drives: every fixed point, its kind and its curvature."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .field import Array, PlanarField
from .real_roots import real_roots

_FLAT = 1e-10  # of a determinant or a trace, relative to the size of the terms that it is the sum of


class Kind(IntEnum):
    """What the flow looks like near a fixed point; NONE where there is none."""

    NONE = 0
    STABLE_NODE = 1
    UNSTABLE_NODE = 2
    STABLE_FOCUS = 3
    UNSTABLE_FOCUS = 4
    SADDLE = 5
    CENTRE = 6
    DEGENERATE = 7

    @property
    def label(self) -> str:
        """In words: stable node, saddle, ..."""
        return self.name.lower().replace("_", " ")

    @property
    def stable(self) -> bool:
        """Whether what starts near it stays there and comes back."""
        return self in (Kind.STABLE_NODE, Kind.STABLE_FOCUS)


@dataclass(frozen=True, eq=False)
class FixedPoints:
    """All fixed points (x, 0) of fields of shape S, ascending in x along the last axis, M at most; NaN where fewer.

    J = [[0, 1], [a_x, a_v]],  determinant -a_x,  trace a_v,  eigenvalues trace / 2 +- sqrt(trace^2 / 4 - determinant)

    field        of shape S
    x            S + (M,)
    trace        S + (M,) per unit of rescaled time
    determinant  S + (M,) its square; it is also V'', the curvature of the potential
    hessian      S + (M, 2, 2) second derivatives of dv/ds at the point
    kind         S + (M,) int8, see `Kind`
    everywhere   S, whether every x is a fixed point, since no force depends on it; none is listed then
    """

    field: PlanarField
    x: Array
    trace: Array
    determinant: Array
    hessian: Array
    kind: NDArray[np.int8]
    everywhere: NDArray[np.bool_]

    @cached_property
    def count(self) -> NDArray[np.int64]:
        """S, how many there are."""
        return np.isfinite(self.x).sum(-1)

    @cached_property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """S + (M, 2) per unit of rescaled time, the one of the larger real part, or positive frequency, first."""
        half = self.trace / 2
        root = np.sqrt((half**2 - self.determinant).astype(np.complex128))
        return np.stack((half + root, half - root), -1)

    @property
    def growth_per_second(self) -> Array:
        """S + (M,) the larger real part, 1/s: how fast a small disturbance grows at last."""
        return self.eigenvalues[..., 0].real / self.field.tau

    @property
    def hz(self) -> Array:
        """S + (M,) frequency of small oscillations about the point, Hz; 0 where there are none."""
        return np.abs(self.eigenvalues[..., 0].imag) / (2 * np.pi * self.field.tau)

    @property
    def potential_curvature(self) -> Array:
        """S + (M,) V''(x) of the potential whose force is F: the determinant."""
        return self.determinant

    @property
    def within_clamp(self) -> NDArray[np.bool_]:
        """S + (M,) whether a clamped rollout can come there; without a clamp it always can."""
        bound = np.inf if self.field.clamp is None else self.field.clamp.x
        return np.abs(self.x) < bound


def fixed_points(field: PlanarField) -> FixedPoints:
    """All fixed points of fields of any shape, see `FixedPoints` and `real_roots`."""
    x = real_roots(field)
    _, a_x, a_v, xx, xv, vv = field.derivatives(x, np.zeros_like(x), 2)
    hessian = np.stack((xx, xv, xv, vv), -1).reshape(*x.shape, 2, 2)
    size = np.abs(field.stiffness) + np.abs(field.weights).max((-2, -1))
    everywhere = (field.stiffness == 0) & (field.weights[..., :, 0] == 0).all(-1)
    return FixedPoints(field, x, a_v, -a_x, hessian, _kinds(a_v, -a_x, size[..., None]), everywhere)


def _kinds(trace: Array, determinant: Array, size: Array) -> NDArray[np.int8]:
    with np.errstate(invalid="ignore"):
        flat = np.abs(determinant) <= _FLAT * size
        turning = trace**2 < 4 * determinant
        still = np.abs(trace) <= _FLAT * np.sqrt(np.abs(determinant))
        kinds = [
            (np.isnan(trace), Kind.NONE),
            (flat, Kind.DEGENERATE),
            (determinant < 0, Kind.SADDLE),
            (turning & still, Kind.CENTRE),
            (turning & (trace < 0), Kind.STABLE_FOCUS),
            (turning, Kind.UNSTABLE_FOCUS),
            (trace < 0, Kind.STABLE_NODE),
        ]
    return np.select([mask for mask, _ in kinds], [kind for _, kind in kinds], Kind.UNSTABLE_NODE).astype(np.int8)
