"""The weight penalty and the published objective against plain loops."""

from __future__ import annotations

import pytest
import torch
from hydra import compose, initialize_config_dir

from syrinx_lab.assembly import build_objective
from syrinx_lab.cli import config_directory
from syrinx_lab.losses.acceleration_error import AccelerationError
from syrinx_lab.losses.weight_penalty import WeightPenalty, WeightPenaltySum


def test_one_weight_is_priced_by_its_total_power_and_averaged_over_time(prediction):
    weights = torch.zeros(2, 5, 4, 4, dtype=torch.float64)
    weights[0, 3, 1, 2] = 0.5
    weights[1, :, 3, 3] = 2.0
    loss = WeightPenalty(lam=1.5)(prediction(weights=weights))
    assert loss.tolist() == pytest.approx([1.5**3 * 0.25 / 5, 1.5**6 * 4.0])


def published_objective(model, data, weights, lam):
    """Plain loops over the published definition: sums over time, the mean over the batch."""
    items = []
    for b in range(len(model)):
        total = sum((model[b, t] - data[b, t]) ** 2 for t in range(model.shape[1]))
        for t in range(weights.shape[1]):
            for i in range(weights.shape[2]):
                for j in range(weights.shape[3]):
                    total = total + lam ** (i + j) * weights[b, t, i, j] ** 2
        items.append(total)
    return sum(items) / len(items)


@pytest.fixture
def window():
    """Accelerations (2, 30) of model and data, and weights (2, 30, 6, 6)."""
    generator = torch.Generator().manual_seed(0)
    model, data = torch.randn(2, 2, 30, dtype=torch.float64, generator=generator)
    return model, data, torch.randn(2, 30, 6, 6, dtype=torch.float64, generator=generator)


def test_the_loss_mse_accel_is_the_published_objective_in_value_and_gradient(prediction, window):
    model, data, weights = (value.clone().requires_grad_() for value in window)
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("config", overrides=["loss=mse_accel"])
    objective = build_objective(cfg)
    assert not objective.needs_rollout
    found, parts = objective(prediction(acceleration=model, target_acceleration=data, weights=weights), epoch=0)
    wanted = published_objective(model, data, weights, 1.068)
    assert found.item() == pytest.approx(wanted.item(), rel=1e-12)
    assert sum(parts.values()).item() == pytest.approx(wanted.item(), rel=1e-12)
    for ours, theirs in zip(
        torch.autograd.grad(found, (model, weights)), torch.autograd.grad(wanted, (model, weights)), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
    assert cfg.optim.grad_clip is None, "the published training clips no gradient of this objective"


def test_the_published_balance_is_one_over_the_variance(prediction, window):
    model, data, weights = window
    variance = 0.375
    made = prediction(acceleration=model, target_acceleration=data, weights=weights)
    ours = 30 * variance * (AccelerationError(variance)(made) + WeightPenalty()(made) / variance)
    assert ours.mean().item() == pytest.approx(float(published_objective(model, data, weights, 1.068)), rel=1e-12)


def test_at_control_rate_a_sum_over_time_counts_samples(prediction):
    weights = torch.zeros(1, 5, 2, 2, dtype=torch.float64)
    weights[..., 1, 1] = 3.0
    made = prediction(weights=weights)
    made.drives.hop = 8  # 33 samples
    assert WeightPenaltySum(lam=2.0)(made).tolist() == pytest.approx([33 * 4 * 9.0])


def test_gradient_is_twice_the_priced_weight_over_the_steps(prediction):
    weights = torch.randn(3, 7, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    weights.requires_grad_()
    WeightPenalty(lam=2.0)(prediction(weights=weights)).sum().backward()
    power = torch.tensor([[0, 1, 2], [1, 2, 3], [2, 3, 4]])
    torch.testing.assert_close(weights.grad, 2 * 2.0**power * weights.detach() / 7)


def test_gradcheck(prediction):
    weights = torch.randn(2, 4, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    loss = WeightPenalty()
    weights.requires_grad_()
    assert torch.autograd.gradcheck(lambda weights: loss(prediction(weights=weights)), (weights,))
    assert torch.autograd.gradgradcheck(lambda weights: loss(prediction(weights=weights)), (weights,))


@pytest.mark.parametrize("lam", [0.0, -1.0, float("nan"), float("inf")])
def test_a_senseless_price_is_refused(lam):
    with pytest.raises(ValueError, match="lam"):
        WeightPenalty(lam=lam)
