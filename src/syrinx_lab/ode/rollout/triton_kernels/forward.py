"""The trajectory of an item: classical RK4, step after step."""

from __future__ import annotations

import triton
import triton.language as tl

from .memory import load_knot, load_numbers, pull
from .polynomial import clamp, columns, exponents, slope


@triton.jit
def rk4_step(x, v, k, g, w, h, X, X_inverse, V, V_inverse, exponent, SIDE: tl.constexpr, CLAMPED: tl.constexpr):
    """The state one step later. What a stage needs of x is known a stage earlier, so it is written there."""
    half = h / 2
    x2 = x + half * v
    c1 = columns(x, w, X, X_inverse, exponent, SIDE, CLAMPED)
    c2 = columns(x2, w, X, X_inverse, exponent, SIDE, CLAMPED)
    a1 = slope(c1, x, v, k, g, V, V_inverse, exponent, SIDE, CLAMPED)
    v2 = v - half * a1
    x3 = x + half * v2
    c3 = columns(x3, w, X, X_inverse, exponent, SIDE, CLAMPED)
    a2 = slope(c2, x2, v2, k, g, V, V_inverse, exponent, SIDE, CLAMPED)
    v3 = v - half * a2
    x4 = x + h * v3
    c4 = columns(x4, w, X, X_inverse, exponent, SIDE, CLAMPED)
    a3 = slope(c3, x3, v3, k, g, V, V_inverse, exponent, SIDE, CLAMPED)
    v4 = v - h * a3
    a4 = slope(c4, x4, v4, k, g, V, V_inverse, exponent, SIDE, CLAMPED)
    x += h / 6 * (v + 2 * (v2 + v3) + v4)
    v -= h / 6 * (a1 + 2 * (a2 + a3) + a4)
    return clamp(x, X, X_inverse, CLAMPED), clamp(v, V, V_inverse, CLAMPED)


@triton.jit(do_not_specialize=["horizon", "knots"])
def trajectory(
    x_start,
    v_start,
    stiffness,
    gamma,
    weights,
    x_data,
    v_data,
    numbers,
    xs,
    vs,
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
    """Fill xs and vs (batch, H); one program an item.

    x_start, v_start          (batch,)
    stiffness, gamma          (batch, knots), contiguous
    weights                   (batch, knots, SIDE, SIDE), matrices contiguous, the strides of the others given
    x_data, v_data            (batch, H), read where FORCED
    numbers                   see the package
    hop                       samples from a knot to the next, used where KNOTS
    """
    item = tl.program_id(0).to(tl.int64)
    stiffness, gamma, weights = stiffness + item * knots, gamma + item * knots, weights + item * item_stride
    xs, vs, x_data, v_data = xs + item * horizon, vs + item * horizon, x_data + item * horizon, v_data + item * horizon
    h, X, X_inverse, V, V_inverse, rate, _ = load_numbers(numbers)
    exponent = exponents(SIDE, BLOCK)
    x, v = tl.load(x_start + item), tl.load(v_start + item)
    tl.store(xs, x)
    tl.store(vs, v)
    steps = horizon - 1
    k, g, w = load_knot(stiffness, gamma, weights, 0, step_stride, SIDE, BLOCK)
    k_next, g_next, w_next = load_knot(stiffness, gamma, weights, tl.minimum(1, knots - 1), step_stride, SIDE, BLOCK)
    if FORCED:
        x_aim, v_aim = tl.load(x_data), tl.load(v_data)
    if KNOTS:
        for knot in range(0, (steps + hop - 1) // hop):
            for t in range(knot * hop, tl.minimum((knot + 1) * hop, steps)):
                if FORCED:
                    x, v = pull(x, x_aim, rate), pull(v, v_aim, rate)
                    x_aim, v_aim = tl.load(x_data + t + 1), tl.load(v_data + t + 1)
                f = tl.cast(t - knot * hop, k.dtype) / hop
                kt, gt, wt = k + f * (k_next - k), g + f * (g_next - g), w + f * (w_next - w)
                x, v = rk4_step(x, v, kt, gt, wt, h, X, X_inverse, V, V_inverse, exponent, SIDE, CLAMPED)
                tl.store(xs + t + 1, x)
                tl.store(vs + t + 1, v)
            k, g, w = k_next, g_next, w_next
            later = tl.minimum(knot + 2, knots - 1)
            k_next, g_next, w_next = load_knot(stiffness, gamma, weights, later, step_stride, SIDE, BLOCK)
    else:
        for t in range(0, steps):
            # Two samples ahead: memory takes about as long as a step.
            later = tl.minimum(t + 2, knots - 1)
            k_later, g_later, w_later = load_knot(stiffness, gamma, weights, later, step_stride, SIDE, BLOCK)
            if FORCED:
                x, v = pull(x, x_aim, rate), pull(v, v_aim, rate)
                x_aim, v_aim = tl.load(x_data + t + 1), tl.load(v_data + t + 1)
            x, v = rk4_step(x, v, k, g, w, h, X, X_inverse, V, V_inverse, exponent, SIDE, CLAMPED)
            tl.store(xs + t + 1, x)
            tl.store(vs + t + 1, v)
            k, g, w = k_next, g_next, w_next
            k_next, g_next, w_next = k_later, g_later, w_later
