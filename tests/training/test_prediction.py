"""Where a rollout begins, from which state, and what it shares with the anchor."""

from __future__ import annotations

import pytest
import torch

from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.training.prediction import initial_condition, predict, rollout_start
from syrinx_lab.types import Batch, Category, RolloutSettings


def batch(onset: list[int], category: list[Category], length: int = 400) -> Batch:
    generator = torch.Generator().manual_seed(3)
    x = 0.1 * torch.randn(len(onset), length, generator=generator)
    return Batch(x, torch.gradient(x, dim=1)[0], torch.zeros_like(x), torch.tensor(category), torch.tensor(onset))


def lead(samples: int, **settings) -> RolloutSettings:
    """ONSET rollouts begin so many samples before the onset, at 44.1 kHz."""
    return RolloutSettings(onset_lead_ms=samples / 44.1, **settings)


def test_settings_out_of_range_are_refused_by_their_key() -> None:
    for name, value in (("ic_noise_rms", -1.0), ("onset_lead_ms", -1.0), ("forcing_rate", 1.5), ("adjoint_decay", 0.0)):
        with pytest.raises(ValueError, match=rf"rollout\.{name} is {value}: use"):
            RolloutSettings(**{name: value})
    assert (lead(20).onset_lead(44100), RolloutSettings(onset_lead_ms=None).onset_lead(44100)) == (20, None)


def test_onset_rollouts_begin_a_lead_before_the_onset_and_stay_in_the_window() -> None:
    b = batch([200, 30, 390, 200, 200], [Category.ONSET] * 3 + [Category.OFFSET, Category.MID])
    assert rollout_start(b, 150, onset_lead=50).tolist() == [150, 0, 250, 0, 0]
    assert rollout_start(b, 400, onset_lead=50).tolist() == [0] * 5


def test_rollouts_begin_on_a_knot_of_the_drives() -> None:
    b = batch([200, 30, 390, 210, 200, 200], [Category.ONSET] * 4 + [Category.OFFSET, Category.MID])
    assert rollout_start(b, 150, onset_lead=50, hop=32).tolist() == [160, 0, 224, 160, 0, 0]
    assert rollout_start(b, 400, onset_lead=50, hop=32).tolist() == [0] * 6


def test_drives_on_knots_are_nearly_those_of_every_sample() -> None:
    torch.manual_seed(0)
    encoder = SamplesEncoder(degree=3, n_layers=1, expand=2)
    b = batch([200, 0], [Category.ONSET, Category.MID], length=401)
    predictions = []
    for hop in (1, 16):
        model = Ouroboros(
            encoder, Polynomial(sample_rate=44100, degree=3), NoTract(), drive_lowpass_ms=2.0, control_hop=hop
        )
        drives = model(b.x, b.dx)
        assert drives.hop == hop
        assert drives.samples == 401
        arguments = dict(horizon=128, rollout=lead(40), rollout_grad=True)
        predictions.append(predict(model, b, generator=torch.Generator().manual_seed(1), **arguments))
    dense, knots = predictions
    assert torch.equal(dense.target, knots.target)  # the start lies on a knot either way
    for a, b in ((knots.acceleration, dense.acceleration), (knots.output, dense.output)):
        assert 0 < float((a - b).detach().norm()) < 0.01 * float(b.detach().norm())


def test_a_fully_forced_rollout_takes_every_step_from_the_recording() -> None:
    torch.manual_seed(0)
    model = Ouroboros(
        SamplesEncoder(degree=3, n_layers=1, expand=2), Polynomial(sample_rate=44100, degree=3), NoTract()
    )
    b = batch([200], [Category.ONSET])
    arguments = dict(horizon=64, rollout=lead(20, forcing_rate=1.0), rollout_grad=True)
    forced = predict(model, b, generator=torch.Generator().manual_seed(1), **arguments)
    drives = model(b.x, b.dx)
    for t in (180, 200, 242):
        one = model.sing(drives.window(torch.tensor([t]), 2), (b.x[:, t], b.dx[:, t]), 2)
        assert torch.allclose(forced.output[0, t - 179], one.x[0, 1], atol=1e-6)


def test_the_decay_shortens_the_gradient_and_leaves_the_values() -> None:
    results = []
    for decay in (1.0, 0.9):
        torch.manual_seed(0)
        model = Ouroboros(
            SamplesEncoder(degree=3, n_layers=1, expand=2), Polynomial(sample_rate=44100, degree=3), NoTract()
        )
        arguments = dict(horizon=64, rollout=lead(20, adjoint_decay=decay), rollout_grad=True)
        p = predict(model, batch([200], [Category.ONSET]), generator=torch.Generator().manual_seed(1), **arguments)
        p.output.square().sum().backward()
        results.append((p.output.detach(), model.encoder.gamma_net.bias.grad))
    assert torch.equal(results[0][0], results[1][0])
    assert abs(results[1][1]) < 0.9 * abs(results[0][1])


