"""Log spectra against a transform written out here, at their knots, in pieces and beyond the ends."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.encoders.log_spectra import FLOOR, LogSpectra

RATE = 44100


@pytest.mark.parametrize("delay", [0, 100, -40])
def test_agrees_with_the_formula(delay: int) -> None:
    """One frame summed by hand around its knot, its bins handed to the bands in proportion to what they share."""
    x = 0.1 * torch.randn(2, 1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    spectra = LogSpectra(RATE, hop=50, n_fft=64, n_bands=6, max_hz=9000.0, delay=delay).double()
    found = spectra(x, 0, 20)
    assert found.shape == (2, 20, 6)
    knot, u = 9, torch.arange(-32, 32, dtype=torch.float64)
    w = 0.5 + 0.5 * torch.cos(2 * math.pi * u / 64)
    cut = x[1, knot * 50 - delay - 32 : knot * 50 - delay + 32]
    power = [float((w * cut * torch.exp(-2j * math.pi * k * u / 64)).sum().abs() * 2 / w.sum()) ** 2 for k in range(33)]
    edges = [9000 / RATE * 64 * b / 6 for b in range(7)]
    for b in range(6):
        shares = [max(0.0, min(k + 0.5, edges[b + 1]) - max(k - 0.5, edges[b])) for k in range(33)]
        level = 0.5 * math.log10(sum(p * share for p, share in zip(power, shares)) + FLOOR**2) + 4
        assert float(found[1, knot, b]) == pytest.approx(level, abs=1e-6)


def test_a_tone_is_loud_in_its_band_and_by_its_amplitude() -> None:
    """Half the main lobe's neighbours count: 0.5 log10(1 + 2/4) above log10 of the amplitude."""
    spectra = LogSpectra(RATE, hop=32, n_fft=512, n_bands=70, max_hz=140 * RATE / 512).double()
    t = torch.arange(4000, dtype=torch.float64)
    for amplitude in (0.5, 1e-3):
        x = amplitude * torch.sin(2 * math.pi * 61 / 512 * t)  # amid band 30: bins 60 to 62
        level = spectra(x[None], 50, 51)[0, 0]
        assert int(level.argmax()) == 30
        power = (10 ** (2 * (level - 4))).sum()
        assert float(0.5 * torch.log10(power / amplitude**2)) == pytest.approx(0.5 * math.log10(1.5), abs=1e-3)


def test_any_knots_are_those_of_the_whole() -> None:
    """Also where the frames lie partly or wholly beyond the recording, which is silent there."""
    x = torch.randn(2, 3, dtype=torch.float64)
    spectra = LogSpectra(RATE, hop=4, n_fft=8, n_bands=2, max_hz=20000.0, delay=2).double()
    padded = LogSpectra(RATE, hop=4, n_fft=8, n_bands=2, max_hz=20000.0, delay=2 - 20).double()
    zeros = torch.zeros(2, 20, dtype=torch.float64)
    whole = padded(torch.cat([zeros, x, zeros], 1), -4, 6)
    for first, stop in ((-4, 6), (-4, -2), (0, 1), (1, 6), (4, 6)):
        torch.testing.assert_close(spectra(x, first, stop), whole[:, first + 4 : stop + 4], rtol=1e-12, atol=1e-12)
    assert bool((whole[:, 1] == math.log10(FLOOR) + 4).all()), "silence is the floor"
    assert bool((whole[:, 4] > 3).all())


def test_bands_end_at_half_the_sample_rate_at_the_latest() -> None:
    low, named = (LogSpectra(8000, n_fft=64, n_bands=10, max_hz=hz) for hz in (12000.0, 4000.0))
    x = torch.randn(1, 500)
    assert torch.equal(low(x, 0, 5), named(x, 0, 5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hop": 0}, "hop 0 samples must be positive"),
        ({"n_fft": 511}, "n_fft is 511: it must be even"),
        ({"n_bands": 0}, "n_bands is 0"),
        ({"n_bands": 140}, "n_bands is 140 up to max_hz 12000: 512 samples at 44100 Hz resolve 139;"),
        ({"max_hz": -1.0}, "resolve 0;"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LogSpectra(RATE, **arguments)
