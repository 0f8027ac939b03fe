"""Curves that equations leave: n - 1 equations of n unknowns, followed by pseudo-arclength."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .field import Array

Equations = Callable[[Array], Array]
"""(m, n) points -> (m, n - 1) values, NaN where there are none."""

_NEWTON = 10
_STRAIGHT = 0.97  # cosine of the turn that one step may take
_FINEST = 1e-3  # of the step


def curve_through(
    equations: Equations,
    start: Array,
    inside: Callable[[Array], bool],
    step: float,
    *,
    exactness: float = 1e-11,
    points: int = 400,
) -> tuple[Array, bool]:
    """The curve of zeros through a zero `start` (n,), in both directions until it is no longer inside, or closed.

        y_p = y_k + ds t_k;   equations(y) = 0,  t_k . (y - y_p) = 0  by Newton's method from y_p

    with the tangent t of length one. The step is halved where the curve turns or Newton's method takes long, and grows
    again. The equations, not the plane, are parametrised: folds and cusps are passed. Unknowns should be scaled to 1.

    inside     whether a point is to be kept
    step       ds, at most
    exactness  of the points; equations that are known no better than to e want more than e, and are distinguished over
               differences of its square root
    points     in each direction, at most
    Returns the points (N, n), and whether the curve is closed.
    Source: Keller (1977); Kuznetsov (2004), Elements of Applied Bifurcation Theory, section 10.2.
    """
    jacobian = _jacobian(equations, start, exactness)
    if not np.isfinite(jacobian).all():
        return start[None], False
    tangent = _tangent(jacobian)
    ahead, closed = _followed(equations, start, jacobian, tangent, inside, step, exactness, points)
    if closed:
        return np.array([start, *ahead]), True
    behind, _ = _followed(equations, start, jacobian, -tangent, inside, step, exactness, points)
    return np.array([*behind[::-1], start, *ahead]), False


def onto_curve(equations: Equations, y: Array, exactness: float = 1e-11) -> Array:
    """The point of the curve nearest to y (n,), by Gauss and Newton's method; y itself if it finds none."""
    near = y
    for _ in range(_NEWTON):
        jacobian, values = _jacobian(equations, near, exactness), equations(near[None])[0]
        if not (np.isfinite(jacobian).all() and np.isfinite(values).all()):
            return y
        change = np.linalg.pinv(jacobian) @ values
        near = near - change
        if np.linalg.norm(change) < exactness:
            return near
    return y


def _followed(
    equations: Equations,
    start: Array,
    jacobian: Array,
    tangent: Array,
    inside: Callable[[Array], bool],
    step: float,
    exactness: float,
    points: int,
) -> tuple[list[Array], bool]:
    """Points after the start in one direction, the first one outside the last, and whether they come back to it."""
    found: list[Array] = []
    here, ds = start, step / 4
    while len(found) < points and ds >= step * _FINEST:
        there, rounds = _corrected(equations, here + ds * tangent, jacobian, tangent, exactness)
        ahead = None if there is None else _jacobian(equations, there, exactness)
        if there is None or ahead is None or not np.isfinite(ahead).all() or np.linalg.norm(there - here) > 2 * ds:
            ds /= 2
            continue
        turned = _tangent(ahead, tangent)
        if turned @ tangent < _STRAIGHT:
            ds /= 2
            continue
        found.append(there)
        if not inside(there):
            break
        back = start - here
        across = np.linalg.norm(back - (back @ tangent) * tangent)
        if len(found) > 4 and 0 <= back @ tangent <= ds * 1.01 and across < ds / 4:
            return found, True
        here, tangent, jacobian = there, turned, ahead
        ds = min(step, ds * (1.6 if rounds <= 5 else 1.0))
    return found, False


def _jacobian(equations: Equations, y: Array, exactness: float) -> Array:
    """(n - 1, n) by central differences, all points at once."""
    apart = exactness**0.5
    moved = apart * np.eye(len(y))
    with np.errstate(all="ignore"):
        values = equations(np.concatenate((y + moved, y - moved)))
    return (values[: len(y)] - values[len(y) :]).T / (2 * apart)


def _tangent(jacobian: Array, along: Array | None = None) -> Array:
    """The direction of length one that the equations leave, within a right angle of `along`."""
    tangent = np.linalg.svd(jacobian)[2][-1]
    return -tangent if along is not None and tangent @ along < 0 else tangent


def _corrected(
    equations: Equations, y: Array, jacobian: Array, tangent: Array, exactness: float
) -> tuple[Array | None, int]:
    """Newton's method in the plane across the tangent through y; its matrix is renewed once if that does not do."""
    start, matrix = y, np.vstack((jacobian, tangent))
    size = np.inf
    for round_ in range(1, _NEWTON + 1):
        if np.linalg.cond(matrix) > 1e14:
            return None, round_
        change = np.linalg.solve(matrix, -np.append(equations(y[None])[0], tangent @ (y - start)))
        if not np.isfinite(change).all():
            return None, round_
        y, size = y + change, float(np.linalg.norm(change))
        if size < exactness:
            return y, round_
        if round_ == _NEWTON // 2:
            jacobian = _jacobian(equations, y, exactness)
            if not np.isfinite(jacobian).all():
                return None, round_
            matrix = np.vstack((jacobian, tangent))
    return (y, _NEWTON) if size < 100 * exactness else (None, _NEWTON)
