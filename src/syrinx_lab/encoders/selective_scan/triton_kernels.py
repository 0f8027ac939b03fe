"""The Triton kernels of the selective scan: chunks of time side by side, with the states between them.

A chunk of time, a tile of channels and all their states are one program. Over a chunk the recurrence is affine,
h_end = exp(A S) h_start + sum_t exp(A (S - S_t)) b_t with S_t the step sizes summed up to t, and so is its adjoint:
`summaries` computes both ends, `carries` composes chunks along time, `outputs` and `gradients` do the rest of each
chunk. No exponent is positive, so nothing overflows. Samples past the end have step size zero and change nothing.

Shapes: L samples, i channels, N states; blocks (CHUNK,), (CHUNK, TILE) and (CHUNK, TILE, STATES). Reductions name the
combine function, for `tl.sum` only runs in Triton's interpreter if it was set to interpret before its import.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def place(TILE: tl.constexpr, STATES: tl.constexpr, CHUNK: tl.constexpr):
    """The item, chunk, first sample and channels, states and steps of this program."""
    chunk, item = tl.program_id(0), tl.program_id(2).to(tl.int64)
    channel = tl.program_id(1) * TILE + tl.arange(0, TILE)
    return item, chunk, channel, tl.arange(0, STATES), tl.arange(0, CHUNK)


@triton.jit
def load_rows(rows, t, column, columns, there):
    """Rows t of a matrix of `columns` columns, zeros where not `there`."""
    mask = there[:, None] & (column < columns)[None, :]
    return tl.load(rows + t[:, None] * columns + column[None, :], mask=mask, other=0)


@triton.jit
def load_rates(A, channel, state, inner, count):
    """A (TILE, STATES), zeros beyond its edges."""
    mask = (channel < inner)[:, None] & (state < count)[None, :]
    return tl.load(A + channel[:, None] * count + state[None, :], mask=mask, other=0)


@triton.jit
def then(a1, b1, a2, b2):
    """The affine map h -> a2 h + b2 after h -> a1 h + b1."""
    return a2 * a1, a2 * b1 + b2


@triton.jit
def summaries(
    delta,
    A,
    enters,
    weights,
    decay,
    local,
    length,
    inner,
    count,
    REVERSE: tl.constexpr,
    TILE: tl.constexpr,
    STATES: tl.constexpr,
    CHUNK: tl.constexpr,
):
    """Fill decay and local (batch, chunks, i, N): what a chunk makes of the state that enters it and of its inputs.

    delta, enters  (batch, L, i) step sizes, and what enters the states: delta u; or, for REVERSE, the gradient of y
    weights        (batch, L, N) what it is multiplied by: B, or C
    """
    item, chunk, channel, state, step = place(TILE, STATES, CHUNK)
    t = chunk * CHUNK + step
    d = load_rows(delta + item * length * inner, t, channel, inner, t < length)
    x = load_rows(enters + item * length * inner, t, channel, inner, t < length)
    if not REVERSE:
        x *= d
    w = load_rows(weights + item * length * count, t, state, count, t < length)
    rates = load_rates(A, channel, state, inner, count)
    total = tl.reduce(d, 0, tl.standard._sum_combine)
    passed = tl.associative_scan(d, 0, tl.standard._sum_combine)
    time = passed if REVERSE else total[None, :] - passed
    inputs = x[:, :, None] * w[:, None, :] * tl.exp(time[:, :, None] * rates[None, :, :])
    mask = (channel < inner)[:, None] & (state < count)[None, :]
    here = (item * tl.num_programs(0) + chunk) * inner * count + channel[:, None] * count + state[None, :]
    tl.store(decay + here, tl.exp(total[:, None] * rates), mask=mask)
    tl.store(local + here, tl.reduce(inputs, 0, tl.standard._sum_combine), mask=mask)


@triton.jit
def carries(
    decay, local, start, entering, chunks, width, REVERSE: tl.constexpr, TILE: tl.constexpr, SCAN: tl.constexpr
):
    """Fill entering (batch, chunks + 1, width): the state before the first chunk, and after every chunk.

    h_0 = start, h_{k+1} = decay_k h_k + local_k; with REVERSE the chunks come last to first

    decay, local  (batch, chunks, width), width = i N
    start         (batch, width)
    """
    item = tl.program_id(1).to(tl.int64)
    column, number = tl.program_id(0) * TILE + tl.arange(0, TILE), tl.arange(0, SCAN)
    inside = column < width
    decay, local = decay + item * chunks * width, local + item * chunks * width
    entering += item * (chunks + 1) * width
    h = tl.load(start + item * width + column, mask=inside, other=0)
    tl.store(entering + column, h, mask=inside)
    for first in range(0, chunks, SCAN):
        k = first + number
        mask = (k < chunks)[:, None] & inside[None, :]
        row = chunks - 1 - k if REVERSE else k
        here = row[:, None] * width + column[None, :]
        a = tl.load(decay + here, mask=mask, other=0)
        b = tl.load(local + here, mask=mask, other=0)
        a, b = tl.associative_scan((a, b), 0, then)
        b += a * h[None, :]
        tl.store(entering + (k + 1)[:, None] * width + column[None, :], b, mask=mask)
        h = tl.reduce(tl.where((number == SCAN - 1)[:, None], b, 0), 0, tl.standard._sum_combine)


@triton.jit
def outputs(
    u,
    delta,
    A,
    B,
    C,
    D,
    entering,
    y,
    length,
    inner,
    count,
    TILE: tl.constexpr,
    STATES: tl.constexpr,
    CHUNK: tl.constexpr,
):
    """Fill y (batch, L, i); arguments as in `selective_scan`, contiguous, with `entering` from `carries`."""
    item, chunk, channel, state, step = place(TILE, STATES, CHUNK)
    t = chunk * CHUNK + step
    d = load_rows(delta + item * length * inner, t, channel, inner, t < length)
    x = load_rows(u + item * length * inner, t, channel, inner, t < length)
    Bs = load_rows(B + item * length * count, t, state, count, t < length)
    Cs = load_rows(C + item * length * count, t, state, count, t < length)
    rates = load_rates(A, channel, state, inner, count)
    size = inner * count
    carry = load_rates(entering + (item * (tl.num_programs(0) + 1) + chunk) * size, channel, state, inner, count)
    a, h = tl.exp(d[:, :, None] * rates[None, :, :]), (d * x)[:, :, None] * Bs[:, None, :]
    a, h = tl.associative_scan((a, h), 0, then)
    h += a * carry[None, :, :]
    skip = tl.load(D + channel, mask=channel < inner, other=0)
    out = tl.reduce(h * Cs[:, None, :], 2, tl.standard._sum_combine) + skip[None, :] * x
    mask = (t < length)[:, None] & (channel < inner)[None, :]
    tl.store(y + item * length * inner + t[:, None] * inner + channel[None, :], out, mask=mask)


@triton.jit
def gradients(
    u,
    delta,
    A,
    B,
    C,
    D,
    entering,
    y_grad,
    leaving,
    u_grad,
    delta_grad,
    A_grad,
    B_grad,
    C_grad,
    D_grad,
    length,
    inner,
    count,
    TILE: tl.constexpr,
    STATES: tl.constexpr,
    CHUNK: tl.constexpr,
):
    """Fill the gradients, those of what chunks or tiles share once for each of them.

    leaving            (batch, chunks + 1, i, N) from `carries` in reverse: adjoints of the states, last to first
    u_grad, delta_grad (batch, L, i)
    A_grad, D_grad     (batch, chunks, i, N) and (batch, chunks, i)
    B_grad, C_grad     (batch, tiles, L, N)

    With q_t = C_t y'_t + a_{t+1} q_{t+1} the adjoint of h_t, a_t = exp(delta_t A): A' = sum_t q_t h_{t-1} a_t delta_t,
    delta'_t = sum_n q_t (h_{t-1} a_t A + u_t B_t), u'_t = sum_n q_t delta_t B_t + D y'_t, B'_t = sum_i q_t delta_t u_t,
    C'_t = sum_i h_t y'_t. Both recurrences are run on samples shifted by one, which gives h_{t-1} without a division.
    """
    item, chunk, channel, state, step = place(TILE, STATES, CHUNK)
    t = chunk * CHUNK + step
    there = t < length
    has_before, has_after = there & (step > 0), (t + 1 < length) & (step < CHUNK - 1)
    tall, flat = item * length * inner, item * length * count
    rates = load_rates(A, channel, state, inner, count)
    chunks, size = tl.num_programs(0), inner * count
    before = load_rates(entering + (item * (chunks + 1) + chunk) * size, channel, state, inner, count)
    after = load_rates(leaving + (item * (chunks + 1) + chunks - 1 - chunk) * size, channel, state, inner, count)

    d = load_rows(delta + tall, t - 1, channel, inner, has_before)
    x = load_rows(u + tall, t - 1, channel, inner, has_before)
    Bs = load_rows(B + flat, t - 1, state, count, has_before)
    a, h = tl.exp(d[:, :, None] * rates[None, :, :]), (d * x)[:, :, None] * Bs[:, None, :]
    a, h = tl.associative_scan((a, h), 0, then)
    h += a * before[None, :, :]  # of the sample before

    g = load_rows(y_grad + tall, t, channel, inner, there)
    Cs = load_rows(C + flat, t, state, count, there)
    d = load_rows(delta + tall, t + 1, channel, inner, has_after)
    a, q = tl.exp(d[:, :, None] * rates[None, :, :]), g[:, :, None] * Cs[:, None, :]
    a, q = tl.associative_scan((a, q), 0, then, reverse=True)
    q += a * after[None, :, :]

    d = load_rows(delta + tall, t, channel, inner, there)
    x = load_rows(u + tall, t, channel, inner, there)
    Bs = load_rows(B + flat, t, state, count, there)
    decayed = h * tl.exp(d[:, :, None] * rates[None, :, :])
    h = decayed + (d * x)[:, :, None] * Bs[:, None, :]
    by_exponent = q * decayed
    by_input = tl.reduce(q * Bs[:, None, :], 2, tl.standard._sum_combine)
    skip = tl.load(D + channel, mask=channel < inner, other=0)

    mask = there[:, None] & (channel < inner)[None, :]
    here = tall + t[:, None] * inner + channel[None, :]
    tl.store(u_grad + here, d * by_input + skip[None, :] * g, mask=mask)
    by_delta = tl.reduce(by_exponent * rates[None, :, :], 2, tl.standard._sum_combine) + x * by_input
    tl.store(delta_grad + here, by_delta, mask=mask)

    mask = there[:, None] & (state < count)[None, :]
    here = (item * tl.num_programs(1) + tl.program_id(1)) * length * count + t[:, None] * count + state[None, :]
    tl.store(B_grad + here, tl.reduce(q * (d * x)[:, :, None], 1, tl.standard._sum_combine), mask=mask)
    tl.store(C_grad + here, tl.reduce(h * g[:, :, None], 1, tl.standard._sum_combine), mask=mask)

    mask = (channel < inner)[:, None] & (state < count)[None, :]
    here = (item * chunks + chunk) * size + channel[:, None] * count + state[None, :]
    tl.store(A_grad + here, tl.reduce(by_exponent * d[:, :, None], 0, tl.standard._sum_combine), mask=mask)
    here = (item * chunks + chunk) * inner + channel
    tl.store(D_grad + here, tl.reduce(g * x, 0, tl.standard._sum_combine), mask=channel < inner)
