# mypy: disable-error-code="call-arg, var-annotated"
"""The oscillator's right-hand side on lanes, and its derivatives."""

from __future__ import annotations

from numba import njit

from ....simd.functions import tanh
from ....simd.lanes import fma, horner, load, splat

QUAD = (0, 0, 0, 0)  # four lanes, whatever the width of the tile


@njit
def clamp(x, v, plan, like):
    if plan.clamped:
        x = splat(plan.x_bound, like) * tanh(splat(plan.x_inverse, like) * x)
        v = splat(plan.v_bound, like) * tanh(splat(plan.v_inverse, like) * v)
    return x, v


@njit
def clamp_derivative(x, v, plan, like):
    """1 - tanh^2 of the clamp, from its results x and v."""
    one = splat(plan.one, like)
    if plan.clamped:
        x, v = splat(plan.x_inverse, like) * x, splat(plan.v_inverse, like) * v
        return one - x * x, one - v * v
    return one, one


@njit
def _polynomial(weights, base, p, q, plan, like):
    """sum_ij w_ij p^i q^j, by Horner's rule in q within Horner's rule in p.

    A rule waits for every product before the next, so eight or four rows are worked on at a time.
    """
    side, width = plan.side, len(like)
    step = side * width
    value = zero = splat(plan.zero, like)
    row = side
    while row >= 8:
        row -= 8
        r0 = r1 = r2 = r3 = r4 = r5 = r6 = r7 = zero
        for j in range(side - 1, -1, -1):
            at = base + row * step + j * width
            r0 = fma(r0, q, load(weights, at, like))
            r1 = fma(r1, q, load(weights, at + step, like))
            r2 = fma(r2, q, load(weights, at + 2 * step, like))
            r3 = fma(r3, q, load(weights, at + 3 * step, like))
            r4 = fma(r4, q, load(weights, at + 4 * step, like))
            r5 = fma(r5, q, load(weights, at + 5 * step, like))
            r6 = fma(r6, q, load(weights, at + 6 * step, like))
            r7 = fma(r7, q, load(weights, at + 7 * step, like))
        value = fma(fma(fma(fma(value, p, r7), p, r6), p, r5), p, r4)
        value = fma(fma(fma(fma(value, p, r3), p, r2), p, r1), p, r0)
    while row >= 4:
        row -= 4
        r0 = r1 = r2 = r3 = zero
        for j in range(side - 1, -1, -1):
            at = base + row * step + j * width
            r0 = fma(r0, q, load(weights, at, like))
            r1 = fma(r1, q, load(weights, at + step, like))
            r2 = fma(r2, q, load(weights, at + 2 * step, like))
            r3 = fma(r3, q, load(weights, at + 3 * step, like))
        value = fma(fma(fma(fma(value, p, r3), p, r2), p, r1), p, r0)
    while row > 0:
        row -= 1
        r0 = zero
        for j in range(side - 1, -1, -1):
            r0 = fma(r0, q, load(weights, base + row * step + j * width, like))
        value = fma(value, p, r0)
    return value


@njit
def _polynomial_of_one(weights, base, p, q, plan, like):
    """The same for a single item and P + 1 a multiple of four: lanes hold columns, for else the latency would show."""
    side = plan.side
    four_p, q_squared = splat(p, QUAD), q * q
    q_fourth = q_squared * q_squared
    value = splat(plan.zero, like)
    for j in range(side - 4, -1, -4):
        columns = splat(plan.zero, QUAD)
        place = base + side * side + j
        for _ in range(side):
            place -= side
            columns = fma(columns, four_p, load(weights, place, QUAD))
        value = fma(value, q_fourth, horner(columns, q))
    return value


@njit
def slope(x, v, stiffness, gamma, weights, base, plan, like):
    """Minus dv/ds."""
    p, q = clamp(x, v, plan, like)
    if len(like) == 1 and plan.side % 4 == 0:
        value = _polynomial_of_one(weights, base, p, q, plan, like)
    else:
        value = _polynomial(weights, base, p, q, plan, like)
    return fma(stiffness, x, fma(gamma, v, value))


@njit
def linearised(x, v, stiffness, gamma, weights, base, plan, like):
    """Minus dv/ds, its derivatives by x and by v, and the inputs p and q of the polynomial.

    Horner's rule differentiated: for every r = r q + w before it goes d = d q + r. Four rows at a time, as above.
    """
    side, width = plan.side, len(like)
    step = side * width
    p, q = clamp(x, v, plan, like)
    value = by_p = by_q = zero = splat(plan.zero, like)
    row = side
    while row >= 4:
        row -= 4
        r0 = r1 = r2 = r3 = d0 = d1 = d2 = d3 = zero
        for j in range(side - 1, -1, -1):
            at = base + row * step + j * width
            d0, d1, d2, d3 = fma(d0, q, r0), fma(d1, q, r1), fma(d2, q, r2), fma(d3, q, r3)
            r0 = fma(r0, q, load(weights, at, like))
            r1 = fma(r1, q, load(weights, at + step, like))
            r2 = fma(r2, q, load(weights, at + 2 * step, like))
            r3 = fma(r3, q, load(weights, at + 3 * step, like))
        by_p, value, by_q = fma(by_p, p, value), fma(value, p, r3), fma(by_q, p, d3)
        by_p, value, by_q = fma(by_p, p, value), fma(value, p, r2), fma(by_q, p, d2)
        by_p, value, by_q = fma(by_p, p, value), fma(value, p, r1), fma(by_q, p, d1)
        by_p, value, by_q = fma(by_p, p, value), fma(value, p, r0), fma(by_q, p, d0)
    while row > 0:
        row -= 1
        r0 = d0 = zero
        for j in range(side - 1, -1, -1):
            d0, r0 = fma(d0, q, r0), fma(r0, q, load(weights, base + row * step + j * width, like))
        by_p, value, by_q = fma(by_p, p, value), fma(value, p, r0), fma(by_q, p, d0)
    dp, dq = clamp_derivative(p, q, plan, like)
    return fma(stiffness, x, fma(gamma, v, value)), fma(by_p, dp, stiffness), fma(by_q, dq, gamma), p, q
