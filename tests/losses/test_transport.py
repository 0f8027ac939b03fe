"""Transport between spectra against shifts that are known, and its slope far from home."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.stats import wasserstein_distance

from syrinx_lab.losses.transport import SpectralTransport

RATE = 44100


def tone(hz: float, samples: int = 2048, amplitude: float = 0.2) -> torch.Tensor:
    return amplitude * torch.sin(2 * math.pi * hz / RATE * torch.arange(samples, dtype=torch.float64))[None]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("cents", [-1200, -500, 700, 1200])
def test_a_tone_that_is_off_costs_as_many_octaves(prediction, order: int, cents: float) -> None:
    value = SpectralTransport(order=order)(prediction(output=tone(2000 * 2 ** (cents / 1200)), target=tone(2000.0)))
    assert value.item() == pytest.approx(abs(cents) / 1200, abs=0.02)


def test_loudness_is_not_heard(prediction) -> None:
    value = SpectralTransport()(prediction(output=tone(2000.0, amplitude=1e-3), target=tone(2000.0)))
    assert value.item() < 1e-6


def test_order_one_is_the_distance_of_scipy(prediction) -> None:
    generator = torch.Generator().manual_seed(2)
    a, b = torch.randn(2, 1, 1024, dtype=torch.float64, generator=generator)
    loss = SpectralTransport(n_fft=1024, hop=1024, range_db=200.0)
    octaves, shares, _ = loss._shares(torch.cat((a, b)))
    found = loss(prediction(output=a, target=b)).item()
    assert found == pytest.approx(wasserstein_distance(octaves, octaves, shares[0, 0], shares[1, 0]), rel=1e-9)


@pytest.mark.parametrize("order", [1, 2])
def test_the_slope_points_home_from_half_an_octave_below(prediction, order: int) -> None:
    # an STFT loss has none there: the bins of the two tones do not overlap
    hz = torch.tensor(1400.0, dtype=torch.float64, requires_grad=True)
    phase = 2 * math.pi * hz / RATE * torch.arange(2048, dtype=torch.float64)
    SpectralTransport(order=order)(
        prediction(output=0.2 * torch.sin(phase)[None], target=tone(2000.0))
    ).sum().backward()
    assert hz.grad is not None
    assert hz.grad.item() == pytest.approx(-1 / (1400 * math.log(2)), rel=0.3)


def test_quiet_frames_do_not_count(prediction) -> None:
    loud, other = tone(2000.0, 4096), tone(500.0, 4096)
    fades = torch.cat((loud[:, :2048], 1e-3 * other[:, 2048:]), 1)
    value = SpectralTransport()(prediction(output=loud, target=fades))
    assert value.item() < 0.05


def test_silence_has_finite_gradients(prediction) -> None:
    output = torch.zeros(2, 600, requires_grad=True)
    for order in (1, 2):
        SpectralTransport(order=order)(
            prediction(output=output, target=tone(900.0, 600).float().repeat(2, 1))
        ).sum().backward()
        assert output.grad is not None
        assert bool(torch.isfinite(output.grad).all())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"order": 3}, "order is 3"),
        ({"n_fft": 15}, "n_fft 15"),
        ({"low_hz": 30_000.0}, "low_hz"),
        ({"range_db": 0.0}, "range_db"),
    ],
)
def test_bad_settings_are_refused(settings: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SpectralTransport(**settings)