def test_only_onsets_start_cold() -> None:
    category = torch.tensor([Category.ONSET, Category.OFFSET, Category.MID, Category.ONSET] * 500)
    x, v = torch.full((2000,), 0.2), torch.full((2000,), -0.1)
    x0, v0 = initial_condition(x, v, category, 1e-3, torch.Generator().manual_seed(0))
    cold = category == Category.ONSET
    assert torch.equal(x0[~cold], x[~cold])
    assert torch.equal(v0[~cold], v[~cold])
    for state in (x0[cold], v0[cold]):
        assert abs(float(state.mean())) < 1e-4
        assert 0.9e-3 < float(state.std()) < 1.1e-3
    warm = torch.where(torch.arange(2000) == 1, Category.ONSET, category)
    again, _ = initial_condition(x, v, warm, 1e-3, torch.Generator().manual_seed(0))
    assert torch.equal(again[cold], x0[cold]), "a draw does not depend on the categories around it"


def test_prediction_is_consistent_with_the_model() -> None:
    torch.manual_seed(0)
    encoder = SamplesEncoder(degree=3, n_layers=1, expand=2)
    model = Ouroboros(encoder, Polynomial(sample_rate=44100, degree=3), NoTract(), backend="eager")
    b = batch([200, 0], [Category.ONSET, Category.MID])
    arguments = dict(rollout=lead(20), rollout_grad=True)
    p = predict(model, b, horizon=64, generator=torch.Generator().manual_seed(1), **arguments)
    assert p.output is not None
    assert p.target is not None
    assert torch.equal(p.target[0], b.x[0, 180:244])
    assert torch.equal(p.target[1], b.x[1, :64])
    assert torch.equal(p.output[1, 0], b.x[1, 0]), "a warm rollout begins at the data"
    assert abs(float(p.output[0, 0].detach())) < 6e-3, "a cold one near silence"
    drives = model(b.x, b.dx)
    trajectory = model.sing(
        drives.window(torch.tensor([180, 0]), 64), (p.output[:, 0].detach(), b.dx[[0, 1], [180, 0]]), 64
    )
    assert torch.allclose(p.output[1], trajectory.x[1], atol=1e-7)
    k, gamma, w = drives.stiffness, drives.gamma, drives.weights
    powers = torch.arange(4)
    polynomial = torch.einsum("blij,bli,blj->bl", w, b.x[..., None] ** powers, b.dx[..., None] ** powers)
    assert torch.allclose(p.acceleration, -k * b.x - gamma * b.dx - polynomial, atol=1e-6)
    silent = predict(model, b, horizon=64, generator=torch.Generator(), **{**arguments, "rollout_grad": False})
    assert silent.output is not None
    assert not silent.output.requires_grad
    assert silent.acceleration.requires_grad
    assert predict(model, b, horizon=None, generator=torch.Generator(), **arguments).output is None


def test_the_published_onset_rollout_begins_with_its_window() -> None:
    b = batch([200, 30, 390], [Category.ONSET, Category.ONSET, Category.MID])
    assert rollout_start(b, 150, onset_lead=None).tolist() == [0, 0, 0]


def test_onset_rollouts_can_start_from_the_data() -> None:
    x, v = torch.tensor([0.2, 0.3]), torch.tensor([0.1, 0.4])
    category = torch.tensor([Category.ONSET, Category.MID])
    arguments = (x, v, category, 1e-3, torch.Generator().manual_seed(1))
    warm_x, warm_v = initial_condition(*arguments, onset_cold=False)
    assert torch.equal(warm_x, x)
    assert torch.equal(warm_v, v)
    cold_x, cold_v = initial_condition(*arguments)
    assert float(cold_x[0].abs()) < 1e-2 > float(cold_v[0].abs())
    assert torch.equal(cold_x[1], x[1])


def test_the_acceleration_is_left_out_where_no_term_looks_at_it() -> None:
    torch.manual_seed(0)
    model = Ouroboros(
        SamplesEncoder(degree=3, n_layers=1, expand=2), Polynomial(sample_rate=44100, degree=3), NoTract()
    )
    arguments = dict(horizon=64, rollout=lead(20), rollout_grad=True)
    made = [
        predict(
            model,
            batch([200], [Category.ONSET]),
            generator=torch.Generator().manual_seed(1),
            acceleration=needed,
            **arguments,
        )
        for needed in (True, False)
    ]
    assert made[0].acceleration is not None
    assert made[1].acceleration is None
    assert torch.equal(made[0].output, made[1].output)
