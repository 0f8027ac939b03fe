"""The Gaussian low-pass against scipy, against sums written out, and its symmetries."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from syrinx_lab.ode.lowpass import gaussian_lowpass


def noise(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-6)])
@pytest.mark.parametrize("sigma", [0.4, 3.0, 44.1])
def test_agrees_with_scipy(dtype: torch.dtype, tolerance: float, sigma: float) -> None:
    y = noise(2, 400, 3, dtype=dtype)
    expected = gaussian_filter1d(y.double().numpy(), sigma, axis=1, mode="mirror", radius=max(1, round(3 * sigma)))
    found = gaussian_lowpass(y, sigma)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=tolerance)


@settings(max_examples=30, deadline=None)
@given(steps=st.integers(2, 60), sigma=st.floats(0.05, 40), trailing=st.sampled_from([(), (1,), (2, 3)]))
def test_is_the_convolution_written_out(steps: int, sigma: float, trailing: tuple[int, ...]) -> None:
    y = noise(2, steps, *trailing, seed=steps)
    radius = max(1, min(round(3 * sigma), steps - 1))
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps /= taps.sum()
    rows = y.reshape(2, steps, -1).numpy()
    expected = np.empty_like(rows)
    for b in range(2):
        for c in range(rows.shape[2]):
            padded = np.pad(rows[b, :, c], radius, mode="reflect")
            expected[b, :, c] = np.convolve(padded, taps, mode="valid")
    np.testing.assert_allclose(gaussian_lowpass(y, sigma).reshape(rows.shape).numpy(), expected, rtol=0, atol=1e-12)


def test_a_constant_stays_and_a_pulse_spreads_evenly_about_its_place() -> None:
    sigma = 10.0
    flat = gaussian_lowpass(torch.full((1, 300), 2.5, dtype=torch.float64), sigma)
    np.testing.assert_allclose(flat.numpy(), 2.5, rtol=1e-13)
    pulse = torch.zeros(1, 301, dtype=torch.float64)
    pulse[0, 120] = 1.0
    spread = gaussian_lowpass(pulse, sigma)[0].numpy()
    t = np.arange(301) - 120
    assert spread.sum() == pytest.approx(1.0, abs=1e-12)
    assert (spread * t).sum() == pytest.approx(0.0, abs=1e-10)  # no delay
    assert (spread * t**2).sum() == pytest.approx(97.67, rel=1e-3)  # sigma^2 of a Gaussian cut at 3.05 sigma
    np.testing.assert_allclose(spread[120 - 40 : 120], spread[120 + 40 : 120 : -1], atol=1e-14)


def test_attenuates_a_sine_by_the_gaussians_transform() -> None:
    sigma, frequency = 8.0, 0.02  # cycles a sample
    t = torch.arange(2000, dtype=torch.float64)
    sine = torch.sin(2 * torch.pi * frequency * t)[None]
    inner = slice(200, 1800)
    ratio = gaussian_lowpass(sine, sigma)[:, inner].std() / sine[:, inner].std()
    assert ratio.item() == pytest.approx(np.exp(-0.5 * (2 * np.pi * frequency * sigma) ** 2), rel=0.02)


def test_no_width_or_a_single_sample_changes_nothing() -> None:
    y = noise(2, 50)
    assert gaussian_lowpass(y, 0.0) is y
    assert torch.equal(gaussian_lowpass(y[:, :1], 5.0), y[:, :1])


def test_does_not_touch_its_input_and_takes_any_layout() -> None:
    y = noise(2, 3, 40).transpose(1, 2)
    before = y.clone()
    found = gaussian_lowpass(y, 4.0)
    assert torch.equal(y, before)
    assert torch.equal(found, gaussian_lowpass(before.contiguous(), 4.0))


def test_lowpass_gradcheck() -> None:
    y = noise(2, 9, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: gaussian_lowpass(z, 1.7), (y,))
    assert torch.autograd.gradcheck(lambda z: gaussian_lowpass(z, 50.0), (y,))  # the kernel is cut at T - 1
