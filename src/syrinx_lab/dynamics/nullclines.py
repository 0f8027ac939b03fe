"""The nullclines of frozen drives, as lines of the phase plane."""

from __future__ import annotations

import numpy as np
from contourpy import contour_generator

from .field import Array, PlanarField


def nullclines(
    field: PlanarField, x: tuple[float, float], v: tuple[float, float], points: int = 81
) -> tuple[tuple[Array, ...], ...]:
    """Where dv/ds = 0 within a window, of each of K fields; dx/ds = 0 on v = 0 throughout.

    By marching squares on a grid, so an error of a square's size only where two lines meet.

    x, v    the window: least and largest value
    points  of the grid on a side
    result  K lists of lines (n, 2)
    """
    xs, vs = np.linspace(*x, points), np.linspace(*v, points)
    at_x, at_v = np.meshgrid(xs, vs)
    found = []
    for n in range(len(field)):
        force = field[n].acceleration(at_x, at_v)
        lines = contour_generator(x=xs, y=vs, z=np.nan_to_num(force)).lines(0.0)
        found.append(tuple(np.asarray(line, dtype=np.float64) for line in lines))
    return tuple(found)
