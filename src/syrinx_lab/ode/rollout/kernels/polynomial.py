# mypy: disable-error-code="call-arg, var-annotated"
"""The oscillator's right-hand side on lanes, its derivatives, and the gradient of its weights."""

from __future__ import annotations

from numba import njit

from .functions import tanh
from .lanes import fma, horner, load, splat, store

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
    """sum_ij w_ij p^i q^j, by Horner's rule in q within Horner's rule in p."""
    side, width = plan.side, len(like)
    value = splat(plan.zero, like)
    place = base + side * side * width
    for _ in range(side):
        row = splat(plan.zero, like)
        for _ in range(side):
            place -= width
            row = fma(row, q, load(weights, place, like))
        value = fma(value, p, row)
    return value


@njit
def _polynomial_of_one(weights, base, p, q, plan, like):
    """The same for a single item and P + 1 a multiple of four: lanes hold columns, for else the latency would tell."""
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
    """Minus dv/ds, its derivatives by x and by v, and the inputs p and q of the polynomial."""
    side, width = plan.side, len(like)
    p, q = clamp(x, v, plan, like)
    value = by_p = by_q = splat(plan.zero, like)
    place = base + side * side * width
    for _ in range(side):
        row = row_by_q = splat(plan.zero, like)
        for _ in range(side):
            place -= width
            row_by_q = fma(row_by_q, q, row)
            row = fma(row, q, load(weights, place, like))
        by_p = fma(by_p, p, value)
        value = fma(value, p, row)
        by_q = fma(by_q, p, row_by_q)
    dp, dq = clamp_derivative(p, q, plan, like)
    return fma(stiffness, x, fma(gamma, v, value)), fma(by_p, dp, stiffness), fma(by_q, dq, gamma), p, q


@njit
def weight_gradient(m, p, q, tables, start, out, base, plan, like):
    """sum_s m_s p_s^i q_s^j over the four stages s, for all i and j."""
    side, width = plan.side, len(like)
    table = side * width
    for s in range(4):
        power = splat(plan.one, like)
        for j in range(side):
            store(tables, start + s * table + j * width, power)
            power = power * q[s]
    m1, m2, m3, m4 = m
    for i in range(side):
        for j in range(side):
            here = start + j * width
            term = m1 * load(tables, here, like)
            term = fma(m2, load(tables, here + table, like), term)
            term = fma(m3, load(tables, here + 2 * table, like), term)
            store(out, base + (i * side + j) * width, fma(m4, load(tables, here + 3 * table, like), term))
        m1, m2, m3, m4 = m1 * p[0], m2 * p[1], m3 * p[2], m4 * p[3]
