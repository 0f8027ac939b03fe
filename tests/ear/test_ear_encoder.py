"""The encoder with an ear of its own: a recording alone gives pitch, pressure and loudness."""

import math

import pytest
import torch

from syrinx_lab.ear.encoder import EarEncoder, joined
from syrinx_lab.ode.syrinx.cycle import MIDDLE_HZ, MIDDLE_LOG10

RATE = 44_100
SETTINGS = {"degree": 3, "keep_const": True, "sample_rate": RATE}


def tone(hz: float, amplitude: float = 0.2, seconds: float = 0.25) -> torch.Tensor:
    """Silence with faint noise, a stack of three partials, silence: (1, L)."""
    t = torch.arange(int(seconds * RATE)) / RATE
    stack = sum(torch.sin(2 * math.pi * n * hz * t + n) / n for n in (1, 2, 3))
    sings = ((t > 0.08) & (t < 0.2)).float()
    noise = 1e-4 * torch.randn(len(t), generator=torch.Generator().manual_seed(0))
    return (amplitude * stack * sings + noise)[None]


def quiet(encoder: EarEncoder) -> EarEncoder:
    """With heads of zero, as oscillator=cycle begins."""
    for head in encoder.heads.modules:
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    return encoder.eval()


@pytest.fixture(scope="module")
def encoder() -> EarEncoder:
    torch.manual_seed(0)
    return quiet(EarEncoder(**SETTINGS))


@pytest.mark.parametrize("hz", [700.0, 2600.0])
def test_raw_outputs_are_octaves_decades_and_pressure(encoder, hz):
    x = tone(hz)
    encoder.measure_([x[0]])
    with torch.no_grad():
        controls = encoder(x, torch.zeros_like(x))
    ms = torch.arange(controls.omega.shape[1]) * encoder.hop / RATE * 1e3
    inside, before = (ms > 100) & (ms < 180), ms < 60
    cents = 1200 * (controls.omega[0, inside] - math.log2(hz / MIDDLE_HZ))
    assert float(cents.abs().median()) < 15
    raw = encoder.weights(controls.weight_code)[0, ..., 0, 0]
    rms = x[0, int(0.1 * RATE) : int(0.18 * RATE)].square().mean().sqrt().log10()
    assert float(raw.detach()[inside].mean() + MIDDLE_LOG10 - rms) == pytest.approx(0.0, abs=0.05)
    assert float(controls.gamma[0, inside].min()) > 5
    assert float(controls.gamma[0, before].max()) < 0


def test_a_long_recording_in_pieces_is_the_same(encoder, monkeypatch):
    x = torch.cat([tone(900.0), tone(3000.0)], 1)
    with torch.no_grad():
        whole = encoder.listen(x)
        monkeypatch.setattr("syrinx_lab.ear.encoder.CHUNK_KNOTS", 40)
        pieces = encoder.listen(x)
    for a, b in zip(whole, pieces):
        assert torch.allclose(a, b, atol=1e-4)


def test_causal_outputs_do_not_hear_what_comes_later():
    torch.manual_seed(0)
    encoder = quiet(EarEncoder(**SETTINGS, direction="causal", lookahead_ms=12.0))
    x = tone(1200.0)
    changed = x.clone()
    cut = int(0.15 * RATE)
    changed[:, cut:] = tone(4000.0)[:, cut:]
    with torch.no_grad():
        before, after = (encoder(y, torch.zeros_like(y)) for y in (x, changed))
    safe = (cut - int(12e-3 * RATE)) // encoder.hop
    assert torch.allclose(before.omega[:, :safe], after.omega[:, :safe], atol=1e-5)
    assert torch.allclose(before.gamma[:, :safe], after.gamma[:, :safe], atol=1e-5)
    assert not torch.allclose(before.omega, after.omega, atol=0.1)


def test_the_ear_learns_only_where_it_may():
    x = tone(1000.0, seconds=0.12)
    for train_ear in (False, True):
        torch.manual_seed(0)
        encoder = EarEncoder(**SETTINGS, train_ear=train_ear)
        encoder(x, torch.zeros_like(x)).omega.sum().backward()
        moved = [p.grad is not None and float(p.grad.abs().sum()) > 0 for p in encoder.ear.parameters()]
        assert any(moved) == train_ear


def test_pitch_is_held_where_nobody_is_sure():
    octave = torch.tensor([[10.0] * 20 + [12.7] * 10 + [10.0] * 20])
    sure = torch.tensor([[1.0] * 20 + [0.05] * 10 + [1.0] * 20])
    assert float((joined(octave, sure, True) - 10).abs().max()) < 0.1
    assert float(joined(octave, torch.ones_like(sure), True)[0, 25]) == pytest.approx(12.7, abs=0.06)


def test_settings_out_of_range():
    for key in ("onset_db", "slope_db"):
        with pytest.raises(ValueError, match=key):
            EarEncoder(**SETTINGS, **{key: 0.0})
    with pytest.raises(ValueError, match="lookahead_ms"):
        EarEncoder(**SETTINGS, direction="causal", lookahead_ms=2.0)


def test_another_ear_is_another_identity():
    torch.manual_seed(0)
    encoder = EarEncoder(**SETTINGS)
    before = encoder.identity
    with torch.no_grad():
        next(encoder.ear.parameters()).add_(1e-3)
    assert encoder.identity != before
