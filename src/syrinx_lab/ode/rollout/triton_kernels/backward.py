"""The gradient of a trajectory: every step at once, but for a scan over 2 x 2 matrices."""

from __future__ import annotations

import triton
import triton.language as tl

from .memory import load_numbers, load_sample, load_state
from .polynomial import clamp_derivative, exponents, linearised, powers


@triton.jit
def stages(x, v, k, g, w, h, X, X_inverse, V, V_inverse, exponent, SIDE: tl.constexpr, CLAMPED: tl.constexpr):
    """Of each of the four stages: the state, its inputs to the polynomial and the derivatives of minus dv/ds."""
    half = h / 2
    a, ax1, av1, p1, q1 = linearised(x, v, k, g, w, X, X_inverse, V, V_inverse, exponent, SIDE, CLAMPED)
    x2, v2 = x + half * v, v - half * a
    a, ax2, av2, p2, q2 = linearised(x2, v2, k, g, w, X, X_inverse, V, V_inverse, exponent, SIDE, CLAMPED)
    x3, v3 = x + half * v2, v - half * a
    a, ax3, av3, p3, q3 = linearised(x3, v3, k, g, w, X, X_inverse, V, V_inverse, exponent, SIDE, CLAMPED)
    x4, v4 = x + h * v3, v - h * a
    a, ax4, av4, p4, q4 = linearised(x4, v4, k, g, w, X, X_inverse, V, V_inverse, exponent, SIDE, CLAMPED)
    return x2, x3, x4, v2, v3, v4, p1, p2, p3, p4, q1, q2, q3, q4, ax1, ax2, ax3, ax4, av1, av2, av3, av4


@triton.jit
def adjoint(lx, lv, ax1, ax2, ax3, ax4, av1, av2, av3, av4, h):
    """What the adjoint (lx, lv) after an unclamped step is before it, and the adjoints m of the stages' dv/ds."""
    half, third, sixth = h / 2, h / 3, h / 6
    l4, m4 = sixth * lx, sixth * lv
    rx4, rv4 = -m4 * ax4, l4 - m4 * av4  # what follows for the state at the stage
    l3, m3 = third * lx + h * rx4, third * lv + h * rv4
    rx3, rv3 = -m3 * ax3, l3 - m3 * av3
    l2, m2 = third * lx + half * rx3, third * lv + half * rv3
    rx2, rv2 = -m2 * ax2, l2 - m2 * av2
    l1, m1 = sixth * lx + half * rx2, sixth * lv + half * rv2
    rx1, rv1 = -m1 * ax1, l1 - m1 * av1
    return lx + rx1 + rx2 + rx3 + rx4, lv + rv1 + rv2 + rv3 + rv4, m1, m2, m3, m4


@triton.jit(do_not_specialize=["horizon", "knots"])
def jacobians(
    stiffness,
    gamma,
    weights,
    x_data,
    v_data,
    numbers,
    xs,
    vs,
    matrices,
    horizon,
    knots,
    hop,
    item_stride,
    step_stride,
    SIDE: tl.constexpr,
    BLOCK: tl.constexpr,
    KNOTS: tl.constexpr,
    CLAMPED: tl.constexpr,
    FORCED: tl.constexpr,
):
    """Fill matrices (4, batch, H - 1): what carries the adjoint of sample t + 1 to sample t; one program a step.

    The four planes are xx, xv, vx and vv of  l_t = decay (1 - rate) M_t l_{t+1},  l = (lx, lv). Other arguments as in
    `trajectory`, whose results are xs and vs.
    """
    t, item = tl.program_id(0), tl.program_id(1).to(tl.int64)
    stiffness, gamma, weights = stiffness + item * knots, gamma + item * knots, weights + item * item_stride
    xs, vs, x_data, v_data = xs + item * horizon, vs + item * horizon, x_data + item * horizon, v_data + item * horizon
    h, X, X_inverse, V, V_inverse, rate, decay = load_numbers(numbers)
    x, v = load_state(xs, vs, x_data, v_data, t, rate, FORCED)
    k, g, w = load_sample(stiffness, gamma, weights, t, hop, step_stride, SIDE, BLOCK, KNOTS)
    _, _, _, _, _, _, _, _, _, _, _, _, _, _, ax1, ax2, ax3, ax4, av1, av2, av3, av4 = stages(
        x, v, k, g, w, h, X, X_inverse, V, V_inverse, exponents(SIDE, BLOCK), SIDE, CLAMPED
    )
    dx = clamp_derivative(tl.load(xs + t + 1), X_inverse, CLAMPED)
    dv = clamp_derivative(tl.load(vs + t + 1), V_inverse, CLAMPED)
    xx, vx, _, _, _, _ = adjoint(dx, 0, ax1, ax2, ax3, ax4, av1, av2, av3, av4, h)
    xv, vv, _, _, _, _ = adjoint(0, dv, ax1, ax2, ax3, ax4, av1, av2, av3, av4, h)
    if FORCED:
        decay *= 1 - rate
    plane = tl.num_programs(1).to(tl.int64) * (horizon - 1)
    place = matrices + item * (horizon - 1) + t
    tl.store(place, decay * xx)
    tl.store(place + plane, decay * xv)
    tl.store(place + 2 * plane, decay * vx)
    tl.store(place + 3 * plane, decay * vv)


