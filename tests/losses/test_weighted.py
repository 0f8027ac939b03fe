"""The weighted sum of terms: totals, warm-ups, terms that are off, non-finite values."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from syrinx_lab.losses.weighted import WeightedLoss
from syrinx_lab.types import Prediction


class OutputTerm(nn.Module):
    """`factor` times each item's first output sample; counts its calls."""

    needs_rollout = True

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor
        self.graphs: list[bool] = []

    def forward(self, prediction: Prediction) -> Tensor:
        assert prediction.output is not None
        value = self.factor * prediction.output[:, 0]
        self.graphs.append(value.requires_grad)
        return value


class AccelerationTerm(nn.Module):
    needs_rollout = False

    def forward(self, prediction: Prediction) -> Tensor:
        return prediction.acceleration[:, 0] ** 2


def build(spec: float = 1.0, tf: float = 1.0, factor: float = 3.0) -> WeightedLoss:
    return WeightedLoss({"spec": OutputTerm(factor), "tf": AccelerationTerm()}, {"spec": spec, "tf": tf})


@pytest.fixture
def inputs(prediction):
    """Outputs 1 and 3, accelerations 2 and 4: spec has mean 6, tf mean 10."""
    return prediction(
        output=torch.tensor([[1.0], [3.0]], requires_grad=True),
        target=torch.zeros(2, 1),
        acceleration=torch.tensor([[2.0], [4.0]], requires_grad=True),
    )


def test_total_is_the_weighted_sum_of_means_and_the_means_are_unweighted(inputs):
    total, means = build(spec=0.5, tf=2.0)(inputs)
    assert total.item() == 0.5 * 6 + 2 * 10
    assert {name: mean.item() for name, mean in means.items()} == {"spec": 6.0, "tf": 10.0}
    assert not any(mean.requires_grad for mean in means.values())
    total.backward()
    assert inputs.output.grad[:, 0].tolist() == [0.75, 0.75]
    assert inputs.acceleration.grad[:, 0].tolist() == [4.0, 8.0]


def test_scale_multiplies_the_target_weight(inputs):
    loss = build(spec=2.0)
    loss.set_scale("spec", 0.25)
    assert loss.effective_weight("spec") == 0.5
    total, means = loss(inputs)
    assert total.item() == 0.5 * 6 + 10
    assert means["spec"].item() == 6.0


def test_a_term_at_scale_zero_is_reported_without_a_graph_and_cannot_spoil_the_total(inputs):
    loss = build(factor=float("inf"))
    loss.set_scale("spec", 0.0)
    total, means = loss(inputs)
    assert total.item() == 10.0
    assert means["spec"].item() == float("inf")
    assert loss.terms["spec"].graphs == [False]
    total.backward()
    assert inputs.output.grad is None


def test_a_term_of_target_weight_zero_is_not_computed(inputs):
    loss = build(spec=0.0)
    total, means = loss(inputs)
    assert total.item() == 10.0
    assert list(means) == ["tf"]
    assert loss.terms["spec"].graphs == []


def test_what_is_asked_of_the_rollout_follows_weights_and_scales():
    loss = build()
    assert (loss.needs_rollout, loss.rollout_needs_grad) == (True, True)
    loss.set_scale("spec", 0.0)
    assert (loss.needs_rollout, loss.rollout_needs_grad) == (True, False)
    off = build(spec=0.0)
    assert (off.needs_rollout, off.rollout_needs_grad) == (False, False)


def test_a_non_finite_term_that_counts_makes_the_total_non_finite(inputs):
    total, _ = build(factor=float("nan"))(inputs)
    assert bool(total.isnan())


def test_a_total_of_no_term_can_be_differentiated_and_moves_nothing(inputs):
    loss = build(tf=0.0)
    loss.set_scale("spec", 0.0)
    total, _ = loss(inputs)
    total.backward()
    assert total.item() == 0.0
    assert inputs.output.grad is None
    assert inputs.acceleration.grad is None


def test_gradients_stay_off_where_the_caller_switched_them_off(inputs):
    loss = build()
    with torch.no_grad():
        total, _ = loss(inputs)
    assert not total.requires_grad
    assert loss.terms["spec"].graphs == [False]


def test_parameters_and_buffers_of_the_terms_are_those_of_the_loss():
    term = AccelerationTerm()
    term.register_buffer("variance", torch.tensor(2.0))
    assert list(WeightedLoss({"tf": term}, {"tf": 1.0}).state_dict()) == ["terms.tf.variance"]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"spec": 1.0, "tf": 1.0, "envelope": 1.0, "amp": 0.0}, "unknown terms amp, envelope: the terms are spec, tf"),
        ({"spec": 1.0}, "no loss weight for tf"),
        ({"spec": -1.0, "tf": 1.0}, "loss weight -1.0 of spec"),
        ({"spec": 1.0, "tf": float("nan")}, "loss weight nan of tf"),
    ],
)
def test_bad_weights_are_refused_by_name(weights, said):
    with pytest.raises(ValueError, match=said):
        WeightedLoss({"spec": OutputTerm(1.0), "tf": AccelerationTerm()}, weights)


@pytest.mark.parametrize(("name", "value"), [("env", 0.5), ("spec", 1.5), ("spec", -0.1), ("spec", float("nan"))])
def test_bad_scales_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        build().set_scale(name, value)
