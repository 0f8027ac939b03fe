"""Few codes for many bands: the cosine series, where a tract and breath use it, and what it keeps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.fft import idct

from syrinx_lab.ode.cosine_codes import CosineCodes
from syrinx_lab.ode.noise.filtered import FilteredNoise
from syrinx_lab.ode.tract.fir_mixture import FirMixture

RATE = 44_100


def test_it_begins_as_scipys_inverse_cosine_transform() -> None:
    series = CosineCodes(5, 12).double()
    codes = torch.randn(2, 7, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    # scipy's DCT-III is x_0 + 2 sum x_d cos(...)
    halved = codes.numpy() * np.array([1.0, *[0.5] * 4])
    expected = idct(np.pad(halved, [(0, 0), (0, 0), (0, 7)]), type=2, axis=-1) * 2 * 12
    np.testing.assert_allclose(series(codes).detach().numpy(), expected, rtol=1e-6, atol=1e-6)


def test_as_many_codes_as_filters_reach_every_mixture() -> None:
    few = FirMixture(sample_rate=RATE, filters=6, taps=33, codes=6)
    free = FirMixture(sample_rate=RATE, filters=6, taps=33)
    wanted = 0.5 * torch.randn(1, 9, 6, generator=torch.Generator().manual_seed(1))
    assert few.codes is not None
    codes = torch.linalg.solve(few.codes.basis.mT, wanted.mT).mT
    by_itself = free.mix(torch.cat((wanted, torch.zeros(1, 9, 1)), -1))
    torch.testing.assert_close(few.mix(codes), by_itself, rtol=1e-4, atol=1e-5)


def test_channels_follow_and_gradients_reach_the_shapes() -> None:
    tract = FirMixture(sample_rate=RATE, filters=8, codes=2)
    noise = FilteredNoise(sample_rate=RATE, bands=8, codes=1)
    assert (tract.channels, noise.channels) == (2, 1)
    codes = torch.randn(1, 5, 2, generator=torch.Generator().manual_seed(2))
    tract(torch.randn(1, 100), codes, 32).square().sum().backward()
    noise(torch.randn(1, 100), torch.ones(1, 5), codes[..., :1], 32).square().sum().backward()
    for part in (tract, noise):
        assert part.codes is not None
        for shapes in (part.codes.basis, part.codes.bent.weight):
            assert shapes.grad is not None
            assert bool((shapes.grad.abs() > 0).all())


def test_bent_codes_reach_a_spectrum_that_no_plane_holds() -> None:
    """One code that is to sweep a peak over the bands: the series alone leaves half of it, the bend a tenth."""
    torch.manual_seed(0)
    series = CosineCodes(1, 12)
    z = torch.linspace(-1, 1, 41)[None, :, None]
    wanted = torch.exp(-(((torch.arange(12) - 5.5) / 5.5 - z) ** 2) / 0.1)
    flat = wanted - z @ torch.linalg.lstsq(z[0], wanted[0]).solution[None]
    adam = torch.optim.Adam(series.parameters(), lr=2e-2)
    for _ in range(600):
        loss = (series(z) - wanted).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert float(loss.detach()) < 0.1 * float(flat.square().mean())


def test_codes_of_zero_are_the_untrained_tract_and_breath() -> None:
    source, envelope = torch.randn(1, 200, generator=torch.Generator().manual_seed(3)), torch.ones(1, 8)
    few, free = FirMixture(sample_rate=RATE, codes=3), FirMixture(sample_rate=RATE)
    torch.testing.assert_close(few(source, torch.zeros(1, 8, 3), 32), free(source, torch.zeros(1, 8, 17), 32))
    breath, wide = FilteredNoise(sample_rate=RATE, codes=2), FilteredNoise(sample_rate=RATE)
    torch.testing.assert_close(
        breath.breath(envelope, torch.zeros(1, 8, 2)), wide.breath(envelope, torch.zeros(1, 8, 16))
    )


@pytest.mark.parametrize("codes", [0, 17])
def test_more_codes_than_bands_are_refused(codes: int) -> None:
    for part in (FirMixture, FilteredNoise):
        with pytest.raises(ValueError, match=f"^codes is {codes}: use 1 to 16, or null"):
            part(sample_rate=RATE, codes=codes)
