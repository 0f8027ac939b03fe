"""The weighted sum of terms: totals, warm-ups, terms that are off, non-finite values."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from syrinx_lab.losses.term import LossTerm, TrainingStatistics
from syrinx_lab.losses.weighted import WeightedLoss, WeightedTerm
from syrinx_lab.types import Prediction


class OutputTerm(LossTerm):
    """`factor` times each item's first output sample; counts its calls."""

    needs_rollout = True
    needs_acceleration = False

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor
        self.graphs: list[bool] = []

    def forward(self, prediction: Prediction) -> Tensor:
        assert prediction.output is not None
        value = self.factor * prediction.output[:, 0]
        self.graphs.append(value.requires_grad)
        return value


class AccelerationTerm(LossTerm):
    needs_rollout = False
    needs_acceleration = True
    unit = "dB"

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("variance", torch.tensor(float("nan")))

    def fit(self, statistics: TrainingStatistics) -> None:
        self.variance.fill_(statistics.acceleration_variance)

    def forward(self, prediction: Prediction) -> Tensor:
        return prediction.acceleration[:, 0] ** 2


def build(spec: float = 1.0, accel: float = 1.0, factor: float = 3.0, warmup: int = 0) -> WeightedLoss:
    spectral = WeightedTerm(OutputTerm(factor), spec, warmup)
    return WeightedLoss({"spec": spectral, "accel": WeightedTerm(AccelerationTerm(), accel)})


@pytest.fixture
def inputs(prediction):
    """Outputs 1 and 3, accelerations 2 and 4: spec has mean 6, accel mean 10."""
    return prediction(
        output=torch.tensor([[1.0], [3.0]], requires_grad=True),
        target=torch.zeros(2, 1),
        acceleration=torch.tensor([[2.0], [4.0]], requires_grad=True),
    )


def test_total_is_the_weighted_sum_of_means_and_the_means_are_unweighted(inputs):
    total, means = build(spec=0.5, accel=2.0)(inputs, 0)
    assert total.item() == 0.5 * 6 + 2 * 10
    assert {name: mean.item() for name, mean in means.items()} == {"spec": 6.0, "accel": 10.0}
    assert not any(mean.requires_grad for mean in means.values())
    total.backward()
    assert inputs.output.grad[:, 0].tolist() == [0.75, 0.75]
    assert inputs.acceleration.grad[:, 0].tolist() == [4.0, 8.0]


def test_the_weight_is_a_ramp_of_the_epoch_to_the_bit(inputs):
    for weight, epochs in ((1.0, 5), (0.3, 7), (10.0, 3), (2.5, 1), (0.1, 0)):
        term = WeightedTerm(OutputTerm(1.0), weight, epochs)
        for epoch in range(12):
            share = 1.0 if epoch >= epochs else epoch / epochs  # as the callbacks of earlier versions had it
            assert term.weight_at(epoch) == weight * share
    loss = build(spec=2.0, warmup=4)
    assert loss.weight_at("spec", 1) == 0.5
    total, means = loss(inputs, 1)
    assert total.item() == 0.5 * 6 + 10
    assert means["spec"].item() == 6.0
    assert loss(inputs, 1)[0].item() == total.item(), "nothing is remembered between calls"
    assert (loss.warmup_epochs, build().warmup_epochs) == (4, 0)


def test_a_term_at_the_foot_of_its_ramp_is_reported_without_a_graph_and_cannot_spoil_the_total(inputs):
    loss = build(factor=float("inf"), warmup=3)
    total, means = loss(inputs, 0)
    assert total.item() == 10.0
    assert means["spec"].item() == float("inf")
    assert loss.terms["spec"].graphs == [False]
    total.backward()
    assert inputs.output.grad is None


def test_a_term_of_weight_zero_is_not_there(inputs):
    loss = build(spec=0.0)
    total, means = loss(inputs, 0)
    assert total.item() == 10.0
    assert list(means) == list(loss.terms) == ["accel"]
    assert (loss.names, loss.units) == (("accel",), {"accel": "dB"})
    assert list(build(accel=0.0).state_dict()) == []


def test_what_is_asked_of_the_rollout_follows_the_weights():
    loss = build(warmup=2)
    assert loss.needs_rollout
    assert [loss.rollout_needs_grad(epoch) for epoch in range(3)] == [False, True, True]
    assert (loss.need_acceleration, build(accel=0.0).need_acceleration) == (("accel",), ())
    off = build(spec=0.0)
    assert (off.needs_rollout, off.rollout_needs_grad(9)) == (False, False)


def test_a_non_finite_term_that_counts_makes_the_total_non_finite(inputs):
    total, _ = build(factor=float("nan"))(inputs, 0)
    assert bool(total.isnan())


def test_a_total_of_no_term_can_be_differentiated_and_moves_nothing(inputs):
    total, _ = build(accel=0.0, warmup=1)(inputs, 0)
    total.backward()
    assert total.item() == 0.0
    assert inputs.output.grad is None
    assert inputs.acceleration.grad is None


