# mypy: disable-error-code="call-arg, var-annotated"
"""Several rows in one value: each function against numpy, with strides and offsets that differ from the widths."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from syrinx_lab.simd.lanes import load, store
from syrinx_lab.simd.rows import add_products, add_totals, each, load_rows, repeat, store_rows


@pytest.mark.parametrize(("dtype", "width", "count"), [(np.float32, 4, 4), (np.float64, 2, 1), (np.float64, 1, 2)])
def test_rows_of_an_array(dtype: type, width: int, count: int) -> None:
    @njit
    def apply(a, b, numbers, copied, shared, weighted, totals, one, like):
        left, right = load_rows(a, 2, 9, one, like), load_rows(b, 1, 7, one, like)
        store_rows(copied, 1, 11, one, left)
        store(shared, 0, repeat(load(a, 2, one), like))
        store(weighted, 0, add_products(left * each(numbers, 3, 2, one, like), right, load(b, 0, one)))
        add_totals(totals, 1, 3, one, left)

    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(4, 9)).astype(dtype), generator.normal(size=(4, 7)).astype(dtype)
    numbers = generator.normal(size=12).astype(dtype)
    copied, totals = np.zeros((4, 11), dtype), np.ones(11)
    shared, weighted = np.zeros(count * width, dtype), np.zeros(width, dtype)
    apply(a, b, numbers, copied, shared, weighted, totals, (0,) * width, (0,) * (count * width))
    left, right = a[:count, 2 : 2 + width], b[:count, 1 : 1 + width]
    wanted = np.zeros((4, 11), dtype)
    wanted[:count, 1 : 1 + width] = left
    np.testing.assert_array_equal(copied, wanted)
    np.testing.assert_array_equal(shared, np.tile(a[0, 2 : 2 + width], count))
    scaled = left * numbers[3 : 3 + 2 * count : 2, None]
    np.testing.assert_allclose(weighted, b.ravel()[:width] + (scaled * right).sum(0), rtol=2e-6)
    expected = np.ones(11)
    expected[1 : 1 + 3 * count : 3] += left.sum(1)
    np.testing.assert_allclose(totals, expected, rtol=1e-6)
