"""Updates that are not finite are left out; warm-ups and horizons follow the planned epochs."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from lightning.pytorch import Trainer
from plain_trainer import plain_trainer
from torch import Tensor
from torch.utils.data import DataLoader

from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.losses.acceleration_error import AccelerationError
from syrinx_lab.losses.mrstft import MultiResolutionStft
from syrinx_lab.losses.term import LossTerm
from syrinx_lab.losses.weighted import WeightedLoss, WeightedTerm
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.training.module import OuroborosModule
from syrinx_lab.training.optimisation import OptimiserSettings
from syrinx_lab.training.progress import EpochLines
from syrinx_lab.training.schedules import Pow2Horizon
from syrinx_lab.types import Batch, Prediction


class _Poisoned(LossTerm):
    """A term whose value or whose gradient is not finite on chosen calls."""

    needs_rollout = False
    needs_acceleration = True

    def __init__(self, values: dict[int, str]) -> None:
        super().__init__()
        self.calls, self.values = 0, values

    def forward(self, prediction: Prediction) -> Tensor:
        self.calls += 1
        mean = prediction.acceleration.mean(dim=1)
        kind = self.values.get(self.calls - 1)
        if kind == "loss":
            return mean * float("nan")
        if kind == "value":
            return mean + float("inf")  # its gradient is finite
        if kind == "gradient":
            return torch.sqrt(mean - mean.detach())  # value 0, slope infinite
        return mean**2


def batches(count: int) -> DataLoader[Batch]:
    generator = torch.Generator().manual_seed(5)
    made = []
    for _ in range(count):
        x = 0.1 * torch.randn(2, 128, generator=generator)
        made.append(Batch(x, x.roll(1, 1), x.roll(2, 1), torch.tensor([0, 2]), torch.tensor([40, -10])))
    return DataLoader(made, batch_size=None)


def module(terms: dict[str, LossTerm], planned: int = 4, warmup_epochs: int = 0) -> OuroborosModule:
    torch.manual_seed(0)
    model = Ouroboros(
        SamplesEncoder(degree=3, n_layers=1, expand=2),
        Polynomial(sample_rate=44100, degree=3),
        NoTract(),
        backend="eager",
    )
    objective = WeightedLoss({name: WeightedTerm(term, 1.0, warmup_epochs) for name, term in terms.items()})
    adam = OptimiserSettings(partial(torch.optim.Adam, lr=1e-3))
    return OuroborosModule(model, objective, Pow2Horizon(32, 128), adam, planned_epochs=planned, seed=7)


def fit(lit: OuroborosModule, epochs: int, count: int, *callbacks) -> Trainer:
    trainer = plain_trainer(epochs, gradient_clip_val=5.0, callbacks=list(callbacks))
    trainer.fit(lit, batches(count))
    return trainer


@pytest.mark.parametrize("kind", ["loss", "value", "gradient"])
def test_an_update_that_is_not_finite_is_skipped_and_counted(kind: str) -> None:
    poisoned = module({"accel": _Poisoned({1: kind, 2: kind})})
    trainer = fit(poisoned, 1, 4)
    assert trainer.callback_metrics["loss/nan_skip"] == 2
    assert all(bool(torch.isfinite(p).all()) for p in poisoned.parameters())
    steps = {int(s["step"]) for s in trainer.optimizers[0].state.values()}
    assert steps == {2}, "Adam has seen the two finite updates and no others"
    assert torch.isfinite(trainer.callback_metrics["loss/total"])
    assert poisoned.not_finite_in_epoch() == (("the gradient",) if kind == "gradient" else ("accel",))


def test_the_line_of_an_epoch_names_what_was_not_finite_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    # two updates an epoch, and the term of the second epoch is poisoned twice
    lit = module({"accel": _Poisoned({2: "value", 3: "value"}), "spec": MultiResolutionStft([[32, 8]])})
    fit(lit, 3, 2, EpochLines())
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert "skipped 2 updates  not finite: accel" in lines[1]
    assert not any("not finite" in line for line in (lines[0], lines[2]))


def test_curriculum_is_logged_and_follows_planned_epochs() -> None:
    lit = module({"spec": MultiResolutionStft([[32, 8]]), "accel": AccelerationError(1.0)}, warmup_epochs=4)
    trainer = fit(lit, 3, 2)
    assert trainer.callback_metrics["train/horizon"] == lit.horizon(2, 4) == 64
    assert trainer.callback_metrics["train/lam_spec"] == pytest.approx(0.5)
    assert {"loss/total", "loss/spec", "loss/accel"} <= set(trainer.callback_metrics)


def test_noise_of_cold_starts_depends_on_seed_and_step_alone() -> None:
    lit, other = module({"accel": AccelerationError(1.0)}), module({"accel": AccelerationError(1.0)})
    other.seed = 8
    first = torch.randn(3, generator=lit.noise_generator(5))
    assert torch.equal(first, torch.randn(3, generator=lit.noise_generator(5)))
    assert not torch.equal(first, torch.randn(3, generator=lit.noise_generator(6)))
    assert not torch.equal(first, torch.randn(3, generator=other.noise_generator(5)))
