# mypy: disable-error-code="call-arg"
"""Vectors as values: what they compute, and where they read and write."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from syrinx_lab.simd.functions import tanh
from syrinx_lab.simd.lanes import gather, load, scatter, store, transpose


@pytest.mark.parametrize(("dtype", "width"), [(np.float32, 4), (np.float64, 1), (np.float64, 8)])
def test_tanh_is_accurate_to_three_units_in_the_last_place(dtype: type, width: int) -> None:
    @njit
    def apply(array, out, like):
        for i in range(0, len(array), len(like)):
            store(out, i, tanh(load(array, i, like)))

    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 0.3466, 22.0, 44.5])
    z = np.concatenate([np.linspace(-30, 30, 4096), np.logspace(-12, 1, 4096), -np.logspace(-12, 1, 4096), special])
    z = z.astype(dtype)
    out = np.empty_like(z)
    apply(z, out, (0,) * width)
    with np.errstate(invalid="ignore"):
        exact = np.tanh(z.astype(np.longdouble))
        units = np.abs(out - exact) / np.spacing(np.abs(exact).astype(dtype))
    assert np.nanmax(units) < 3
    np.testing.assert_array_equal(np.isnan(out), np.isnan(z))
    assert np.signbit(out[-7])
    assert np.abs(out[~np.isnan(out)]).max() == 1


@pytest.mark.parametrize("width", [1, 2, 8])
def test_transposing_and_gathering_move_every_element_to_its_place(width: int) -> None:
    @njit
    def move(source, target, picked, like):
        transpose(source, 3, source.shape[1], target, 1, target.shape[1], like)
        scatter(picked, 2, 5, gather(source, 4, source.shape[1], like))

    source = np.arange(width * (width + 5), dtype=np.float64).reshape(width, width + 5)
    target, picked = np.full((width, width + 2), -1.0), np.full(5 * width, -1.0)
    move(source, target, picked, (0,) * width)
    np.testing.assert_array_equal(target[:, 1 : width + 1], source[:, 3 : width + 3].T)
    assert (target[:, 0] == -1).all()
    assert (target[:, -1] == -1).all()
    np.testing.assert_array_equal(picked.reshape(width, 5)[:, 2], source[:, 4])
    assert (picked == -1).sum() == 4 * width
