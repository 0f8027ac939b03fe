# mypy: disable-error-code="call-arg, var-annotated"
"""Vectors as values: what they compute, and where they read and write."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from syrinx_lab.simd.functions import exp, log1p_unit, tanh
from syrinx_lab.simd.lanes import choose, gather, load, magnitude, scatter, sqrt, store, transpose


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


@njit
def _exp_each(x, out, like):
    for i in range(0, len(x), len(like)):
        store(out, i, exp(load(x, i, like)))


@pytest.mark.parametrize(("dtype", "reach", "bound"), [(np.float32, 69.0, 2.5e-7), (np.float64, 600.0, 5e-16)])
def test_exp(dtype: type, reach: float, bound: float) -> None:
    x = np.linspace(-reach, reach, 200_000).astype(dtype)
    out = np.empty_like(x)
    _exp_each(x, out, (0,) * 16)
    exact = np.exp(x.astype(np.longdouble))
    assert float(np.abs(out / exact - 1).max()) < bound
    beyond = np.array([np.nan, -np.inf, np.inf, 0.0], dtype)
    out = np.empty_like(beyond)
    _exp_each(beyond, out, (0,) * 4)
    assert np.isnan(out[0])
    assert 0 < out[1] < 1e-29
    assert out[2] > 1e29
    assert out[3] == 1


@pytest.mark.parametrize(("dtype", "bound"), [(np.float32, 4.8e-7), (np.float64, 9e-16)])
def test_logarithm_just_above_one(dtype: type, bound: float) -> None:
    @njit
    def apply(array, out, like):
        for i in range(0, len(array), len(like)):
            store(out, i, log1p_unit(load(array, i, like)))

    e = np.concatenate([np.linspace(0, 1, 9_999)[1:], np.logspace(-30, 0, 10_002)]).astype(dtype)
    out = np.empty_like(e)
    apply(e, out, (0,) * 4)
    assert float(np.abs(out / np.log1p(e.astype(np.longdouble)) - 1).max()) < bound


def test_quotients_roots_magnitudes_and_choices() -> None:
    @njit
    def apply(a, b, out, like):
        x, y = load(a, 0, like), load(b, 0, like)
        store(out, 0, x / y)
        store(out, 4, sqrt(magnitude(x)))
        store(out, 8, choose(x, x, y))

    a, b, out = np.array([-4.0, 0.0, 9.0, np.nan]), np.array([2.0, -1.0, 0.5, 3.0]), np.empty(12)
    apply(a, b, out, (0,) * 4)
    np.testing.assert_array_equal(out, [-2, 0, 18, np.nan, 2, 0, 3, np.nan, -4, -1, 0.5, 3])


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
