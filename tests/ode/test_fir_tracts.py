"""The single filter and the mixture of filters against sums written out and scipy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from syrinx_lab.ode.tract.fir import Fir
from syrinx_lab.ode.tract.fir_mixture import FirMixture

RATE = 44100


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_an_untrained_fir_is_the_identity_and_its_gain_is_in_nepers() -> None:
    tract = Fir().double()
    source = draw(2, 300)
    torch.testing.assert_close(tract(source, torch.zeros(2, 11, 1).double(), 32), source, rtol=0, atol=1e-14)
    louder = tract(source, torch.full((2, 11, 1), 0.2, dtype=torch.float64), 32)
    b = 30 * np.log(10) / 20
    torch.testing.assert_close(louder, source * np.exp(b * np.tanh(0.2 / b)), rtol=1e-12, atol=1e-13)
    assert (tract.channels, tract.reach) == (1, 128)


def test_a_fir_is_scipys_filter_advanced_by_half_its_length() -> None:
    tract = Fir(taps=9).double()
    with torch.no_grad():
        tract.responses.copy_(draw(1, 9, seed=3))
    source, controls = draw(1, 100), draw(1, 8, 1, seed=4)
    filtered = lfilter(tract.responses[0].detach().numpy(), [1.0], np.append(source[0].numpy(), np.zeros(4)))[4:]
    gains = np.interp(np.arange(100) / 16, np.arange(8), tract.gain(controls)[0, :, 0].numpy())
    found = tract(source, controls, 16)[0].detach().numpy()
    np.testing.assert_allclose(found, filtered * gains, rtol=0, atol=1e-12)


def test_the_mixture_is_a_response_that_moves_with_the_knots() -> None:
    tract = FirMixture(sample_rate=RATE, filters=3, taps=9).double()
    with torch.no_grad():
        tract.responses.copy_(draw(3, 9, seed=3))
        tract.log_mix.copy_(draw(3, seed=5))
    source, controls, hop = draw(1, 77), draw(1, 6, 4, seed=4), 16
    weights = np.exp(tract.log_mix.detach().numpy() + controls[0, :, :3].numpy())
    weights *= np.exp(controls[0, :, 3:].numpy())
    padded = np.pad(source[0].numpy(), 4)
    responses = tract.responses.detach().numpy()
    expected = np.empty(77)
    for t in range(77):
        mix = np.array([np.interp(t / hop, np.arange(6), weights[:, k]) for k in range(3)])
        expected[t] = (mix @ responses) @ padded[t : t + 9][::-1]
    wide = FirMixture(sample_rate=RATE, filters=3, taps=9, mix_range_db=1e6, gain_range_db=1e6).double()
    wide.load_state_dict(tract.state_dict())
    np.testing.assert_allclose(wide(source, controls, hop)[0].detach().numpy(), expected, rtol=0, atol=1e-7)


def test_mixing_weights_are_positive_and_bounded() -> None:
    tract = FirMixture(sample_rate=RATE, filters=2, mix_range_db=40, gain_range_db=20)
    assert (tract.channels, tract.reach) == (3, 64)
    raw = torch.tensor([[[0.0, 0.0, 0.0], [1e3, -1e3, 0.0], [1e3, -1e3, 1e3], [1e3, -1e3, -1e3]]])
    expected = torch.tensor([[[1, 1], [100, 0.01], [1000, 0.1], [10, 0.001]]])
    torch.testing.assert_close(tract.mix(raw), expected, rtol=1e-5, atol=0)


def test_one_filter_alone_lets_its_band_through() -> None:
    tract = FirMixture(sample_rate=RATE, filters=8, taps=257, low_hz=400, high_hz=10000)
    controls = torch.full((1, 64, 9), -1e3)
    controls[..., 2] = 0.0  # 2800 to 4000 Hz
    controls[..., 8] = 0.0
    t = torch.arange(2000) / RATE
    inside, outside = torch.sin(2 * torch.pi * 3400 * t)[None], torch.sin(2 * torch.pi * 7000 * t)[None]
    found = tract(inside, controls, 32)[:, 200:1800]
    torch.testing.assert_close(found, inside[:, 200:1800], rtol=0, atol=5e-3)
    assert tract(outside, controls, 32)[:, 200:1800].abs().max() < 5e-3


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Fir(taps=256), "256 taps"),
        (lambda: Fir(gain_range_db=0), "gain_range_db"),
        (lambda: FirMixture(sample_rate=RATE, mix_range_db=-1), "mix_range_db"),
        (lambda: FirMixture(sample_rate=500), "use less than 237.5, which data.sample_rate=500 leaves"),
    ],
)
def test_tracts_that_cannot_be(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
