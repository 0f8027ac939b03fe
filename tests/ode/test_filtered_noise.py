"""Filtered noise: exact powers, the bound by the envelope, the background, spectra and gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from syrinx_lab.encoders.log_spectra import LogSpectra
from syrinx_lab.ode.noise.filtered import FilteredNoise

RATE = 44100


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def quiet(**arguments) -> FilteredNoise:
    """Noise in float64, without a background before it has one."""
    return FilteredNoise(**({"sample_rate": RATE} | arguments)).double()


def rms(y: Tensor) -> float:
    return y.square().mean().sqrt().item()


def test_bands_are_orthonormal() -> None:
    bank = FilteredNoise(sample_rate=RATE).double().bank
    np.testing.assert_allclose((bank @ bank.T).numpy(), np.eye(16), atol=1e-6)


@pytest.mark.parametrize("ratio", [0.35, 0.1])
def test_breath_never_exceeds_its_share_of_the_envelope(ratio: float) -> None:
    noise, excitation = quiet(ratio=ratio), draw(4, 40000)
    steps = 1251
    envelope = torch.full((4, steps), 0.2, dtype=torch.float64)
    spread = draw(4, 1, 16, seed=1).expand(4, steps, 16) * 5
    for raw, least in ((torch.full((4, steps, 16), 1e3).double(), 0.98), (spread + 20, 0.95), (spread, 0.0)):
        found = rms(noise(excitation, envelope, raw, 32)) / (ratio * 0.2)
        assert least < found < 1.02  # within the error of the draw: 160000 samples, of one band in the worst case
    assert rms(noise(excitation, envelope, torch.full((4, steps, 16), -1e3).double(), 32)) < 1e-9


def test_the_bound_holds_at_every_sample_of_an_envelope_that_moves() -> None:
    noise, hop = quiet(), 32
    envelope = torch.tensor([[0.0, 1.0, 0.2, 0.5, 0.0]], dtype=torch.float64)
    controls = 300 * draw(1, 5, 16, seed=2)  # the bands are switched from knot to knot
    found = noise(draw(6000, 129), envelope.expand(6000, 5), controls.expand(6000, 5, 16), hop)
    spread = found.square().mean(0).sqrt().detach().numpy()
    bound = 0.35 * np.interp(np.arange(129) / hop, np.arange(5), envelope[0].numpy())
    assert (spread <= 1.05 * bound + 1e-9).all()
    middle = spread[32 * 2] / bound[32 * 2]  # both halves of the taps are there
    assert middle == pytest.approx(1, abs=0.04)


def test_raw_controls_of_zero_begin_at_the_start() -> None:
    noise = quiet(start=0.5)
    breath = noise.breath(torch.full((1, 3), 2.0).double(), torch.zeros(1, 3, 16).double())
    assert breath.shape == (1, 3, 16)
    assert breath.square().sum(-1).sqrt().tolist()[0] == pytest.approx([0.35 * 2.0 * 0.5] * 3, rel=1e-6)


def test_background_is_the_response_it_was_given_and_adds_in_power() -> None:
    noise, (first, second) = quiet(background_taps=5), draw(2, 4, 40000)
    off, silence = torch.full((4, 1251, 16), -1e3).double(), torch.zeros(4, 1251).double()
    assert rms(noise.background(second)) == 0
    noise.set_background(torch.tensor([0.0, 0.0, 0.03, 0.04, 0.0]))
    found = noise.background(second)
    torch.testing.assert_close(found[:, 1:], 0.03 * second[:, 1:] + 0.04 * second[:, :-1], rtol=0, atol=1e-7)
    assert rms(noise(first, silence, off, 32)) == 0
    both = noise(first, torch.full((4, 1251), 0.2).double(), -off, 32) + found
    assert rms(both) == pytest.approx(math.hypot(0.05, 0.35 * 0.2), rel=0.02)
    again = quiet(background_taps=5)
    again.load_state_dict(noise.state_dict())
    assert torch.equal(again.background(second), found)


def test_one_band_keeps_to_its_frequencies() -> None:
    noise = quiet()
    controls = torch.full((1, 1251, 16), -1e3).double()
    controls[..., 5] = 1e3  # 3800 to 4500 Hz
    found = noise(draw(1, 40000), torch.ones(1, 1251).double(), controls, 32)[0].detach()
    power, hz = torch.fft.rfft(found).abs().square(), torch.fft.rfftfreq(40000, 1 / RATE)
    assert (power[(hz > 3500) & (hz < 4800)].sum() / power.sum()).item() > 0.95
    assert rms(found) == pytest.approx(0.35, rel=0.05)


def test_pieces_with_reach_are_the_whole() -> None:
    noise, hop = FilteredNoise(sample_rate=RATE, background_taps=129).double(), 32
    noise.set_background(draw(129, seed=3))
    excitation, envelope, controls = draw(1, 1000), draw(1, 33, seed=1).abs(), draw(1, 33, 16, seed=2)
    whole = noise(excitation, envelope, controls, hop)
    assert noise.reach == 64
    part = noise(excitation[:, 256:864], envelope[:, 8:28], controls[:, 8:28], hop)
    torch.testing.assert_close(part[:, 64:544], whole[:, 320:800], rtol=0, atol=1e-12)
    assert (part[:, 63] - whole[:, 319]).abs().max() > 1e-9
    part, whole = noise.background(excitation[:, 256:864]), noise.background(excitation)
    torch.testing.assert_close(part[:, 64:544], whole[:, 320:800], rtol=0, atol=1e-12)
    assert FilteredNoise(sample_rate=RATE).reach == 511


def test_gradients_and_single_precision() -> None:
    noise = FilteredNoise(sample_rate=RATE, bands=3, taps=21).double()
    excitation, envelope, controls = draw(1, 35), draw(1, 4, seed=1).abs(), draw(1, 4, 3, seed=2)
    kept = controls.clone()
    names, values = zip(*noise.named_parameters())

    def sound(envelope: Tensor, controls: Tensor, *values: Tensor) -> Tensor:
        return torch.func.functional_call(noise, dict(zip(names, values)), (excitation, envelope, controls, 16))

    leaves = [value.detach().clone().requires_grad_() for value in values]
    assert torch.autograd.gradcheck(sound, (envelope.requires_grad_(), controls.requires_grad_(), *leaves))
    expected = sound(envelope, controls, *leaves).detach()
    assert torch.equal(controls, kept)
    found = noise.float()(excitation.float(), envelope.float(), controls.float(), 16)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("raw", [1e3, -1e3])
def test_extreme_controls_and_silence_have_finite_gradients(raw: float) -> None:
    noise = FilteredNoise(sample_rate=RATE)
    controls = torch.full((1, 5, 16), raw, requires_grad=True)
    envelope = torch.tensor([[0.0, 0.0, 0.1, 0.0, 0.0]], requires_grad=True)
    noise(draw(1, 129).float(), envelope, controls, 32).square().mean().backward()
    for leaf in (controls, envelope, *noise.parameters()):
        assert leaf.grad is not None
        assert leaf.grad.isfinite().all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ratio": 1.0}, "ratio is 1.0"),
        ({"start": 0.0}, "start is 0.0"),
        ({"background_taps": 1024}, "1024 taps"),
        ({"taps": 65}, "bands is 16, and they overlap too much with 65 taps"),
        ({"high_hz": 200.0}, "noise.high_hz is 200 and noise.low_hz 300"),
        (
            {"low_hz": 9000.0, "sample_rate": 16000},
            "noise.low_hz is 9000: use less than 7600, which data.sample_rate=16000",
        ),
    ],
)
def test_noise_that_cannot_be(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FilteredNoise(**({"sample_rate": RATE} | arguments))


@pytest.mark.parametrize("response", [torch.zeros(1022), torch.full((1023,), math.nan)])
def test_a_background_that_cannot_be(response: Tensor) -> None:
    with pytest.raises(ValueError, match="give 1023 finite ones"):
        FilteredNoise(sample_rate=RATE).set_background(response)


def test_breath_begins_below_what_is_heard_band_by_band() -> None:
    spectra = LogSpectra(RATE, 512, 512, 16, 12_000.0)
    noise = FilteredNoise(sample_rate=RATE, bands=16, low_hz=0.0, high_hz=12_000.0, follows_db=-20.0)
    head = torch.nn.Linear(16, 16)
    noise.initialise_(head, 0, spectra.edges_hz)
    sound = 0.01 * draw(1, 200 * 512, seed=3).float()
    power = (10 ** (2 * (spectra(sound, 4, 190) - 4))).mean(1)
    level = 0.5 * torch.log10(power) + 1  # as the encoder has it, over a loudness of 1
    with torch.no_grad():
        breath = noise.breath(torch.ones(1, 1), head(level[:, None]))[0, 0]
    in_band = 0.01 * math.sqrt(2 * 750.0 / RATE)  # rms of white noise in 750 Hz
    below_db = 20 * torch.log10(breath / (0.1 * in_band))
    assert below_db.abs().max() < 0.5


@pytest.mark.parametrize("settings", [{"follows_db": 3.0}, {"follows_db": -9.0, "codes": 2}])
def test_breath_that_follows_is_below_and_without_codes(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"noise\.follows_db"):
        quiet(**settings)
