"""Bands follow the sample rate, and stay where they are while they fit."""

from __future__ import annotations

import pytest
import torch
from hydra import compose, initialize_config_dir

from syrinx_lab.assembly import build_model, build_objective
from syrinx_lab.cli import config_directory
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.fir_bank import band_passes
from syrinx_lab.ode.noise.filtered import FilteredNoise, orthonormal
from syrinx_lab.ode.span import span
from syrinx_lab.ode.tract.formants import Formants


def recipe(*overrides: str) -> Ouroboros:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("config", overrides=["experiment=zebra_finch", "data.root=song", *overrides])
    build_objective(cfg)
    torch.manual_seed(0)
    return build_model(cfg)


@pytest.mark.parametrize(
    ("rate", "high"),
    [(16000, 7600.0), (22050, 10473.75), (23000, 11500.0), (32000, 11500.0), (44100, 11500.0), (96000, 11500.0)],
)
def test_the_end_is_the_configured_one_or_a_share_of_half_the_rate(rate: int, high: float) -> None:
    assert span("tract", 300.0, 11500.0, rate) == (300.0, pytest.approx(high))


@pytest.mark.parametrize(
    ("low", "high", "rate", "message"),
    [
        (9000.0, 11500.0, 16000, r"noise\.low_hz is 9000: use less than 7600, which data\.sample_rate=16000 leaves"),
        (300.0, 200.0, 44100, r"noise\.high_hz is 200 and noise\.low_hz 300: use 0 <= low_hz < high_hz"),
        (-1.0, 200.0, 44100, r"noise\.low_hz -1"),
    ],
)
def test_where_nothing_is_left_the_key_is_named(low: float, high: float, rate: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        span("noise", low, high, rate)


@pytest.mark.parametrize("tract", ["fir_mixture", "formants"])
@pytest.mark.parametrize("rate", [16000, 22050, 32000, 48000, 96000])
def test_the_recipe_is_built_at_every_usual_rate(rate: int, tract: str) -> None:
    model = recipe(f"data.sample_rate={rate}", f"tract={tract}")
    if tract == "fir_mixture":
        gain = torch.fft.rfft(model.tract.responses.detach().sum(0), n=8192).abs()
        hz = torch.linspace(0, rate / 2, 4097)
        assert float((gain[(hz > 1500) & (hz < 6000)] - 1).abs().max()) < 0.02, "the untrained tract lets song pass"
    # the bank of the noise stays orthonormal
    products = model.noise.bank @ model.noise.bank.T
    assert torch.allclose(products, torch.eye(16), atol=1e-4)


def test_a_longer_bank_reaches_further() -> None:
    noise = FilteredNoise(sample_rate=96000, background_taps=3)
    assert noise.bank.shape[1] > 129
    assert noise.reach == noise.bank.shape[1] // 2


def test_at_the_usual_rate_not_a_bit_moves() -> None:
    model = recipe()
    tract, breath = (band_passes(count, 129, 300.0, 11500.0, 44100) for count in (24, 16))
    assert torch.equal(model.tract.responses, tract.float())
    assert torch.equal(model.noise.bank, orthonormal(breath).float())
    assert model.encoder.into[0].in_features == 70 + 30 + 4
    formants = Formants(sample_rate=44100)
    assert (formants.low_hz, formants.high_hz) == (500.0, 11000.0)


def test_centres_of_resonances_stay_below_half_the_rate() -> None:
    assert Formants(sample_rate=22000).high_hz == pytest.approx(0.95 * 11000)
    assert Formants(sample_rate=22050).high_hz == 11000.0
