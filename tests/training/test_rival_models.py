"""Every model= of training goes through the lab's contracts: parts, losses, gradients, a cold start that is scored."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from syrinx_lab.assembly import build_horizon, build_model, build_module, build_objective
from syrinx_lab.cli import check, config_directory
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.instantiation import plain
from syrinx_lab.training.prediction import predict
from syrinx_lab.trial import check_parts
from syrinx_lab.types import Batch, Category, Vocalisation

SMALL = ("oscillator.recurrence.hidden=8", "encoder.d_model=8", "encoder.n_layers=1")


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        return compose("config", overrides=list(overrides))


def sound(samples: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    t = torch.arange(samples, dtype=torch.float64) / 44_100
    turn = 2 * np.pi * 1500 / 44_100
    x = 0.1 * torch.sin(turn * 44_100 * t)[None].repeat(3, 1)
    x[:, : samples // 4] *= 1e-3
    return x.float(), torch.gradient(x, dim=1)[0].float(), (-(turn**2) * x).float()


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("shplrnn", SMALL),
        ("al_rnn", ("oscillator.recurrence.rectified=2", "oscillator.hidden=4", *SMALL[1:])),
        ("linear", ("oscillator.hidden=3", *SMALL[1:])),
        ("lstm_vocoder", ()),
    ],
)
def test_a_model_is_trained_and_scored_as_all_are(name: str, sizes: tuple[str, ...]) -> None:
    cfg = composed(f"model={name}", *sizes)
    check(cfg)
    torch.manual_seed(0)
    model = build_model(cfg)
    check_parts(model)
    module = build_module(cfg, model, build_objective(cfg), build_horizon(cfg))
    x, dx, d2x = sound(2048)
    model.calibrate([one for one in x], [one[600:] for one in x])
    category = torch.tensor([Category.ONSET, Category.MID, Category.OFFSET])
    batch = Batch(x, dx, d2x, category, torch.tensor([512, 0, 0]))
    prediction = predict(
        model,
        batch,
        horizon=512,
        rollout_grad=True,
        rollout=module.rollout,
        generator=module.noise_generator(0),
        acceleration=bool(module.objective.need_acceleration),
    )
    assert prediction.acceleration is None
    loss, _ = module.objective(prediction, 0)
    loss.backward()
    slopes = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(bool(torch.isfinite(slope).all()) for slope in slopes)
    assert any(float(slope.abs().max()) > 0 for slope in slopes)
    voc = Vocalisation("a.wav", "a", 0, 2048, 512, 2048)
    (take,) = module.scoring.takes(model, [Clip(voc, x[0].numpy(), dx[0].numpy(), d2x[0].numpy())])
    assert np.isfinite(take.raw_score.tf_corr)
    assert take.raw_score.numbers_per_second >= 0


def test_a_recurrence_has_no_acceleration_to_compare() -> None:
    cfg = composed("oscillator=shplrnn", "encoder=frames")
    with pytest.raises(
        ValueError, match=r"loss\.terms\.accel looks at the acceleration, which a hidden state or a rec"
    ):
        build_module(cfg, build_model(cfg), build_objective(cfg), build_horizon(cfg))


def test_ouroboros_is_what_runs_without_a_word() -> None:
    assert plain(composed()) == plain(composed("model=ouroboros"))
