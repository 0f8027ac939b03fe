# mypy: disable-error-code="call-arg, var-annotated"
"""One classical Runge-Kutta step of a tile, and its exact adjoint."""

from __future__ import annotations

from numba import njit

from ....simd.lanes import fma, gather, splat
from .polynomial import clamp, linearised, slope


@njit
def pulled(x, v, data, place, stride, plan, like):
    """The state that a step is taken from: pulled towards the data where there are any."""
    if plan.forced:
        rate = splat(plan.rate, like)
        x = fma(rate, gather(data[0], place, stride, like) - x, x)
        v = fma(rate, gather(data[1], place, stride, like) - v, v)
    return x, v


@njit
def step_forward(x, v, k, g, w, place, plan, like):
    """The state one step later, under stiffness k, damping g and the weights in lanes at w[place]."""
    h, half, sixth = splat(plan.step, like), splat(plan.half, like), splat(plan.sixth, like)
    a1 = slope(x, v, k, g, w, place, plan, like)
    v2 = v - half * a1
    a2 = slope(fma(half, v, x), v2, k, g, w, place, plan, like)
    v3 = v - half * a2
    a3 = slope(fma(half, v2, x), v3, k, g, w, place, plan, like)
    v4 = v - h * a3
    a4 = slope(fma(h, v3, x), v4, k, g, w, place, plan, like)
    x = fma(sixth, v + v2 + v2 + v3 + v3 + v4, x)
    v = v - sixth * (a1 + a2 + a2 + a3 + a3 + a4)
    return clamp(x, v, plan, like)


@njit
def step_backward(x, v, lx, lv, k, g, w, place, plan, like):
    """The adjoint (lx, lv) of the state before the clamp at the end of a step, carried to the step's start (x, v).

    Returns it, the gradients of k and g, and of each stage s the multiplier m_s and the inputs p_s and q_s from which
    the gradient of the weights is sum_s m_s p_s^i q_s^j.
    """
    h, half, zero = splat(plan.step, like), splat(plan.half, like), splat(plan.zero, like)
    third, sixth = splat(plan.third, like), splat(plan.sixth, like)

    # The stages again, from the stored state.
    a, ax1, av1, p1, q1 = linearised(x, v, k, g, w, place, plan, like)
    x2, v2 = fma(half, v, x), v - half * a
    a, ax2, av2, p2, q2 = linearised(x2, v2, k, g, w, place, plan, like)
    x3, v3 = fma(half, v2, x), v - half * a
    a, ax3, av3, p3, q3 = linearised(x3, v3, k, g, w, place, plan, like)
    x4, v4 = fma(h, v3, x), v - h * a
    a, ax4, av4, p4, q4 = linearised(x4, v4, k, g, w, place, plan, like)

    # (l, m): adjoint of a stage's slopes dx/ds and dv/ds; (rx, rv): what follows for the state at that stage.
    l4, m4 = sixth * lx, sixth * lv
    rx4, rv4 = zero - m4 * ax4, l4 - m4 * av4
    l3, m3 = fma(h, rx4, third * lx), fma(h, rv4, third * lv)
    rx3, rv3 = zero - m3 * ax3, l3 - m3 * av3
    l2, m2 = fma(half, rx3, third * lx), fma(half, rv3, third * lv)
    rx2, rv2 = zero - m2 * ax2, l2 - m2 * av2
    l1, m1 = fma(half, rx2, sixth * lx), fma(half, rv2, sixth * lv)
    rx1, rv1 = zero - m1 * ax1, l1 - m1 * av1
    lx = lx + rx1 + rx2 + rx3 + rx4
    lv = lv + rv1 + rv2 + rv3 + rv4

    m1, m2, m3, m4 = zero - m1, zero - m2, zero - m3, zero - m4
    by_k = fma(m1, x, fma(m2, x2, fma(m3, x3, m4 * x4)))
    by_g = fma(m1, v, fma(m2, v2, fma(m3, v3, m4 * v4)))
    return lx, lv, by_k, by_g, (m1, m2, m3, m4), (p1, p2, p3, p4), (q1, q2, q3, q4)
