"""The acceleration error over the training set's variance."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from syrinx_lab.losses.acceleration_error import AccelerationError


def test_mean_square_over_the_variance_per_item(prediction):
    model = torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0]])
    data = torch.tensor([[1.0, 0.0, 3.0, 0.0], [0.5, -0.5, 0.5, -0.5]])
    loss = AccelerationError(variance=0.25)(prediction(acceleration=model, target_acceleration=data))
    # (0 + 4 + 0 + 16) / 4 / 0.25 and 0.25 / 0.25
    assert loss.tolist() == [20.0, 1.0]


def test_predicting_the_mean_scores_one_over_the_whole_set(prediction):
    data = torch.randn(50, 400, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 3.0
    loss = AccelerationError(variance=data.var(correction=0).item())
    mean = data.mean().expand_as(data)
    scores = loss(prediction(acceleration=mean, target_acceleration=data))
    assert scores.mean().item() == pytest.approx(1.0, rel=1e-6)


def test_the_variance_has_a_floor_of_1e_minus_6(prediction):
    error = prediction(acceleration=torch.full((1, 8), 1e-3))
    assert AccelerationError(variance=1e-12)(error).item() == pytest.approx(1.0, rel=1e-5)
    assert AccelerationError(variance=1e-5)(error).item() == pytest.approx(0.1, rel=1e-5)


def test_use_before_the_variance_is_set_is_an_error_that_says_what_to_do(prediction):
    loss = AccelerationError()
    with pytest.raises(ValueError, match="accel: the variance is not set: call fit"):
        loss(prediction(acceleration=torch.zeros(1, 8)))
    loss.fit(SimpleNamespace(acceleration_variance=2.0))
    assert loss(prediction(acceleration=torch.ones(1, 8))).item() == 0.5


def test_the_variance_travels_with_the_state_dict(prediction):
    saved = AccelerationError(variance=0.5).state_dict()
    assert list(saved) == ["variance"]
    loaded = AccelerationError()
    loaded.load_state_dict(saved)
    assert loaded(prediction(acceleration=torch.ones(1, 8))).item() == 2.0


@pytest.mark.parametrize("variance", [-1.0, float("nan"), float("inf")])
def test_a_senseless_variance_is_refused(variance):
    with pytest.raises(ValueError, match="variance"):
        AccelerationError(variance=variance)


def test_gradcheck(prediction):
    generator = torch.Generator().manual_seed(1)
    model, data = torch.randn(2, 2, 9, dtype=torch.float64, generator=generator)
    loss = AccelerationError(variance=0.3)
    model.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda model: loss(prediction(acceleration=model, target_acceleration=data)), (model,)
    )
