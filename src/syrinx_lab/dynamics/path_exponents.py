"""How fast neighbouring states part or meet along the path that the oscillator takes: finite-time exponents."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .field import Array
from .path import DrivenPath
from .rk4_map import rk4_jacobian

_CHUNK = 1024  # steps: fields of degree 15 have 40 kB each


@dataclass(frozen=True, eq=False)
class PathExponents:
    """Growth along a driven path of H states; every rate in 1/s.

    seconds     (M,) middles of the windows
    exponents   (M, 2) finite-time Lyapunov exponents of the windows: of the leading direction, and of areas less that
    area        (M,) growth of areas in the windows by the map of the rollout: the sum of both exponents
    divergence  (M,) the same by the equation alone, mean of d(dv/ds)/dv along the path
    whole       (2,) exponents over all windows' samples
    local       (H - 1, 2) exponents of single steps, which swing with every period
    """

    seconds: Array
    exponents: Array
    area: Array
    divergence: Array
    whole: Array
    local: Array

    @property
    def integrator(self) -> Array:
        """(M,) what RK4's steps and the clamp do to areas that the equation does not; below 0 on oscillations."""
        return self.area - self.divergence


def path_exponents(
    path: DrivenPath, x: ArrayLike, v: ArrayLike, *, window_ms: float = 10.0, every_ms: float = 1.0, spin_up: int = 0
) -> PathExponents:
    """Finite-time Lyapunov exponents along the states of a rollout, by QR of the steps' derivatives.

    M_t Q_{t-1} = Q_t R_t,   lambda_i = 1 / T sum_t ln |R_t,ii|,   M_t = d y_{t+1} / d y_t of the map that was iterated

    In the plane one unit vector is all of Q: ln R_11 is what it grows by, and ln R_22 = ln |det M| - ln R_11.

    path       the clip's drives
    x, v       (H,) the states of the rollout, from the path's first sample on, a sample apart
    window_ms  length of the windows, ms: several periods, over which single turns average out
    every_ms   between their beginnings, ms
    spin_up    steps before the first window, in which Q turns into the leading direction
    Raises ValueError with one line for fewer than two states or states that are not finite.

    Source: Benettin, Galgani, Giorgilli and Strelcyn (1980), Meccanica 15, 9 and 21; Eckmann and Ruelle (1985),
    Rev. Mod. Phys. 57, 617, section V.
    """
    x, v = (np.asarray(y, dtype=np.float64) for y in (x, v))
    if x.ndim != 1 or x.shape != v.shape or len(x) < 2 + spin_up:
        raise ValueError(f"states x {x.shape} and v {v.shape}: give two or more of each, after spin_up={spin_up}")
    if not (np.isfinite(x).all() and np.isfinite(v).all()):
        raise ValueError("the states are not finite: the model has diverged, and its path has no exponents")
    dt = 1 / path.field.sample_rate
    steps, divergence = (np.concatenate(parts) for parts in zip(*_along(path, x, v)))
    local = _by_qr(steps) / dt
    divergence = divergence / path.field.tau
    kept = slice(spin_up, None)
    starts, length = _windows(len(local) - spin_up, window_ms * 1e-3 / dt, every_ms * 1e-3 / dt)
    exponents = np.stack([_means(one, starts, length) for one in local[kept].T], -1)
    return PathExponents(
        seconds=path.seconds[0] + (spin_up + starts + length / 2) * dt,
        exponents=exponents,
        area=exponents.sum(-1),
        divergence=_means(divergence[kept], starts, length),
        whole=local[kept].mean(0),
        local=local,
    )


def _along(path: DrivenPath, x: Array, v: Array) -> Iterator[tuple[Array, Array]]:
    """The derivatives of the steps (n, 2, 2), and the equation's divergence (n,) per unit of s, in pieces."""
    dt = 1 / path.field.sample_rate
    for first in range(0, len(x) - 1, _CHUNK):
        piece = slice(first, min(first + _CHUNK, len(x) - 1))
        field = path.at(path.seconds[0] + np.arange(piece.start, piece.stop) * dt)
        yield rk4_jacobian(field, x[piece], v[piece]), field.divergence(x[piece], v[piece])


def _by_qr(steps: Array) -> Array:
    """(n, 2) ln of the diagonal of R, step by step."""
    found = np.empty((len(steps), 2))
    areas = np.log(np.maximum(np.abs(np.linalg.det(steps)), 1e-300))
    q, r = math.sqrt(0.5), math.sqrt(0.5)
    for t, ((a, b), (c, d)) in enumerate(steps.tolist()):
        q, r = a * q + b * r, c * q + d * r
        length = math.hypot(q, r)
        if length < 1e-300:  # a step that forgets the direction altogether
            q, r, length = 1.0, 0.0, 1e-300
        else:
            q, r = q / length, r / length
        found[t, 0] = math.log(length)
    found[:, 1] = areas - found[:, 0]
    return found


def _windows(count: int, length: float, every: float) -> tuple[NDArray[np.int_], int]:
    """First samples of the windows and their length; one window where they are longer than the path."""
    samples = min(max(1, round(length)), count)
    return np.arange(0, count - samples + 1, max(1, round(every))), samples


def _means(y: Array, starts: NDArray[np.int_], length: int) -> Array:
    total = np.concatenate(([0.0], np.cumsum(y)))
    return (total[starts + length] - total[starts]) / length
