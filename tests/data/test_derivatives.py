"""Nine-point differences: exact on polynomials, of eighth order on a sine, alike in numpy and torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syrinx_lab.data.derivatives import derivatives, inner_derivatives


@pytest.mark.parametrize("power", range(9))
def test_exact_on_powers_up_to_the_order_of_the_stencil(power: int) -> None:
    t = np.arange(-8.0, 9.0) / 4
    dx, d2x = inner_derivatives(t**power)
    inside, dt = t[4:-4], 0.25
    assert dx == pytest.approx(dt * power * inside ** max(power - 1, 0), abs=1e-11)
    assert d2x == pytest.approx(dt**2 * power * (power - 1) * inside ** max(power - 2, 0), abs=1e-11)


def test_second_difference_is_exact_to_the_ninth_power_and_the_first_is_not() -> None:
    t = np.arange(-8.0, 9.0)
    dx, d2x = inner_derivatives(t**9)
    assert d2x == pytest.approx(72 * t[4:-4] ** 7, rel=1e-9, abs=1e-6)
    # the leading error of the first difference is x^(9) / 630
    assert 9 * t[4:-4] ** 8 - dx == pytest.approx(np.full(9, 362880 / 630), rel=1e-5)


def test_impulse_response_is_the_stencil() -> None:
    x = np.zeros(17)
    x[8] = 1.0
    dx, d2x = inner_derivatives(x)
    first = np.array([3, -32, 168, -672, 0, 672, -168, 32, -3]) / 840
    second = np.array([-9, 128, -1008, 8064, -14350, 8064, -1008, 128, -9]) / 5040
    assert dx == pytest.approx(first[::-1], abs=1e-15)
    assert d2x == pytest.approx(second, abs=1e-15)
    assert abs(dx.sum()) < 1e-15
    assert abs(d2x.sum()) < 1e-14


def test_error_on_a_sine_falls_with_the_eighth_power_of_the_step() -> None:
    errors = []
    for steps in (32, 64):
        t = 2 * np.pi * np.arange(steps) / steps
        dt = t[1]
        dx, d2x = derivatives(np.sin(np.concatenate([t, t + 2 * np.pi])))
        inside = slice(8, steps)
        errors.append(
            (
                np.abs(dx[inside] / dt - np.cos(t[inside])).max(),
                np.abs(d2x[inside] / dt**2 + np.sin(t[inside])).max(),
            )
        )
    orders = np.log2(np.array(errors[0]) / np.array(errors[1]))
    assert orders == pytest.approx([8.0, 8.0], abs=0.15)


def test_ends_are_reflected_about_the_end_sample() -> None:
    x = np.random.default_rng(0).standard_normal((2, 12))
    dx, d2x = derivatives(x)
    wide_dx, wide_d2x = inner_derivatives(np.pad(x, ((0, 0), (4, 4)), mode="reflect"))
    assert np.array_equal(dx, wide_dx)
    assert np.array_equal(d2x, wide_d2x)
    assert np.array_equal(dx[:, [0, -1]], np.zeros((2, 2)))


@pytest.mark.parametrize("length", [5, 40])
def test_torch_gives_the_numbers_of_numpy(length: int) -> None:
    x = np.random.default_rng(1).standard_normal((3, 2, length))
    for ours, theirs in zip(derivatives(torch.from_numpy(x)), derivatives(x)):
        assert ours.dtype == torch.float64
        assert np.array_equal(ours.numpy(), theirs)
    assert derivatives(torch.zeros(9))[0].dtype == torch.float32
    assert derivatives(np.zeros(9, np.float32))[1].dtype == np.float32


def test_gradients_flow_through_torch() -> None:
    x = torch.randn(2, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(derivatives, (x,))


def test_too_short_a_signal_is_refused() -> None:
    with pytest.raises(ValueError, match="4 samples is too short"):
        derivatives(np.zeros(4))
    with pytest.raises(ValueError, match="8 samples holds no whole"):
        inner_derivatives(torch.zeros(8))
