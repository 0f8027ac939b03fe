"""What every vocal tract must be: linear, bounded, the same in pieces as whole, differentiable."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from syrinx_lab.ode.tract import NoTract
from syrinx_lab.ode.tract.fir import Fir
from syrinx_lab.ode.tract.fir_mixture import FirMixture
from syrinx_lab.ode.tract.formants import Formants
from syrinx_lab.ode.tract.vocal_tract import VocalTract

RATE = 44100
SMALL: dict[str, Callable[[], nn.Module]] = {
    "none": NoTract,
    "fir": lambda: Fir(taps=9),
    "fir_mixture": lambda: FirMixture(sample_rate=RATE, filters=3, taps=9),
    "formants": lambda: Formants(sample_rate=RATE, formants=2),
    "vocal_tract": lambda: VocalTract(sample_rate=RATE, taps=9),
}
RINGING = ("formants", "vocal_tract")  # what they ring is cut where 1e-4 of it is left
LEARNED = [name for name in SMALL if name != "none"]


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def disturbed(name: str) -> nn.Module:
    """The tract in float64, away from where it begins."""
    tract = SMALL[name]().double()
    with torch.no_grad():
        for seed, parameter in enumerate(tract.parameters()):
            parameter += 0.3 * draw(*parameter.shape, seed=seed)
    return tract


def knots(tract: nn.Module, samples: int, hop: int, batch: int = 2) -> Tensor:
    return draw(batch, -(-(samples - 1) // hop) + 1, tract.channels, seed=9)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(("samples", "hop"), [(100, 1), (97, 32), (128, 16), (1, 8), (33, 32)])
def test_is_linear_in_the_source_and_silent_without_one(name: str, samples: int, hop: int) -> None:
    tract = disturbed(name)
    controls = knots(tract, samples, hop)
    a, b = draw(2, samples, seed=1), draw(2, samples, seed=2)
    found = tract(3 * a - 0.5 * b, controls, hop)
    assert found.shape == (2, samples)
    torch.testing.assert_close(found, 3 * tract(a, controls, hop) - 0.5 * tract(b, controls, hop), rtol=1e-9, atol=1e-9)
    assert not tract(torch.zeros(2, samples), controls, hop).any(), "the oscillator's share counts on exact silence"


@pytest.mark.parametrize("name", SMALL)
def test_pieces_with_reach_are_the_whole(name: str) -> None:
    tract, hop, samples, piece = disturbed(name), 8, 6000, 2000
    controls, source = knots(tract, samples, hop), draw(2, samples, seed=1)
    whole = tract(source, controls, hop)
    margin = -(-tract.reach // hop) * hop  # pieces begin on knots
    for start in range(0, samples, piece):
        first, last = max(0, start - margin), min(samples, start + piece + tract.reach)
        steps = slice(first // hop, -(-(last - 1) // hop) + 1)
        part = tract(source[:, first:last], controls[:, steps], hop)[:, start - first :][:, :piece]
        tolerance = 1e-3 if name in RINGING else 1e-12
        torch.testing.assert_close(part, whole[:, start : start + piece], rtol=0, atol=tolerance * whole.std().item())


@pytest.mark.parametrize("name", SMALL)
def test_reach_is_as_far_as_the_source_is_heard(name: str) -> None:
    tract = disturbed(name)
    samples, middle = 2 * tract.reach + 41, tract.reach + 20
    source = draw(1, samples, seed=1).requires_grad_()
    (heard,) = torch.autograd.grad(tract(source, knots(tract, samples, 8, batch=1), 8)[0, middle], source)
    heard = heard[0].abs() / heard.abs().max()
    if name in RINGING:  # faded rather than over
        assert heard[:20].max() < 1e-4
        assert heard[middle + (200 if name == "vocal_tract" else 1) :].max() < (
            1e-4 if name == "vocal_tract" else 1e-14
        )
    else:
        within = slice(middle - tract.reach, middle + tract.reach + 1)
        assert heard[within].min() > 1e-6
        assert heard.sum() - heard[within].sum() < 1e-12


@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.parametrize("raw", [1e3, -1e3])
def test_extreme_controls_stay_finite_and_so_do_their_gradients(name: str, raw: float) -> None:
    tract = SMALL[name]()
    controls = torch.full((1, 65, tract.channels), raw, requires_grad=True)
    source = draw(1, 2048).float().requires_grad_()
    found = tract(source, controls, 32)
    found.square().mean().backward()
    assert found.isfinite().all()
    for leaf in (source, controls, *tract.parameters()):
        assert leaf.grad is not None
        assert leaf.grad.isfinite().all()


@pytest.mark.parametrize("name", LEARNED)
def test_gradients_of_source_controls_and_parameters(name: str) -> None:
    tract = disturbed(name)
    names, values = zip(*tract.named_parameters())
    controls, source = knots(tract, 35, 16, batch=1).requires_grad_(), draw(1, 35, seed=1).requires_grad_()

    def sound(source: Tensor, controls: Tensor, *values: Tensor) -> Tensor:
        return torch.func.functional_call(tract, dict(zip(names, values)), (source, controls, 16))

    leaves = [value.detach().clone().requires_grad_() for value in values]
    assert torch.autograd.gradcheck(sound, (source, controls, *leaves))


@pytest.mark.parametrize("name", SMALL)
def test_single_precision_and_arguments_left_alone(name: str) -> None:
    double, single = SMALL[name]().double(), SMALL[name]()
    controls, source = knots(double, 700, 32), draw(2, 700, seed=1)
    kept = controls.clone(), source.clone()
    expected = double(source, controls, 32)
    assert torch.equal(controls, kept[0])
    assert torch.equal(source, kept[1])
    found = single(source.float(), controls.float(), 32)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-4 * expected.std().item())


@pytest.mark.parametrize("name", LEARNED)
def test_knots_must_cover_the_source(name: str) -> None:
    tract = SMALL[name]()
    with pytest.raises(ValueError, match="34 samples do not lie on 2 knots of hop 32"):
        tract(torch.zeros(1, 34), torch.zeros(1, 2, tract.channels), 32)


@pytest.mark.parametrize("name", LEARNED)
def test_raw_controls_of_zero_leave_the_loudness_about_as_it_is(name: str) -> None:
    whole = {
        "fir": Fir(),
        "fir_mixture": FirMixture(sample_rate=RATE),
        "formants": Formants(sample_rate=RATE),
        "vocal_tract": VocalTract(sample_rate=RATE),
    }[name]
    t = torch.arange(4096) / RATE
    source = sum(torch.sin(2 * torch.pi * 700 * n * t) / n for n in range(1, 14))[None]
    found = whole(source, torch.zeros(1, 129, whole.channels), 32)
    assert 0.8 < (found.std() / source.std()).item() < 1.25
