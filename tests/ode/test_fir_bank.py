"""Band-passes and their convolution against numpy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syrinx_lab.ode.fir_bank import band_passes, convolve

RATE = 44100


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gain_at(responses: torch.Tensor, hz: float) -> torch.Tensor:
    """The complex gain of centred responses (..., taps)."""
    t = torch.arange(responses.shape[-1], dtype=torch.float64) - responses.shape[-1] // 2
    return responses.to(torch.complex128) @ torch.exp(-2j * torch.pi * hz / RATE * t)


@pytest.mark.parametrize(("samples", "taps"), [(50, 9), (7, 33), (1, 3), (101, 101)])
def test_convolve_is_numpys(samples: int, taps: int) -> None:
    signal, firs = noise(2, samples), noise(3, taps, seed=1)
    found = convolve(signal, firs)
    half = taps // 2
    for b in range(2):
        for k in range(3):
            whole = np.convolve(signal[b].numpy(), firs[k].numpy())
            np.testing.assert_allclose(found[b, k].numpy(), whole[half : half + samples], rtol=0, atol=1e-12)


def test_convolve_gradcheck() -> None:
    signal, firs = noise(2, 11).requires_grad_(), noise(2, 5, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(convolve, (signal, firs))


def test_bands_pass_their_own_frequencies_without_a_shift() -> None:
    bank = band_passes(8, 257, 400, 10000, RATE)
    for band in range(8):
        gains = gain_at(bank, 400 + 1200 * (band + 0.5))
        assert gains.imag.abs().max() < 1e-12  # symmetric about the middle tap
        expected = torch.zeros(8, dtype=torch.float64)
        expected[band] = 1
        np.testing.assert_allclose(gains.real.numpy(), expected.numpy(), atol=2e-3)
    edge = gain_at(bank, 400 + 1200 * 3)
    assert edge[2:4].real.tolist() == pytest.approx([0.5, 0.5], abs=2e-3)


def test_a_sinusoid_comes_through_its_band_as_it_was() -> None:
    bank = band_passes(8, 257, 400, 10000, RATE)
    t = torch.arange(2000, dtype=torch.float64)
    tone = torch.sin(2 * torch.pi * 1000 / RATE * t + 0.3)[None]
    bands = convolve(tone, bank)[0, :, 200:1800]
    np.testing.assert_allclose(bands[0].numpy(), tone[0, 200:1800].numpy(), atol=3e-3)
    assert bands[1:].abs().max() < 3e-3


def test_bands_add_up_to_one_band_pass_and_over_all_frequencies_to_the_pulse() -> None:
    total = band_passes(16, 129, 300, 11500, RATE).sum(0)
    gains = torch.stack([gain_at(total, hz) for hz in range(1000, 11000, 50)])
    assert (gains - 1).abs().max() < 0.02
    assert gain_at(total, 13000).abs() < 1e-3
    pulse = torch.zeros(65, dtype=torch.float64)
    pulse[32] = 1
    np.testing.assert_allclose(band_passes(5, 65, 0, RATE / 2, RATE).sum(0).numpy(), pulse.numpy(), atol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 64, 300, 9000, RATE), "64 taps"),
        ((4, 1, 300, 9000, RATE), "1 taps"),
        ((0, 65, 300, 9000, RATE), "0 bands"),
        ((4, 65, 300, 9000, 16000), "9000 Hz at 16000 Hz"),
        ((4, 65, 900, 900, RATE), "900 to 900"),
    ],
)
def test_bands_that_cannot_be(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        band_passes(*arguments)