def test_gradients_stay_off_where_the_caller_switched_them_off(inputs):
    loss = build()
    with torch.no_grad():
        total, _ = loss(inputs, 0)
    assert not total.requires_grad
    assert loss.terms["spec"].graphs == [False]


def test_every_term_takes_its_statistics_and_keeps_them_in_buffers():
    loss = build()
    loss.fit(SimpleNamespace(acceleration_variance=2.0))
    assert {name: float(value) for name, value in loss.state_dict().items()} == {"terms.accel.variance": 2.0}
    resumed = build()
    resumed.load_state_dict(loss.state_dict())
    assert float(resumed.terms["accel"].variance) == 2.0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"weight": -1.0}, r"weight is -1\.0: use a finite number"),
        ({"weight": float("nan")}, "weight is nan"),
        ({"weight": float("inf")}, "weight is inf"),
        ({"warmup_epochs": -1}, r"warmup_epochs is -1: use 0 \(no warm-up\) or more"),
    ],
)
def test_bad_weights_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        WeightedTerm(OutputTerm(1.0), **settings)


@pytest.mark.parametrize("name", ["total", "nan_skip", "a/b", "a.b", "", "keys", "train"])
def test_names_that_cannot_be_logged_or_kept_are_refused(name):
    with pytest.raises(ValueError, match="no term can be called"):
        WeightedLoss({name: WeightedTerm(OutputTerm(1.0))})


def test_what_is_no_loss_term_is_refused():
    with pytest.raises(ValueError, match=r"loss\.terms\.mine\.loss is a Identity, which is no LossTerm: derive"):
        WeightedLoss({"mine": WeightedTerm(nn.Identity())})


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            {"needs_acceleration": False},
            "Mine has no needs_rollout: add needs_rollout = True if it looks at the f",
        ),
        ({"needs_rollout": True}, "Mine has no needs_acceleration: add needs_acceleration = True if it looks at the a"),
        ({"needs_rollout": 1, "needs_acceleration": False}, "Mine has no needs_rollout"),
        ({"needs_rollout": True, "needs_acceleration": False, "unit": ""}, r"Mine\.unit is '': give the unit"),
        ({"needs_rollout": True, "needs_acceleration": False, "forward": LossTerm.forward}, "Mine has no forward: add"),
    ],
)
def test_a_term_that_does_not_describe_itself_is_refused_with_what_to_add(facts, said):
    complete = {"forward": lambda self, prediction: prediction.output[:, 0]}
    with pytest.raises(ValueError, match=said) as error:
        type("Mine", (LossTerm,), complete | facts)()
    assert "\n" not in str(error.value)


class Odd(OutputTerm):
    """A term whose forward and fit are given."""

    def __init__(self, forward, fit=lambda statistics: None) -> None:
        super().__init__(1.0)
        self.made, self.fitted = forward, fit

    def forward(self, prediction: Prediction) -> Tensor:
        return self.made(prediction)

    def fit(self, statistics: TrainingStatistics) -> None:
        self.fitted(statistics)


def raising(*_: object) -> Tensor:
    raise KeyError("my table")


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        (lambda p: None, r"returned a NoneType: give a floating tensor \(2,\)"),
        (lambda p: 3.0, "returned a float: give"),
        (
            lambda p: p.output.mean(),
            r"returned \(\), torch.float32: give a floating tensor \(2,\), one loss for each of",
        ),
        (lambda p: p.output.expand(2, 3), r"returned \(2, 3\), torch.float32"),
        (lambda p: p.output[:1, 0], r"returned \(1,\), torch.float32"),
        (lambda p: torch.ones(2, dtype=torch.int64), r"returned \(2,\), torch.int64"),
        (raising, r": Odd\.forward raised KeyError: 'my table'"),
    ],
)
def test_what_gives_no_loss_an_item_is_named_in_a_line(inputs, forward, said):
    objective = WeightedLoss({"spec": WeightedTerm(OutputTerm(1.0)), "mine": WeightedTerm(Odd(forward))})
    with pytest.raises(ValueError, match=rf"^loss\.terms\.mine\.loss.*{said}") as raised:
        objective(inputs, 0)
    assert "\n" not in str(raised.value)


def test_a_term_that_cannot_be_fitted_or_made_is_named_in_a_line():
    objective = WeightedLoss({"mine": WeightedTerm(Odd(raising, raising))})
    with pytest.raises(ValueError, match=r"^loss\.terms\.mine\.loss: Odd\.fit raised KeyError: 'my table'$"):
        objective.fit(SimpleNamespace())

    class Hasty(OutputTerm):
        def __init__(self) -> None:
            self.factor = 1.0

    with pytest.raises(ValueError, match=r"^loss\.terms\.mine\.loss: Hasty\.__init__ does not call super"):
        WeightedLoss({"mine": WeightedTerm(Hasty())})
