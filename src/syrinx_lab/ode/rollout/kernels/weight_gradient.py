# mypy: disable-error-code="call-arg, var-annotated"
"""The gradient of the weights: of every step sum_s m_s p_s^i q_s^j over its four stages s, for all i and j."""

from __future__ import annotations

from numba import njit

from ....simd.lanes import fma, load, splat, store

GROUP = 4  # steps whose gradients are added to the knots in one go: they take much memory, which is slow to walk


@njit
def _tabulate(q, tables, start, plan, like):
    """Write the powers q_s^j of the four stages s, for all j, stage after stage."""
    side, width = plan.side, len(like)
    q1, q2, q3, q4 = q
    r1 = r2 = r3 = r4 = splat(plan.one, like)
    for j in range(side):
        here = start + j * width
        store(tables, here, r1)
        store(tables, here + side * width, r2)
        store(tables, here + 2 * side * width, r3)
        store(tables, here + 3 * side * width, r4)
        r1, r2, r3, r4 = r1 * q1, r2 * q2, r3 * q3, r4 * q4


@njit
def _term(m1, m2, m3, m4, tables, here, table, like):
    """sum_s m_s q_s^j, whose powers stand at tables[here:], `table` elements apart."""
    term = m1 * load(tables, here, like)
    term = fma(m2, load(tables, here + table, like), term)
    term = fma(m3, load(tables, here + 2 * table, like), term)
    return fma(m4, load(tables, here + 3 * table, like), term)


@njit
def write_weight_gradient(m, p, q, tables, start, out, base, plan, like):
    """Write the gradient of one step to out[base:]; the tables take 4 (P + 1) lanes."""
    side, width = plan.side, len(like)
    _tabulate(q, tables, start, plan, like)
    m1, m2, m3, m4 = m
    for i in range(side):
        for j in range(side):
            term = _term(m1, m2, m3, m4, tables, start + j * width, side * width, like)
            store(out, base + (i * side + j) * width, term)
        m1, m2, m3, m4 = m1 * p[0], m2 * p[1], m3 * p[2], m4 * p[3]


@njit
def group_room(side):
    """How many lanes the tables of a group take."""
    return GROUP * (4 * side + 10)


@njit
def note_step(slot, m, p, q, share, tables, start, plan, like):
    """Keep a step for `add_group`: `share` of its gradient goes to knot b, the rest to knot a."""
    width = len(like)
    _tabulate(q, tables, start + slot * 4 * plan.side * width, plan, like)
    here = start + (4 * GROUP * plan.side + 10 * slot) * width
    for s in range(4):
        store(tables, here + s * width, m[s])
        store(tables, here + (4 + s) * width, p[s])
    store(tables, here + 8 * width, splat(plan.one, like) - share)
    store(tables, here + 9 * width, share)


@njit
def forget_step(slot, tables, start, plan, like):
    """Make a slot of the group add nothing."""
    zero = splat(plan.zero, like)
    for c in range(4 * plan.side):
        store(tables, start + (slot * 4 * plan.side + c) * len(like), zero)
    for c in range(10):
        store(tables, start + (4 * GROUP * plan.side + 10 * slot + c) * len(like), zero)


@njit
def _four(tables, here, like):
    width = len(like)
    return (
        load(tables, here, like),
        load(tables, here + width, like),
        load(tables, here + 2 * width, like),
        load(tables, here + 3 * width, like),
    )


@njit
def add_group(tables, start, out, a, b, plan, like):
    """Add the gradients of the group's steps, parted between two knots, to out[a:] and out[b:]."""
    side, width = plan.side, len(like)
    table = side * width
    s0 = start + 4 * GROUP * table
    s1, s2, s3 = s0 + 10 * width, s0 + 20 * width, s0 + 30 * width
    k1, k2, k3, k4 = _four(tables, s0, like)
    l1, l2, l3, l4 = _four(tables, s1, like)
    m1, m2, m3, m4 = _four(tables, s2, like)
    n1, n2, n3, n4 = _four(tables, s3, like)
    k_a, k_b = load(tables, s0 + 8 * width, like), load(tables, s0 + 9 * width, like)
    l_a, l_b = load(tables, s1 + 8 * width, like), load(tables, s1 + 9 * width, like)
    m_a, m_b = load(tables, s2 + 8 * width, like), load(tables, s2 + 9 * width, like)
    n_a, n_b = load(tables, s3 + 8 * width, like), load(tables, s3 + 9 * width, like)
    place = 0
    for _ in range(side):
        for j in range(side):
            here = start + j * width
            k = _term(k1, k2, k3, k4, tables, here, table, like)
            l = _term(l1, l2, l3, l4, tables, here + 4 * table, table, like)  # noqa: E741
            m = _term(m1, m2, m3, m4, tables, here + 8 * table, table, like)
            n = _term(n1, n2, n3, n4, tables, here + 12 * table, table, like)
            into_a = fma(n_a, n, fma(m_a, m, fma(l_a, l, fma(k_a, k, load(out, a + place, like)))))
            into_b = fma(n_b, n, fma(m_b, m, fma(l_b, l, fma(k_b, k, load(out, b + place, like)))))
            store(out, a + place, into_a)
            store(out, b + place, into_b)
            place += width
        p1, p2, p3, p4 = _four(tables, s0 + 4 * width, like)
        k1, k2, k3, k4 = k1 * p1, k2 * p2, k3 * p3, k4 * p4
        p1, p2, p3, p4 = _four(tables, s1 + 4 * width, like)
        l1, l2, l3, l4 = l1 * p1, l2 * p2, l3 * p3, l4 * p4
        p1, p2, p3, p4 = _four(tables, s2 + 4 * width, like)
        m1, m2, m3, m4 = m1 * p1, m2 * p2, m3 * p3, m4 * p4
        p1, p2, p3, p4 = _four(tables, s3 + 4 * width, like)
        n1, n2, n3, n4 = n1 * p1, n2 * p2, n3 * p3, n4 * p4
