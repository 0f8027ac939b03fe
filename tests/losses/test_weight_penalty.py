"""The weight penalty against plain loops, and its relation to the published objective."""

from __future__ import annotations

import pytest
import torch

from syrinx_lab.losses.teacher_forced import TeacherForced
from syrinx_lab.losses.weight_penalty import WeightPenalty


def test_one_weight_is_priced_by_its_total_power_and_averaged_over_time(prediction):
    weights = torch.zeros(2, 5, 4, 4, dtype=torch.float64)
    weights[0, 3, 1, 2] = 0.5
    weights[1, :, 3, 3] = 2.0
    loss = WeightPenalty(lam=1.5)(prediction(weights=weights))
    assert loss.tolist() == pytest.approx([1.5**3 * 0.25 / 5, 1.5**6 * 4.0])


def test_published_total_is_variance_times_tf_plus_length_times_weights(prediction):
    generator = torch.Generator().manual_seed(0)
    model, data = torch.randn(2, 2, 30, dtype=torch.float64, generator=generator)
    weights = torch.randn(2, 30, 6, 6, dtype=torch.float64, generator=generator)
    variance = 0.375
    published = []
    for b in range(2):
        total = sum((model[b, t] - data[b, t]) ** 2 for t in range(30)) / 30
        for t in range(30):
            for i in range(6):
                for j in range(6):
                    total = total + 1.068 ** (i + j) * weights[b, t, i, j] ** 2
        published.append(float(total))
    made = prediction(acceleration=model, target_acceleration=data, weights=weights)
    ours = variance * TeacherForced(variance)(made) + 30 * WeightPenalty()(made)
    assert ours.tolist() == pytest.approx(published, rel=1e-12)


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