@triton.jit
def compose(xx1, xv1, vx1, vv1, x1, v1, xx2, xv2, vx2, vv2, x2, v2):
    """The affine map 2 after the affine map 1, a map being a matrix and an offset."""
    return (
        xx2 * xx1 + xv2 * vx1,
        xx2 * xv1 + xv2 * vv1,
        vx2 * xx1 + vv2 * vx1,
        vx2 * xv1 + vv2 * vv1,
        xx2 * x1 + xv2 * v1 + x2,
        vx2 * x1 + vv2 * v1 + v2,
    )


@triton.jit(do_not_specialize=["horizon"])
def adjoint_states(matrices, x_grad, v_grad, lxs, lvs, horizon, SCAN: tl.constexpr):
    """Fill lxs and lvs (batch, H), the adjoints of the trajectory; one program an item.

    l_{H-1} = g_{H-1},  l_t = g_t + M_t l_{t+1}

    matrices        (4, batch, H - 1) from `jacobians`
    x_grad, v_grad  (batch, H) gradients g of xs and vs
    """
    item = tl.program_id(0).to(tl.int64)
    x_grad, v_grad, lxs, lvs = (
        x_grad + item * horizon,
        v_grad + item * horizon,
        lxs + item * horizon,
        lvs + item * horizon,
    )
    plane = tl.num_programs(0).to(tl.int64) * (horizon - 1)
    matrices += item * (horizon - 1)
    number = tl.arange(0, SCAN)
    lx, lv = 0 * tl.load(x_grad), 0 * tl.load(x_grad)
    for start in range(0, horizon, SCAN):
        t = horizon - 1 - start - number  # back in time
        has_step, has_sample = (t >= 0) & (t < horizon - 1), t >= 0
        xx = tl.load(matrices + t, mask=has_step, other=0)
        xv = tl.load(matrices + plane + t, mask=has_step, other=0)
        vx = tl.load(matrices + 2 * plane + t, mask=has_step, other=0)
        vv = tl.load(matrices + 3 * plane + t, mask=has_step, other=0)
        gx, gv = tl.load(x_grad + t, mask=has_sample, other=0), tl.load(v_grad + t, mask=has_sample, other=0)
        xx, xv, vx, vv, gx, gv = tl.associative_scan((xx, xv, vx, vv, gx, gv), 0, compose)
        gx, gv = gx + xx * lx + xv * lv, gv + vx * lx + vv * lv
        tl.store(lxs + t, gx, mask=has_sample)
        tl.store(lvs + t, gv, mask=has_sample)
        lx = tl.reduce(tl.where(number == SCAN - 1, gx, 0), 0, tl.standard._sum_combine)
        lv = tl.reduce(tl.where(number == SCAN - 1, gv, 0), 0, tl.standard._sum_combine)


