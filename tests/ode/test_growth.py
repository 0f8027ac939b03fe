"""How fast errors grow along data, where the answer is known, and the forcing that follows it."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout.growth import adaptive_rate, growth
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.training.prediction import predict
from syrinx_lab.types import Batch, Category, Drives, RolloutSettings


def linear(omega: float, gamma: float, steps: int = 50, hop: int = 1, batch: int = 1) -> Drives:
    one = torch.ones(batch, steps, dtype=torch.float64)
    return Drives(omega**2 * one, gamma * one, one.new_zeros(batch, steps, 4, 4), hop)


@pytest.mark.parametrize("omega", [0.05, 1.0, 6.0])
@pytest.mark.parametrize("hop", [1, 7])
def test_of_a_linear_oscillator_it_is_the_growth_of_a_step(omega: float, hop: int) -> None:
    """Exp(-gamma h / 2) at any pitch, where the norm of the step itself is that of a shear."""
    h = 0.05
    drives = linear(omega, -0.2, 40, hop)
    x = torch.zeros(1, drives.samples, dtype=torch.float64)
    found = growth(drives, x, x, h, None)
    expected = math.exp(0.2 * h / 2)
    if omega == 0.05:  # two real exponents
        expected = math.exp((0.1 + math.sqrt(0.1**2 - omega**2)) * h)
    torch.testing.assert_close(found, torch.tensor([expected], dtype=torch.float64), rtol=2e-5, atol=0)
    assert adaptive_rate(drives, x, x, h, None) == pytest.approx(1 - 1 / expected, rel=1e-2)
    assert adaptive_rate(linear(omega, 0.2, 40, hop), x, x, h, None) == 0.0


def test_it_looks_along_the_data_and_at_the_worst_item() -> None:
    """A van der Pol: gamma -0.2 at rest, damped where x is large, where a clamp adds to it."""
    drives = linear(1.0, -0.2, 30, batch=2)
    drives.weights[..., 2, 1] = 1.0
    x = torch.zeros(2, 30, dtype=torch.float64)
    x[1] = 0.8  # v' = ... + (0.2 - 0.64) v
    rest, away = growth(drives, x, 0 * x, 0.1, None).tolist()
    assert rest == pytest.approx(math.exp(0.1 * 0.2 / 2), rel=1e-5)
    assert away == pytest.approx(math.exp(-0.1 * 0.44 / 2), rel=1e-3)
    assert adaptive_rate(drives, x, 0 * x, 0.1, None) == pytest.approx(1 - 1 / rest)
    clamped = growth(drives, x, 0 * x, 0.1, SoftClamp(1.0, 1.0))
    assert clamped[0] == pytest.approx(rest, rel=1e-5)
    assert clamped[1] < 0.98 * away


def test_what_is_not_finite_is_forced_all_the_way() -> None:
    drives = linear(1.0, math.nan)
    x = torch.zeros(1, 50, dtype=torch.float64)
    assert adaptive_rate(drives, x, x, 0.1, None) == 1.0


def test_a_forced_prediction_is_pulled_by_what_was_found() -> None:
    torch.manual_seed(0)
    model = Ouroboros(
        SamplesEncoder(degree=3, n_layers=1, expand=2), Polynomial(sample_rate=44100, degree=3), NoTract()
    )
    with torch.no_grad():
        model.encoder.gamma_net.bias.fill_(-0.5)
    x = 0.1 * torch.randn(2, 300, generator=torch.Generator().manual_seed(3))
    batch = Batch(
        x, torch.gradient(x, dim=1)[0], torch.zeros_like(x), torch.tensor([Category.MID] * 2), torch.tensor([0, 0])
    )

    def run(rate: float | str):
        return predict(
            model,
            batch,
            horizon=100,
            rollout=RolloutSettings(forcing_rate=rate),
            rollout_grad=True,
            generator=torch.Generator().manual_seed(1),
        )

    adaptive, free = run("adaptive"), run(0.0)
    drives = model(batch.x, batch.dx)
    states = batch.x[:, :100], model.velocity(batch.dx[:, :100])
    rate = adaptive_rate(drives, *states, model.oscillator.step, model.oscillator.clamp)
    assert 0 < rate < 1
    assert (adaptive.forcing_rate, free.forcing_rate) == (pytest.approx(rate, rel=1e-3), None)
    torch.testing.assert_close(adaptive.output, run(adaptive.forcing_rate).output)
    assert not torch.allclose(adaptive.output, free.output)
    with pytest.raises(ValueError, match=r"rollout\.forcing_rate is often: use 0 .* or adaptive"):
        RolloutSettings(forcing_rate="often")
