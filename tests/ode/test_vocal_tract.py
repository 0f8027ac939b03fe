"""Trachea, cavity and beak against their formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from syrinx_lab.ode.tract.vocal_tract import VocalTract

RATE, SAMPLES, HOP = 44100, 4096, 32
KNOTS = SAMPLES // HOP + 1
CENTRE, BANDWIDTH, SHARE, BEAK, GAIN = range(5)
NO_REFLECTION = (0.0, -1e3, 0.0)


def tract(anatomy: tuple[float, float, float] = (0.0, 0.0, 0.0), **settings: float) -> VocalTract:
    made = VocalTract(sample_rate=RATE, **settings).double()
    with torch.no_grad():
        made.anatomy.copy_(torch.tensor(anatomy))
    return made


def response(made: VocalTract, hz: np.ndarray, values: dict[int, float], pitch_hz: float = 700.0) -> np.ndarray:
    """What the tract with constant numbers does to frequencies, from its answer to a pulse in the middle."""
    controls = torch.zeros(1, KNOTS, 5, dtype=torch.float64)
    for number, value in values.items():
        controls[..., number] = value
    pulse = torch.zeros(1, SAMPLES, dtype=torch.float64)
    pulse[0, SAMPLES // 4] = 1
    out = made(pulse, controls, HOP, torch.full((1, KNOTS), pitch_hz, dtype=torch.float64))[0].detach().numpy()
    return np.array([out @ np.exp(-2j * np.pi * f / RATE * (np.arange(SAMPLES) - SAMPLES // 4)) for f in hz])


def test_the_trachea_is_a_comb_with_its_first_resonance_at_a_quarter_of_a_wave() -> None:
    made = tract((0.4, 0.7, 0.0))
    length, r = 3.0 * 1.6 ** math.tanh(0.4), 0.85 / (1 + 0.55 / 0.3 * math.exp(-0.7))
    assert made.constants()[0].item() == pytest.approx(length, rel=1e-6)
    assert made.constants()[1].item() == pytest.approx(r, rel=1e-6)
    hz = np.linspace(300, 16_000, 60)
    loss = np.cos(np.pi * hz / RATE) ** 2
    formula = (1 + r) / (1 + r * loss * np.exp(-2j * np.pi * hz * 2 * length / 35_000))
    np.testing.assert_allclose(response(made, hz, {SHARE: -1e3}), formula, rtol=0, atol=2e-4)
    fine = np.arange(1000, 4000, 5.0)
    peak = fine[np.argmax(abs(response(made, fine, {SHARE: -1e3})))]
    assert peak == pytest.approx(35_000 / (4 * length), rel=0.02), "2.4 kHz for 3.6 cm"


def test_all_of_the_sound_through_the_cavity_is_a_resonance_of_gain_one() -> None:
    made = tract(NO_REFLECTION, follows_pitch=True, cavity_octaves=2.0)
    centre, width = 4 * 700 * 2 ** (2 * math.tanh(0.25)), 150 * 20 ** (1 / (1 + math.exp(1.5)))
    values = {CENTRE: 0.5, BANDWIDTH: -1.5, SHARE: 1e3}
    at = np.array([centre, centre - width / 2, centre + width / 2])
    expected = [1, 1 / math.sqrt(2), 1 / math.sqrt(2)]
    np.testing.assert_allclose(abs(response(made, at, values)), expected, rtol=0.02)
    half = values | {SHARE: math.log(0.85 / 0.15)}
    far = np.array([centre / 4])
    assert abs(response(made, far, values))[0] < 0.12
    assert abs(response(made, far, half))[0] == pytest.approx(0.5, abs=0.06), "half of the sound goes past the cavity"


def test_the_cavity_goes_along_with_the_pitch_or_not() -> None:
    for pitch in (600.0, 1700.0):
        follows, stays = (tract(NO_REFLECTION, follows_pitch=follows) for follows in (True, False))
        gains = [abs(response(made, np.array([pitch, 2 * pitch]), {SHARE: 1e3}, pitch)) for made in (follows, stays)]
        assert gains[0][0] == pytest.approx(1, abs=1e-3)
        assert gains[0][1] < 0.65, "the second harmonic is weakened"
        assert gains[1][0] < 0.75, "2 kHz for every pitch"


def test_the_beak_changes_what_is_above_its_corner_and_the_gain_all() -> None:
    made = tract((0.0, -1e3, 0.3))
    corner = 3500 * 2 ** math.tanh(0.3)
    hz = np.array([100.0, 1500.0, corner, 6000.0, 15_000.0])
    low = 1 / (1 + (np.sin(np.pi * hz / RATE) / math.sin(math.pi * corner / RATE)) ** 2)
    assert low[2] == pytest.approx(0.5)
    bound = 30 * math.log(10) / 20
    beak, gain = (math.exp(bound * math.tanh(raw / bound)) for raw in (1.2, -0.4))
    found = response(made, hz, {SHARE: -1e3, BEAK: 1.2, GAIN: -0.4})
    np.testing.assert_allclose(found, gain * (low + beak * (1 - low)), rtol=0, atol=1e-6)


def test_numbers_and_constants_keep_to_their_bounds() -> None:
    wide = {"follows_pitch": True, "low_hz": 300.0, "high_hz": 9000.0, "cavity_octaves": 1.0}
    for sign, expected in ((-1.0, (500, 150, 0, 10**-1.5, 10**-1.5)), (1.0, (8000, 3000, 1, 10**1.5, 10**1.5))):
        made = tract((sign * 1e3,) * 3, **wide)
        found = made.gestures(torch.full((1, 1, 5), sign * 1e3).double(), torch.full((1, 1), 1000.0).double())
        assert [y.item() for y in found] == pytest.approx(expected, rel=1e-6, abs=1e-9)
        lowest, highest = (3 / 1.6, 0, 1750), (3 * 1.6, 0.85, 7000)
        constants = [y.item() for y in made.constants()]
        assert constants == pytest.approx(highest if sign > 0 else lowest, rel=1e-6, abs=1e-9)
    low = tract(**wide).gestures(torch.full((1, 1, 5), -1e3).double(), torch.full((1, 1), 100.0).double())[0]
    assert low.item() == 300, "an octave below 100 Hz is below low_hz"


def test_reach_is_what_the_strongest_echo_and_the_narrowest_cavity_leave() -> None:
    made = VocalTract(sample_rate=RATE)
    echoes = made._padding / (2 * 1.6 * 3.0 / 35_000 * RATE)
    assert 0.85**echoes < 1e-4
    cavity = made.reach - made._padding - 64
    assert math.exp(-math.pi * 150 * cavity / RATE) == pytest.approx(1e-4, rel=0.01)


def test_gradients_reach_the_pitch_and_the_anatomy() -> None:
    made = tract(follows_pitch=True, cavity_share=0.6)
    generator = torch.Generator().manual_seed(0)
    source, controls = (torch.randn(1, *n, generator=generator, dtype=torch.float64) for n in ((35,), (4, 5)))
    pitch = (700 + 50 * torch.arange(4.0, dtype=torch.float64))[None].requires_grad_()
    anatomy = (0.2 * torch.ones(3, dtype=torch.float64)).requires_grad_()

    def sound(pitch: torch.Tensor, anatomy: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(made, {"anatomy": anatomy}, (source, controls, 16, pitch))

    assert torch.autograd.gradcheck(sound, (pitch, anatomy))


def test_a_cavity_that_follows_needs_the_pitch() -> None:
    with pytest.raises(ValueError, match="no pitch was given"):
        tract(follows_pitch=True)(torch.zeros(1, 33), torch.zeros(1, 2, 5), 32)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"low_hz": 0.0}, "tract.low_hz is 0"),
        ({"length_cm": 0.0}, "tract.length_cm is 0"),
        ({"reflection": 0.85}, "tract.reflection is 0.85: use more than 0 and less than 0.85"),
        ({"cavity_share": 1.0}, "tract.cavity_share is 1"),
        ({"beak_hz": 12_000.0}, "tract.beak_hz is 12000.0: use more than 0 and less than 11025"),
        ({"beak_range_db": 0.0}, "tract.beak_range_db is 0"),
        ({"taps": 128}, "128 taps"),
    ],
)
def test_tracts_that_cannot_be(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VocalTract(sample_rate=RATE, **settings)
