"""Where the drives and the state lie in memory."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def load_numbers(numbers):
    """h, X, 1 / X, V, 1 / V, rate, decay."""
    return (
        tl.load(numbers),
        tl.load(numbers + 1),
        tl.load(numbers + 2),
        tl.load(numbers + 3),
        tl.load(numbers + 4),
        tl.load(numbers + 5),
        tl.load(numbers + 6),
    )


@triton.jit
def load_weights(first, SIDE: tl.constexpr, BLOCK: tl.constexpr):
    """The (BLOCK, BLOCK) weights that lie row by row from `first` on, zeros beyond P."""
    number = tl.arange(0, BLOCK)
    i, j = number[:, None], number[None, :]
    if SIDE == BLOCK:
        return tl.load(first + i * SIDE + j)
    else:
        return tl.load(first + i * SIDE + j, mask=(i < SIDE) & (j < SIDE), other=0)


@triton.jit
def load_knot(stiffness, gamma, weights, knot, step_stride, SIDE: tl.constexpr, BLOCK: tl.constexpr):
    """Stiffness, gamma and weights of one knot, from the pointers of an item."""
    w = load_weights(weights + tl.cast(knot, tl.int64) * step_stride, SIDE, BLOCK)
    return tl.load(stiffness + knot), tl.load(gamma + knot), w


@triton.jit
def load_sample(
    stiffness, gamma, weights, t, hop, step_stride, SIDE: tl.constexpr, BLOCK: tl.constexpr, KNOTS: tl.constexpr
):
    """The drives of sample t; with KNOTS they are interpolated."""
    if KNOTS:
        knot = t // hop
        k, g, w = load_knot(stiffness, gamma, weights, knot, step_stride, SIDE, BLOCK)
        k_next, g_next, w_next = load_knot(stiffness, gamma, weights, knot + 1, step_stride, SIDE, BLOCK)
        f = tl.cast(t - knot * hop, k.dtype) / hop
        return k + f * (k_next - k), g + f * (g_next - g), w + f * (w_next - w)
    else:
        return load_knot(stiffness, gamma, weights, t, step_stride, SIDE, BLOCK)


@triton.jit
def pull(y, data, rate):
    """y + rate (data - y)."""
    return y + rate * (data - y)


@triton.jit
def load_state(xs, vs, x_data, v_data, sample, rate, FORCED: tl.constexpr):
    """The state that the step from a sample is taken from; with FORCED it is pulled towards data."""
    x, v = tl.load(xs + sample), tl.load(vs + sample)
    if FORCED:
        x, v = pull(x, tl.load(x_data + sample), rate), pull(v, tl.load(v_data + sample), rate)
    return x, v
