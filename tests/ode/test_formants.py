"""Moving resonances: peaks, bandwidths and bounds by the Fourier transform, constant ones against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from syrinx_lab.ode.tract.formants import Formants

RATE = 44100


def constant(tract: Formants, samples: int, values: dict[int, float] | None = None) -> torch.Tensor:
    """Controls (1, T, C) in float64 at hop 32, zero but for the channels named."""
    controls = torch.zeros(1, -(-(samples - 1) // 32) + 1, tract.channels, dtype=torch.float64)
    for channel, value in (values or {}).items():
        controls[..., channel] = value
    return controls


def test_a_resonance_peaks_at_its_centre_and_is_as_wide_as_it_says() -> None:
    tract = Formants(sample_rate=RATE, formants=1, low_hz=1000, high_hz=9000, start_db=20).double()
    controls = constant(tract, 8192, {0: 0.4, 1: -0.8})
    centre, bandwidth, amplitude, gain = (y[0, 0, 0].item() for y in tract.resonances(controls))
    assert centre == pytest.approx(1000 * 9 ** (1 / (1 + math.exp(-0.4))), rel=1e-12)
    assert bandwidth == pytest.approx(80 * 25 ** (1 / (1 + math.exp(0.8))), rel=1e-12)
    assert (amplitude, gain) == (10, 1)
    pulse = torch.zeros(1, 8192, dtype=torch.float64)
    pulse[0, 0] = 1
    response = tract(pulse, controls, 32)[0].detach().numpy()
    response[0] -= 1  # the direct sound

    def magnitude(hz: float) -> float:
        return abs(response @ np.exp(-2j * np.pi * hz / RATE * np.arange(8192)))

    assert magnitude(centre) == pytest.approx(10, rel=1e-6)
    for side in (-0.5, 0.5):
        assert magnitude(centre + side * bandwidth) == pytest.approx(10 / math.sqrt(2), rel=0.02)
    grid = np.arange(500, 12000, 5.0)
    assert grid[np.argmax([magnitude(hz) for hz in grid])] == pytest.approx(centre, abs=10)


def test_constant_resonances_are_scipys() -> None:
    tract = Formants(sample_rate=RATE).double()
    with torch.no_grad():
        tract.resting.copy_(0.5 * torch.randn(13, generator=torch.Generator().manual_seed(1)))
    source = torch.randn(1, 1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    controls = constant(tract, 1000)
    centre, bandwidth, amplitude, gain = (y[0, 0].detach().numpy() for y in tract.resonances(controls))
    expected = source[0].numpy().copy()
    for f, b, a in zip(centre, bandwidth, amplitude):
        r, theta = np.exp(-np.pi * b / RATE), 2 * np.pi * f / RATE
        numerator, denominator = [1, -r * np.cos(theta)], [1, -2 * r * np.cos(theta), r * r]  # of r^t cos(theta t)
        turn = np.exp(-1j * theta)
        peak = abs(np.polyval(numerator[::-1], turn) / np.polyval(denominator[::-1], turn))
        expected += a / peak * lfilter(numerator, denominator, source[0].numpy())
    found = tract(source, controls, 32)[0].detach().numpy()
    np.testing.assert_allclose(found, gain * expected, rtol=0, atol=1e-10)


def test_a_moving_resonance_is_the_recursion_written_out() -> None:
    tract = Formants(sample_rate=RATE, formants=2).double()
    source = torch.randn(1, 97, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    controls = torch.randn(1, 4, 7, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    centre, bandwidth, amplitude, gain = (y[0].detach().numpy() for y in tract.resonances(controls))
    r, theta = np.exp(-np.pi * bandwidth / RATE), 2 * np.pi * centre / RATE
    share = amplitude / abs(1 / (1 - r) + 1 / (1 - r * np.exp(-2j * theta))) * 2

    def along(knots: np.ndarray, t: int) -> np.ndarray:
        return np.array([np.interp(t / 32, np.arange(4), knots[:, n]) for n in range(knots.shape[1])])

    state, expected = np.zeros(2, dtype=complex), np.empty(97)
    for t in range(97):
        state = (
            np.exp((-np.pi * along(bandwidth, t) + 2j * np.pi * along(centre, t)) / RATE) * state + source[0, t].item()
        )
        expected[t] = along(gain, t)[0] * (source[0, t].item() + along(share, t) @ state.real)
    np.testing.assert_allclose(tract(source, controls, 32)[0].detach().numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sign", [-1, 1])
def test_resonances_keep_to_their_bounds_and_their_order(sign: int) -> None:
    tract = Formants(sample_rate=RATE).double()
    centre, bandwidth, amplitude, gain = tract.resonances(torch.full((1, 1, 13), sign * 1e3, dtype=torch.float64))
    edges = 500 * 22 ** (np.arange(5) / 4)
    np.testing.assert_allclose(centre[0, 0].detach().numpy(), edges[:-1] if sign < 0 else edges[1:], rtol=1e-12)
    assert bandwidth.unique().tolist() == pytest.approx([80 if sign < 0 else 2000])
    assert amplitude.unique().tolist() == pytest.approx([10 ** ((-12 + sign * 40) / 20)])
    assert gain.unique().tolist() == pytest.approx([10 ** (sign * 30 / 20)])


def test_reach_is_what_the_narrowest_rings() -> None:
    tract = Formants(sample_rate=RATE)
    assert math.exp(-math.pi * 80 * tract.reach / RATE) == pytest.approx(1e-4, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sample_rate": 16000, "low_hz": 8000.0}, "tract.low_hz is 8000: use less than 7600"),
        ({"sample_rate": RATE, "low_hz": 0}, "tract.low_hz is 0"),
        ({"sample_rate": RATE, "formants": 0}, "formants is 0"),
        ({"sample_rate": RATE, "amplitude_range_db": 0}, "amplitude_range_db"),
    ],
)
def test_formants_that_cannot_be(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Formants(**arguments)
