"""The oscillator's right-hand side on a warp, its derivatives, and the soft clamp."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def tanh(z):
    """tanh z to a few units in the last place, NaN for NaN; two quotients share one division.

    (1 - e) / (1 + e) with e = exp(-2 |z|) loses digits near zero, where the seventh convergent of the continued
    fraction z / (1 + z^2 / (3 + z^2 / (5 + ...))) is exact to 2e-16.

    Source: Lambert 1768; Abramowitz and Stegun 1964, equation 4.5.70.
    """
    size, square = tl.abs(z), z * z
    e = tl.exp2(-2.8853900817779268 * size)
    near = size < 0.5
    above = z * (135135 + square * (17325 + square * (378 + square)))
    below = 135135 + square * (62370 + square * (3150 + square * 28))
    return tl.where(near, above, tl.where(z < 0, e - 1, 1 - e)) / tl.where(near, below, 1 + e)


@triton.jit
def clamp(y, bound, inverse, CLAMPED: tl.constexpr):
    """bound tanh(y / bound), or y itself."""
    if CLAMPED:
        return bound * tanh(inverse * y)
    else:
        return y


@triton.jit
def clamp_derivative(y, inverse, CLAMPED: tl.constexpr):
    """1 - tanh^2 of the clamp, from its result y."""
    if CLAMPED:
        ratio = inverse * y
        return 1 - ratio * ratio
    else:
        return 1


@triton.jit
def exponents(SIDE: tl.constexpr, BLOCK: tl.constexpr):
    """0 to P, and then zeros: what multiplies the padding must stay finite."""
    number = tl.arange(0, BLOCK)
    return tl.where(number < SIDE, number, 0)


@triton.jit
def powers(base, exponent, SIDE: tl.constexpr):
    """base^exponent for integers from 0 to P, by repeated squaring."""
    power = tl.where(exponent < 0, base, 1)  # ones, in the base's type and the exponent's shape
    for bit in tl.static_range(5):
        if (1 << bit) < SIDE:
            power = tl.where((exponent >> bit) & 1 == 1, power * base, power)
            base = base * base
    return power


@triton.jit
def power_derivatives(base, exponent, SIDE: tl.constexpr):
    """exponent base^(exponent - 1), zero for the exponent zero."""
    return exponent.to(base.dtype) * powers(base, tl.where(exponent > 0, exponent - 1, 0), SIDE)


@triton.jit
def columns(x, weights, bound, inverse, exponent, SIDE: tl.constexpr, CLAMPED: tl.constexpr):
    """sum_i w_ij p^i for every j: all of the polynomial that does not wait for v."""
    p = clamp(x, bound, inverse, CLAMPED)
    return tl.reduce(weights * powers(p, exponent, SIDE)[:, None], 0, tl.standard._sum_combine)


@triton.jit
def slope(column, x, v, stiffness, gamma, bound, inverse, exponent, SIDE: tl.constexpr, CLAMPED: tl.constexpr):
    """Minus dv/ds, from the `columns` at x."""
    q = clamp(v, bound, inverse, CLAMPED)
    polynomial = tl.reduce(column * powers(q, exponent, SIDE), 0, tl.standard._sum_combine)
    return stiffness * x + gamma * v + polynomial


@triton.jit
def linearised(
    x, v, stiffness, gamma, weights, X, X_inverse, V, V_inverse, exponent, SIDE: tl.constexpr, CLAMPED: tl.constexpr
):
    """Minus dv/ds, its derivatives by x and by v, and the inputs p and q of the polynomial."""
    p, q = clamp(x, X, X_inverse, CLAMPED), clamp(v, V, V_inverse, CLAMPED)
    p_powers, q_powers = powers(p, exponent, SIDE), powers(q, exponent, SIDE)
    row = tl.reduce(weights * q_powers[None, :], 1, tl.standard._sum_combine)
    row_by_q = tl.reduce(weights * power_derivatives(q, exponent, SIDE)[None, :], 1, tl.standard._sum_combine)
    value = tl.reduce(row * p_powers, 0, tl.standard._sum_combine)
    by_p = tl.reduce(row * power_derivatives(p, exponent, SIDE), 0, tl.standard._sum_combine)
    by_q = tl.reduce(row_by_q * p_powers, 0, tl.standard._sum_combine)
    by_x = stiffness + by_p * clamp_derivative(p, X_inverse, CLAMPED)
    by_v = gamma + by_q * clamp_derivative(q, V_inverse, CLAMPED)
    return stiffness * x + gamma * v + value, by_x, by_v, p, q
