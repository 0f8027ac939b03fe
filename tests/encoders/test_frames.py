"""The encoder at control rate: where its knots lie, what a causal one may hear, pieces, heads and scales."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from allocations import Allocations
from torch import Tensor

from syrinx_lab.controls import AnalyticControls, PitchRange, analytic_controls
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.ode.initialisation import OscInit
from syrinx_lab.types import Controls

RATE = 44100


def make(**arguments: Any) -> FramesEncoder:
    torch.manual_seed(0)
    small: dict[str, Any] = {"d_model": 12, "n_layers": 1, "d_state": 4, "degree": 3, "keep_const": True}
    return FramesEncoder(**(small | {"sample_rate": RATE} | arguments)).double()


def song(length: int, batch: int = 2) -> Tensor:
    """A rising tone in some noise (B, L), in float64."""
    t = torch.arange(length, dtype=torch.float64)
    noise = torch.randn(batch, length, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return 0.3 * torch.sin(0.3 * t + 2e-5 * t**2) * torch.linspace(0.5, 1, batch)[:, None] + 1e-3 * noise


def steady(x: Tensor, hop: int = 32) -> AnalyticControls:
    """Controls that say the same at every knot, so that what differs has come through the spectra."""
    level = x.new_ones(len(x), -(-(x.shape[1] - 1) // hop) + 1)
    return AnalyticControls(2500 * level, 0.7 * level, 0.8 * level, 0.1 * level, hop)


def varied(x: Tensor, hop: int = 32) -> AnalyticControls:
    """Controls that differ from knot to knot and from item to item."""
    u = torch.rand(4, *steady(x, hop).voiced.shape, generator=torch.Generator().manual_seed(2)).to(x)
    return AnalyticControls(500 + 4000 * u[0], u[1], u[2], 0.3 * u[3], hop)


def read(encoder: FramesEncoder, x: Tensor, analytic: AnalyticControls | None = None) -> Controls:
    return encoder(x, torch.full_like(x, float("nan")), varied(x, encoder.hop) if analytic is None else analytic)


def knots_that_differ(a: Tensor, b: Tensor) -> list[int]:
    """The knots, in order, at which (1, T, D) are not the same bit for bit."""
    return (a != b).any(-1)[0].nonzero().flatten().tolist()


@pytest.mark.parametrize("direction", ["both", "causal"])
@pytest.mark.parametrize(
    ("length", "hop", "knots"), [(2205, 32, 70), (2205, 64, 36), (64, 32, 3), (65, 32, 3), (1, 32, 1)]
)
def test_shapes(direction: str, length: int, hop: int, knots: int) -> None:
    encoder = make(direction=direction, hop=hop, n_codes=5, degree=4)
    controls = read(encoder, song(length))
    assert (encoder.hop, encoder.width) == (hop, {"both": 3 * 12 + 100, "causal": 2 * 12 + 100}[direction])
    assert controls.hop == hop
    assert controls.omega.shape == controls.gamma.shape == (2, knots)
    assert controls.weight_code.shape == (2, knots, 5)
    assert controls.features is not None
    assert controls.features.shape == (2, knots, encoder.width)
    weights = encoder.weights(controls.weight_code)
    assert weights.shape == (2, knots, 5, 5)
    assert not bool(weights[..., 1, 0].any() or weights[..., 0, 1].any() or weights[..., 0, 0].any())
    assert bool(weights[..., 2, 3].all())
    assert all(bool(y.isfinite().all()) for y in (controls.omega, controls.gamma, controls.features))


@pytest.mark.parametrize("direction", ["both", "causal"])
def test_the_last_features_are_both_spectra_against_the_loudness(direction: str) -> None:
    encoder, x = make(direction=direction), song(1600)
    analytic = steady(x)
    heard = read(encoder, x, analytic).features[..., -100:]
    spectra = torch.cat([encoder.spectra(x, 0, 51), encoder.fine_spectra(x, 0, 51)], -1)
    loudness = torch.log10(analytic.envelope + 1e-7)[..., None] + 3
    torch.testing.assert_close(heard, spectra - loudness, rtol=0, atol=1e-9)
    assert encoder.fine_spectra.n_fft == 128


@pytest.mark.parametrize(("offset", "first", "last"), [(0, -11, 11), (31, -11, 12), (-1, -12, 11)])
def test_a_click_is_heard_around_its_knot(offset: int, first: int, last: int) -> None:
    """255 samples of a frame and 4 knots of the convolutions to either side, and loudest in the middle."""
    encoder = make()
    silence = torch.zeros(1, 3200, dtype=torch.float64)
    click = silence.clone()
    click[0, 50 * 32 + offset] = 1
    heard, quiet = (read(encoder, x, steady(x)).features[..., :12] for x in (click, silence))
    assert knots_that_differ(heard, quiet) == list(range(50 + first, 50 + last + 1))
    levels = encoder.spectra(click, 0, 100)[0].mean(-1)
    assert int(levels.argmax()) == round(50 + offset / 32)


@pytest.mark.parametrize(
    ("lookahead_ms", "reach"),
    [(12.0, 255 + 8 * 32), (100.0, 255 + 8 * 32), (8.0, 255 + 3 * 32), (3.0, 132), (0.0, 0)],
)
def test_a_causal_knot_hears_no_sample_after_its_latency(lookahead_ms: float, reach: int) -> None:
    encoder = make(direction="causal", lookahead_ms=lookahead_ms)
    assert encoder.lookahead_ms == lookahead_ms
    assert reach <= lookahead_ms * 1e-3 * RATE
    x = song(4800, 1)
    for start in (2000, 2031):
        changed = torch.cat([x[:, :start], -0.5 * x[:, start:]], 1)
        before, after = (read(encoder, y, steady(y)) for y in (x, changed))
        for name in ("features", "omega", "gamma", "weight_code"):
            a, b = (getattr(c, name).reshape(1, 151, -1) for c in (before, after))
            assert knots_that_differ(a, b)[0] == -(-(start - reach) // 32), name


def test_causal_controls_with_causal_analysis_do_not_change_with_the_future() -> None:
    encoder = make(direction="causal")
    x = song(4800, 1)
    start = 2500
    changed = torch.cat([x[:, :start], torch.randn(1, 4800 - start, dtype=x.dtype)], 1)
    found = []
    for y in (x, changed):
        analytic = analytic_controls(y, RATE, 32, PitchRange(500.0, 8000.0), lookahead_ms=encoder.lookahead_ms)
        found.append(read(encoder, y, analytic).features)
    known = (start - 529 - 1) // 32 + 1
    assert torch.equal(found[0][:, :known], found[1][:, :known])
    assert not torch.equal(found[0][:, : known + 2], found[1][:, : known + 2])


def test_both_ways_every_knot_hears_the_whole_recording_and_no_other_item() -> None:
    encoder = make()
    assert encoder.lookahead_ms is None
    x = song(3200).requires_grad_()
    controls = read(encoder, x)
    for at in (0, 100):
        for control in (controls.omega, controls.gamma, controls.weight_code[..., 0]):
            (g,) = torch.autograd.grad(control[0, at], x, retain_graph=True)
            assert bool(g[0, :32].any())
            assert bool(g[0, -32:].any())
            assert not bool(g[1].any())


def test_the_two_directions_meet_at_their_knot() -> None:
    """A change at sample 1600, knot 50, and what the convolutions spread: one side is the past's, one the future's."""
    encoder, x = make(), song(3200, 1)
    early, late = x.clone(), x.clone()
    early[:, :1600] *= -0.5
    late[:, 1600:] *= -0.5
    same, before, after = (read(encoder, y, steady(y)).features for y in (x, early, late))
    onwards, backwards = slice(12, 24), slice(24, 36)
    assert knots_that_differ(same[..., onwards], after[..., onwards]) == list(range(39, 101))
    assert knots_that_differ(same[..., backwards], before[..., backwards]) == list(range(62))


@pytest.mark.parametrize("direction", ["both", "causal"])
def test_a_batch_is_its_items_one_by_one(direction: str) -> None:
    encoder, x = make(direction=direction), song(1000, 3)
    analytic = varied(x)
    whole = read(encoder, x, analytic).features
    for b in range(3):
        cut = {name: getattr(analytic, name)[b : b + 1] for name in ("pitch_hz", "voiced", "periodicity", "envelope")}
        one = read(encoder, x[b : b + 1], AnalyticControls(**cut, hop=32)).features
        torch.testing.assert_close(one[0], whole[b], rtol=1e-10, atol=1e-12)
    assert not torch.allclose(whole[0], whole[1], rtol=1e-2)


@pytest.mark.parametrize("direction", ["both", "causal"])
@pytest.mark.parametrize("chunk", [1, 7, 30])
def test_pieces_are_the_whole(direction: str, chunk: int) -> None:
    """Values and gradients, also with pieces shorter than what the convolutions see."""
    x = song(1600)

    def run(chunk_knots: int | None) -> tuple[Tensor, list[Tensor]]:
        encoder = make(direction=direction, chunk_knots=chunk_knots)
        features = read(encoder, x).features
        mixture = torch.randn(features.shape, generator=torch.Generator().manual_seed(5), dtype=x.dtype)
        parameters = [p for name, p in encoder.named_parameters() if "_net" not in name]
        return features, list(torch.autograd.grad((features * mixture).sum(), parameters))

    whole, whole_gradients = run(None)
    pieces, gradients = run(chunk)
    torch.testing.assert_close(pieces, whole, rtol=1e-9, atol=1e-12)
    for a, b in zip(gradients, whole_gradients):
        assert (a - b).abs().max() <= 1e-9 * b.abs().max()


@pytest.mark.parametrize("direction", ["both", "causal"])
def test_memory_does_not_grow_with_the_recording(direction: str) -> None:
    """No tensor that an encoding in pieces makes is larger than a piece needs, but for the features themselves."""
    encoder = make(direction=direction, chunk_knots=64)
    x = song(32 * 6000, 1)
    analytic = steady(x)
    with torch.no_grad(), Allocations() as in_pieces:
        read(encoder, x, analytic)
    assert in_pieces.largest <= 6001 * max(encoder.width, 32)  # the features and the recording itself
    encoder.chunk_knots = None
    with torch.no_grad(), Allocations() as at_once:
        read(encoder, x, analytic)
    assert at_once.largest > 6000 * 512


def test_heads_take_a_prior_and_the_features_go_on_learning() -> None:
    encoder = make()
    OscInit().apply_(encoder.heads, degree=3, keep_const=True)
    controls = read(encoder, song(1000))
    weights = encoder.weights(controls.weight_code)
    for found, value in ((controls.gamma, -0.01), (weights[..., 2, 1], 0.02), (weights[..., 3, 0], 0.01)):
        torch.testing.assert_close(found, torch.full_like(found, value), rtol=1e-6, atol=0)
    (controls.omega.sum() + controls.features.sum() + weights.sum()).backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None or name.startswith("gamma_net"), name
        assert parameter.grad is None or bool(parameter.grad.any()), name


@pytest.mark.parametrize("detach", [False, True])
def test_detached_heads_learn_alone(detach: bool) -> None:
    encoder = make(detach_heads=detach)
    controls = read(encoder, song(500))
    (controls.omega.sum() + controls.gamma.sum() + encoder.weights(controls.weight_code).sum()).backward()
    reached = {name.split(".")[0] for name, p in encoder.named_parameters() if p.grad is not None}
    heads = {"omega_net", "gamma_net", "code_net", "weights_net"}
    assert reached == (heads if detach else heads | {"into", "conv", "norms", "forward_mamba", "backward_mamba"})
    assert controls.features.requires_grad


def test_single_and_double_precision() -> None:
    x = song(2205)
    double = read(make(), x)
    single = read(make().float(), x.float())
    for name in ("omega", "gamma", "weight_code", "features"):
        a, b = getattr(single, name), getattr(double, name)
        assert a.dtype == torch.float32
        assert b.dtype == torch.float64
        assert (a - b).abs().max() < 1e-4 * b.abs().max(), name


@pytest.mark.parametrize("gain", [1.0, 0.1, 0.01])
def test_what_it_reads_is_well_scaled_at_any_gain_and_holds_the_gain(gain: float) -> None:
    encoder, seen = make(), []
    encoder.into.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    noise = 3e-3 * torch.randn(2, 8000, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    swelling = torch.logspace(-3, 0, 8000, dtype=torch.float64) * song(8000) + noise
    for scale in (gain, 0.1 * gain):
        x = scale * swelling
        read(encoder, x, analytic_controls(x, RATE, 32, PitchRange(500.0, 8000.0)))
    for read_in in seen:
        assert float(read_in.abs().max()) < 4
        for y in (read_in[..., :70], read_in[..., 70:100], read_in[..., 100]):
            assert float(y.mean().abs()) < 2.5
            assert 0.3 < float(y.std()) < 1.5
    fell = (seen[0] - seen[1])[..., :71].mean((0, 1))
    assert float(fell.min()) > 0.8
    assert float(fell.max()) < 1.001


def test_silence_is_finite_and_so_are_its_gradients() -> None:
    encoder = make()
    x = torch.zeros(1, 500, dtype=torch.float64, requires_grad=True)
    analytic = steady(x)
    analytic.envelope = torch.zeros_like(analytic.envelope)
    controls = read(encoder, x, analytic)
    controls.features.sum().backward()
    assert bool(controls.features.isfinite().all())
    for p in (x, *encoder.parameters()):
        assert p.grad is None or bool(p.grad.isfinite().all())


def test_analytic_controls_of_other_knots_are_refused() -> None:
    encoder, x = make(), song(1000)
    with pytest.raises(
        ValueError, match="given no analytic controls: use controls=analytic, or give AnalyticControls of hop 32"
    ):
        encoder(x, x)
    with pytest.raises(ValueError, match=r"\(2, 17\) of hop 64 are not those of recordings \(2, 1000\) at hop 32"):
        read(encoder, x, varied(x, 64))
    with pytest.raises(ValueError, match=r"\(2, 33\) of hop 64 are not those"):
        read(encoder, x, replace(varied(x), hop=64))
    with pytest.raises(ValueError, match=r"\(2, 33\) of hop 32 are not those"):
        read(encoder, x[:, :960], varied(x))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"degree": 0}, "degree is 0"),
        ({"direction": "backward"}, "unknown direction 'backward': choose both or causal"),
        ({"hop": 0}, "hop is 0: it must be at least 1"),
        ({"n_codes": 0}, "n_codes is 0"),
        ({"chunk_knots": 0}, "chunk_knots is 0"),
        ({"lookahead_ms": -1.0}, "lookahead_ms is -1.0: it must be 0 or more"),
        ({"n_layers": 0}, "n_layers is 0"),
        ({"backend": "gpu"}, "unknown scan backend 'gpu'"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(**arguments)