@triton.jit(do_not_specialize=["horizon", "knots"])
def drive_gradients(
    stiffness,
    gamma,
    weights,
    x_data,
    v_data,
    numbers,
    xs,
    vs,
    lxs,
    lvs,
    stiffness_grad,
    gamma_grad,
    weights_grad,
    horizon,
    knots,
    hop,
    item_stride,
    step_stride,
    SIDE: tl.constexpr,
    BLOCK: tl.constexpr,
    KNOTS: tl.constexpr,
    CLAMPED: tl.constexpr,
    FORCED: tl.constexpr,
    WEIGHTS: tl.constexpr,
):
    """Fill the gradients of stiffness, gamma and, with WEIGHTS, weights, all contiguous; one program a knot.

    A knot receives the gradients of the samples around it, each times the share that it has in their drives. Arguments
    as in `trajectory`; lxs and lvs are from `adjoint_states`.
    """
    knot, item = tl.program_id(0), tl.program_id(1).to(tl.int64)
    stiffness, gamma, weights = stiffness + item * knots, gamma + item * knots, weights + item * item_stride
    xs, vs, x_data, v_data = xs + item * horizon, vs + item * horizon, x_data + item * horizon, v_data + item * horizon
    lxs, lvs = lxs + item * horizon, lvs + item * horizon
    h, X, X_inverse, V, V_inverse, rate, _ = load_numbers(numbers)
    exponent = exponents(SIDE, BLOCK)
    k_sum, g_sum = 0 * h, 0 * h
    w_sum = tl.full((BLOCK, BLOCK), 0, h.dtype)
    for t in range(tl.maximum((knot - 1) * hop + 1, 0), tl.minimum((knot + 1) * hop, horizon - 1)):
        x, v = load_state(xs, vs, x_data, v_data, t, rate, FORCED)
        k, g, w = load_sample(stiffness, gamma, weights, t, hop, step_stride, SIDE, BLOCK, KNOTS)
        x2, x3, x4, v2, v3, v4, p1, p2, p3, p4, q1, q2, q3, q4, ax1, ax2, ax3, ax4, av1, av2, av3, av4 = stages(
            x, v, k, g, w, h, X, X_inverse, V, V_inverse, exponent, SIDE, CLAMPED
        )
        lx = tl.load(lxs + t + 1) * clamp_derivative(tl.load(xs + t + 1), X_inverse, CLAMPED)
        lv = tl.load(lvs + t + 1) * clamp_derivative(tl.load(vs + t + 1), V_inverse, CLAMPED)
        _, _, m1, m2, m3, m4 = adjoint(lx, lv, ax1, ax2, ax3, ax4, av1, av2, av3, av4, h)
        if KNOTS:
            share = 1 - tl.cast(tl.abs(t - knot * hop), h.dtype) / hop
            m1, m2, m3, m4 = share * m1, share * m2, share * m3, share * m4
        k_sum -= m1 * x + m2 * x2 + m3 * x3 + m4 * x4
        g_sum -= m1 * v + m2 * v2 + m3 * v3 + m4 * v4
        if WEIGHTS:
            w_sum -= (m1 * powers(p1, exponent, SIDE))[:, None] * powers(q1, exponent, SIDE)[None, :]
            w_sum -= (m2 * powers(p2, exponent, SIDE))[:, None] * powers(q2, exponent, SIDE)[None, :]
            w_sum -= (m3 * powers(p3, exponent, SIDE))[:, None] * powers(q3, exponent, SIDE)[None, :]
            w_sum -= (m4 * powers(p4, exponent, SIDE))[:, None] * powers(q4, exponent, SIDE)[None, :]
    place = item * knots + knot
    tl.store(stiffness_grad + place, k_sum)
    tl.store(gamma_grad + place, g_sum)
    if WEIGHTS:
        number = tl.arange(0, BLOCK)
        i, j = number[:, None], number[None, :]
        weights_grad += place * SIDE * SIDE
        if SIDE == BLOCK:
            tl.store(weights_grad + i * SIDE + j, w_sum)
        else:
            tl.store(weights_grad + i * SIDE + j, w_sum, mask=(i < SIDE) & (j < SIDE))
