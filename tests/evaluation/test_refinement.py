"""Numbers refined against one clip: what made a sound is found again, the rate stays, and nothing else moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.data.derivatives import derivatives
from syrinx_lab.encoded import Encoded, smooth_curve
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.refinement import Refinement, counting_knots
from syrinx_lab.evaluation.takes import perform, read_encoded
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.noise.filtered import FilteredNoise
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.syrinx.loudness import LoudnessSyrinx
from syrinx_lab.ode.syrinx.oscillator import Syrinx
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.ode.tract.fir_mixture import FirMixture
from syrinx_lab.types import Vocalisation

RATE = 44_100
HOP, KNOT, SAMPLES = 32, 160, 6401
ROWS, FACTOR = 201, KNOT // HOP


def made(noise: bool = False, kind: type[Syrinx] = LoudnessSyrinx) -> Ouroboros:
    torch.manual_seed(0)
    encoder, oscillator = FramesEncoder(3, True, RATE, d_model=8, n_layers=1), kind(sample_rate=RATE)
    oscillator.initialise_(encoder.heads)
    model = Ouroboros(
        encoder,
        oscillator,
        FirMixture(sample_rate=RATE, filters=6, taps=65, codes=3),
        FilteredNoise(sample_rate=RATE, bands=6, codes=2) if noise else None,
        Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0)),
        control_hop=HOP,
        knots_per_second=RATE / KNOT,
    )
    model.calibrate([torch.from_numpy(whistle())], [])
    return model.eval()


def whistle() -> np.ndarray:
    """A note of 100 ms that glides, in faint noise, (SAMPLES,)."""
    n = np.arange(SAMPLES)
    gate = np.clip(np.minimum(n - 1000, 5400 - n) / 220, 0, 1)
    x = 0.3 * gate * np.sin(2 * np.pi * np.cumsum(900 + 0.03 * n) / RATE)
    return (x + 1e-3 * np.random.default_rng(0).standard_normal(SAMPLES)).astype(np.float32)


@pytest.fixture(scope="module")
def clip() -> Clip:
    x = whistle()
    where = Vocalisation("r", "a", 0, SAMPLES, onset=1000, offset=5400)
    return Clip(where, x, *(y.astype(np.float32) for y in derivatives(x.astype(np.float64))))


def curve(seed: int, channels: int, size: float) -> torch.Tensor:
    """Raw controls (1, ROWS, channels) on a curve through every fifth knot."""
    knots = size * torch.randn(1, 41, channels, generator=torch.Generator().manual_seed(seed))
    return smooth_curve(knots, FACTOR, ROWS)


def state() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.full((1,), 1e-3), torch.zeros(1)


def sung(model: Ouroboros, numbers: Encoded, excitation: torch.Tensor | None) -> torch.Tensor:
    with torch.no_grad():
        drives = model.decode(numbers)
        return model.radiate(model.sing(drives, state(), SAMPLES), drives, excitation)


def through(y: torch.Tensor) -> torch.Tensor:
    return smooth_curve(counting_knots(y, FACTOR), FACTOR, ROWS)


def with_tract(numbers: Encoded, raw: torch.Tensor) -> Encoded:
    return replace(numbers, radiation=replace(numbers.radiation, tract=raw))


def louder(numbers: Encoded, gain: torch.Tensor) -> Encoded:
    return replace(numbers, oscillator=replace(numbers.oscillator, loudness=numbers.oscillator.loudness * gain))


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (lambda numbers: with_tract(numbers, curve(2, 3, 0.5)), 0.6),
        (lambda numbers: louder(numbers, curve(3, 1, 0.2)[..., 0].exp()), 0.7),
    ],
    ids=["tract", "loudness"],
)
def test_the_numbers_that_made_a_sound_are_found_again(
    clip: Clip, change: Callable[[Encoded], Encoded], kept: float
) -> None:
    """From what was read off the clip the descent comes closer to the same model under other numbers."""
    model = made()
    with torch.no_grad():
        read = read_encoded(model, clip)
    target = sung(model, change(read), None)
    found = Refinement(150).refined(model, read, state(), None, target)
    spectra = [torch.stft(y[0], 512, 128, window=torch.hann_window(512), return_complex=True).abs().add(8e-3).log()
               for y in (sung(model, read, None), sung(model, found, None), target)]  # fmt: skip
    before, after = ((y - spectra[2]).abs().mean() for y in spectra[:2])
    assert after < kept * before
    # the curves go through the knots that count: no more numbers than before
    for y, whether in ((found.radiation.tract, False), (found.oscillator.pitch_hz, True)):
        assert y is not None
        linear = y.log() if whether else y
        torch.testing.assert_close(through(linear), linear, rtol=1e-4, atol=1e-4)
    assert model.numbers_per_second(found) <= 5 * RATE / KNOT + 1e-6


def test_the_noise_that_is_sung_is_the_one_that_was_refined_for(clip: Clip) -> None:
    """A score rises under the seed of the refinement; the very numbers under another noise are worth less."""
    model = made(noise=True)
    plain = perform(model, clip, ic_noise_rms=1e-3, seed=5)
    better = perform(model, clip, ic_noise_rms=1e-3, seed=5, refinement=Refinement(60))
    assert better.raw_score.tf_corr > plain.raw_score.tf_corr + 0.02
    assert better.raw_score.numbers_per_second == pytest.approx(7 * RATE / KNOT), "pitch, loudness, 3 and 2 codes"


def test_nothing_else_gets_a_gradient_and_no_steps_are_the_same(clip: Clip) -> None:
    model = made(noise=True)
    with torch.no_grad():
        read = read_encoded(model, clip)
    excitation = torch.randn(2, 1, SAMPLES, generator=torch.Generator().manual_seed(1))
    target = torch.from_numpy(clip.x)[None]
    before = [p.detach().clone() for p in model.parameters()]
    kept = {name: y.clone() for name, y in read.oscillator.named().items()}
    found = Refinement(3).refined(model, read, state(), excitation, target)
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters()))
    assert all(torch.equal(y, read.oscillator.named()[name]) for name, y in kept.items()), "it changed its argument"
    moved = {name for name, y in found.oscillator.named().items() if not torch.equal(y, kept[name])}
    assert moved == {"pitch_hz", "loudness"}
    assert torch.equal(found.weight_code, read.weight_code)
    assert Refinement(0).refined(model, read, state(), excitation, target) is read


def test_what_declares_no_step_stays_and_pressure_does(clip: Clip) -> None:
    """A polynomial without tract has nothing to refine; of the free gestures pitch and gain move."""
    torch.manual_seed(0)
    poly = Ouroboros(
        FramesEncoder(3, True, RATE, d_model=8, n_layers=1),
        Polynomial(sample_rate=RATE, degree=3),
        NoTract(),
        None,
        Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0)),
        control_hop=HOP,
    )
    target = torch.from_numpy(clip.x)[None]
    with torch.no_grad():
        read = read_encoded(poly, clip)
    assert Refinement(5).refined(poly, read, state(), None, target) is read
    free = made(kind=Syrinx)
    with torch.no_grad():
        read = read_encoded(free, clip)
    found = Refinement(3).refined(free, read, state(), None, target)
    moved = {n for n, y in found.oscillator.named().items() if not torch.equal(y, read.oscillator.named()[n])}
    assert moved == {"pitch_hz", "gain"}


@pytest.mark.parametrize(
    ("settings", "line"), [({"steps": -1}, "refine is -1"), ({"steps": 1, "lr": 0.0}, "refine_lr")]
)
def test_numbers_out_of_range_are_refused(settings: dict, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        Refinement(**settings)


def test_counting_knots_of_any_length() -> None:
    y = torch.arange(23.0)[None, :, None]
    assert counting_knots(y, 5)[0, :, 0].tolist() == [0, 5, 10, 15, 20, 22]
    assert np.array_equal(counting_knots(y, 1), y)
