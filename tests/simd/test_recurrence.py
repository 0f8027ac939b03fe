# mypy: disable-error-code="call-arg, var-annotated"
"""What enters every lane of a recurrence, against a walk from lane to lane."""

from __future__ import annotations

import numpy as np
from numba import njit

from syrinx_lab.simd.lanes import load, store
from syrinx_lab.simd.recurrence import entering_downward, entering_upward
from syrinx_lab.simd.rows import each


@njit
def _enter(span, leaves, start, up, down, one, like):
    first = each(start, 0, 1, one, like)
    store(up, 0, entering_upward(load(span, 0, like), load(leaves, 0, like), first, one))
    store(down, 0, entering_downward(load(span, 0, like), load(leaves, 0, like), first, one))


def _walk(span: np.ndarray, leaves: np.ndarray, start: np.ndarray) -> np.ndarray:
    entered, h = [], start
    for a, b in zip(span.T, leaves.T):
        entered.append(h)
        h = a * h + b
    return np.stack(entered, 1)


def test_what_enters_every_lane() -> None:
    generator = np.random.default_rng(0)
    span, leaves = generator.uniform(-1, 1, (2, 8)), generator.normal(size=(2, 8))
    start, up, down = generator.normal(size=2), np.empty((2, 8)), np.empty((2, 8))
    _enter(span, leaves, start, up, down, (0,) * 8, (0,) * 16)
    np.testing.assert_allclose(up, _walk(span, leaves, start), rtol=1e-13)
    np.testing.assert_allclose(down[:, ::-1], _walk(span[:, ::-1], leaves[:, ::-1], start), rtol=1e-13)
    np.testing.assert_array_equal(up[:, 0], start)


def test_what_is_not_a_number_goes_on_and_not_back() -> None:
    span, leaves, start = np.full((1, 8), 0.5), np.ones((1, 8)), np.zeros(1)
    span[0, 3] = leaves[0, 3] = np.nan
    up, down = np.empty((1, 8)), np.empty((1, 8))
    _enter(span, leaves, start, up, down, (0,) * 8, (0,) * 8)
    assert np.isnan(up[0]).tolist() == [False] * 4 + [True] * 4
    assert np.isnan(down[0]).tolist() == [True] * 3 + [False] * 5
