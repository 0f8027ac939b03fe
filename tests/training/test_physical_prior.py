"""Training with the physical prior: the labia's state is hidden, and the gradient of the drives is kept to itself."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from plain_trainer import plain_trainer
from torch.utils.data import DataLoader

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.controls.background import background_response
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.evaluation.anchors import analytic_anchor, analytic_model
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.refinement import Refinement
from syrinx_lab.evaluation.scoring import Scoring
from syrinx_lab.evaluation.takes import perform
from syrinx_lab.losses.mrstft import MultiResolutionStft
from syrinx_lab.losses.weighted import WeightedLoss, WeightedTerm
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.noise.filtered import FilteredNoise
from syrinx_lab.ode.syrinx.oscillator import Syrinx
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.ode.tract.fir_mixture import FirMixture
from syrinx_lab.training.module import OuroborosModule
from syrinx_lab.training.optimisation import OptimiserSettings
from syrinx_lab.training.prediction import predict
from syrinx_lab.training.schedules import ConstHorizon
from syrinx_lab.types import Batch, Category, RolloutSettings, Trajectory, Vocalisation

RATE, LENGTH = 44100, 2205


def tone(batch: int = 2, hz: float = 700.0, onset: int = 1100) -> Batch:
    """Harmonic tones that begin at `onset` in the first window and fill the others."""
    t = torch.arange(LENGTH) / RATE
    x = sum(torch.sin(2 * torch.pi * k * hz * t) / k for k in (1, 2, 3))
    x = 0.1 * x.repeat(batch, 1) + 1e-4 * torch.randn(batch, LENGTH, generator=torch.Generator().manual_seed(0))
    x[0, :onset] *= 1e-3
    category = torch.tensor([Category.ONSET] + [Category.MID] * (batch - 1))
    dx = torch.gradient(x, dim=1)[0]
    return Batch(x, dx, torch.zeros_like(x), category, torch.tensor([onset] + [-1000] * (batch - 1)))


def syrinx_model(frames: bool = True, tract: bool = True) -> Ouroboros:
    torch.manual_seed(0)
    syrinx = Syrinx(sample_rate=RATE)
    if frames:
        encoder = FramesEncoder(3, True, RATE, d_model=8, n_layers=1, detach_heads=True)
    else:
        encoder = SamplesEncoder(degree=3, n_layers=1, expand=2)
    syrinx.initialise_(encoder.heads)
    parts = (FirMixture(sample_rate=RATE, filters=4), FilteredNoise(sample_rate=RATE, bands=4))
    model = Ouroboros(
        encoder,
        syrinx,
        parts[0] if tract else NoTract(),
        parts[1] if tract else None,
        Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0)),
        control_hop=32,
    )
    model.calibrate([tone().x[0]], [])
    return model


def prediction(model: Ouroboros, batch: Batch, seed: int = 1):
    arguments = dict(horizon=2048, rollout_grad=True, rollout=RolloutSettings(onset_lead_ms=220 / 44.1))
    return predict(model, batch, generator=torch.Generator().manual_seed(seed), **arguments)


def test_the_untrained_model_sings_the_pitch_it_hears_and_only_when_it_hears_it() -> None:
    batch = tone()
    model = syrinx_model(tract=False)
    made = prediction(model, batch)
    assert made.acceleration is None
    begin = 1100 - 156 // 32 * 32  # the horizon nearly fills the window: its last knot that leaves room for 2,048
    output = made.output.detach()
    # the labia swing from zero to where they rest first
    silent = output[0, 300 : begin - 200].square().mean().sqrt()
    sounding = output[0, begin + 300 :].square().mean().sqrt()
    target = made.target[0, begin + 300 :].square().mean().sqrt()
    assert float(silent) < 1e-5 * float(sounding)
    assert float(sounding) == pytest.approx(float(target), rel=0.1)
    spectrum = torch.fft.rfft(output[1] * torch.hann_window(2048), 2**16).abs()
    hz = torch.fft.rfftfreq(2**16, 1 / RATE)
    near = (hz > 400) & (hz < 1000)
    assert float(hz[near][spectrum[near].argmax()]) == pytest.approx(700.0, rel=0.01)


def test_a_rollout_within_a_syllable_begins_on_the_cycle_and_a_cold_one_near_silence() -> None:
    model = syrinx_model(tract=False)
    batch = tone()
    made = prediction(model, batch)
    drives = made.drives
    v = (made.output.detach() / drives.gain[:, :2].mean(1, keepdim=True)).abs()
    assert float(v[0, 0]) < 5e-3  # a draw of rms 1e-3
    assert float(v[1, :64].max()) > 0.3


def test_samples_encoder_can_be_set_to_depart_from_the_prior_too() -> None:
    model = syrinx_model(frames=False)
    made = prediction(model, tone())
    assert made.drives.hop == 32
    assert made.drives.tract.shape == (2, 70, 5)
    assert bool(torch.isfinite(made.output).all())


def test_silencing_the_oscillator_leaves_the_noise_alone() -> None:
    model = syrinx_model()
    batch = tone()
    drives = model(batch.x, batch.dx)
    trajectory = model.sing(drives, (torch.full((2,), 1e-3),) * 2, 2048)
    excitation = model.excitation(batch.x[:, :2048], torch.Generator().manual_seed(2))
    assert excitation.shape == (2, 2, 2048)
    trajectory.x.zero_()
    trajectory.v.zero_()
    rest = model.radiate(trajectory, drives, excitation)
    breath, background = (
        model.noise(excitation[0], drives.envelope, drives.noise, 32),
        model.noise.background(excitation[1]),
    )
    assert torch.equal(rest, breath + background)
    share = rest[1].square().mean() / batch.x[1].square().mean()
    assert 0.005 < float(share) < 0.35**2 * 1.3
    assert not bool(model.radiate(trajectory, drives).any())


def test_the_background_is_the_recordings_own_and_is_not_filtered_again() -> None:
    model, batch = syrinx_model(), tone()
    assert torch.equal(model.noise.response, background_response([batch.x[0]]))
    model.highpass_hz = 5000.0
    drives = model(batch.x, batch.dx)
    excitation = model.excitation(batch.x[:, :2048], torch.Generator().manual_seed(2))
    still = Trajectory(torch.zeros(2, 2048), torch.zeros(2, 2048))
    background = model.noise.background(excitation[1])
    assert bool(background.any())
    drives.envelope.zero_()  # no breath
    assert torch.equal(model.radiate(still, drives, excitation), background)


def test_groups_hold_every_parameter_once_and_the_drives_alone_feel_the_rollout() -> None:
    model = syrinx_model()
    groups = model.parameter_groups()
    assert list(groups) == ["rest", "responses", "drives"]
    assert [p.shape for p in groups["responses"]] == [model.tract.responses.shape]
    ids = [id(p) for group in groups.values() for p in group]
    assert sorted(ids) == sorted(id(p) for p in model.parameters())
    batch = tone()
    # a loss of the trajectory alone
    drives = model(batch.x, batch.dx)
    v = model.sing(drives, (torch.full((2,), 1e-3),) * 2, 1024).v
    v.square().mean().backward()
    felt = {name: any(p.grad is not None and bool(p.grad.any()) for p in group) for name, group in groups.items()}
    assert felt == {"rest": False, "responses": False, "drives": True}


def module(model: Ouroboros, **settings) -> OuroborosModule:
    objective = WeightedLoss({"spec": WeightedTerm(MultiResolutionStft())})
    optim = OptimiserSettings(partial(torch.optim.Adam, lr=1e-3), **settings)
    return OuroborosModule(model, objective, ConstHorizon(1024), optim, planned_epochs=3, seed=7)


def trained(settings: dict, epochs: int = 2) -> tuple[OuroborosModule, dict[str, torch.Tensor]]:
    made = module(syrinx_model(), **settings)
    before = {name: p.detach().clone() for name, p in made.model.named_parameters()}
    plain_trainer(epochs).fit(made, DataLoader([tone(), tone()], batch_size=None))
    moved = {name: (p.detach() - before[name]).abs().max() for name, p in made.model.named_parameters()}
    return made, moved


def test_drives_stay_the_priors_until_their_epoch_and_move_at_their_own_rate() -> None:
    heads = ("encoder.omega_net.weight", "encoder.weights_net.bias")
    _, never = trained({})
    assert all(float(never[name]) == 0 for name in heads)
    assert float(never["tract.responses"]) > 1e-4
    made, late = trained({"drives_start_epoch": 1, "drives_lr_scale": 0.01, "tract_lr_scale": 0.1})
    # two updates of Adam move a parameter by at most twice its rate
    assert all(0 < float(late[name]) <= 2.1e-5 for name in heads)
    assert 1e-5 < float(late["tract.responses"]) <= 4.1e-4  # four updates, at a tenth of the rate
    _, not_yet = trained({"drives_start_epoch": 2})
    assert all(float(not_yet[name]) == 0 for name in heads)
    rates = [group["lr"] for group in made.optimizers().optimizer.param_groups]
    assert rates == pytest.approx([1e-3, 1e-4, 1e-5])


def test_each_group_is_clipped_by_itself() -> None:
    made = module(syrinx_model(), grad_clip=0.5, drives_grad_clip=2.0)
    groups = made.model.parameter_groups()
    for group in groups.values():
        for parameter in group:
            parameter.grad = torch.full_like(parameter, 3.0)
    made.configure_gradient_clipping(torch.optim.SGD(made.parameters(), lr=1.0))
    norms = {name: torch.stack([p.grad.norm() for p in group]).norm() for name, group in groups.items()}
    assert float(norms["rest"]) == pytest.approx(0.5, rel=1e-3)
    assert float(norms["responses"]) == pytest.approx(0.5, rel=1e-3)
    assert float(norms["drives"]) == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize(
    "settings",
    [{"drives_start_epoch": -1}, {"drives_lr_scale": 0.0}, {"drives_grad_clip": 0.0}, {"tract_lr_scale": 0.0}],
)
def test_bad_settings_of_the_groups_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        module(syrinx_model(), **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"control_hop": 16}, r"encoder\.hop 32"),
        ({"analyser": None}, "encoder reads pitch or envelope: use controls=analytic"),
        ({"drive_lowpass_ms": -1.0}, "drive_lowpass_ms"),
        ({"oscillator": NoTract()}, r"oscillator is a NoTract: derive it from syrinx_lab\.ode\.oscillator\.Oscillator"),
    ],
)
def test_parts_that_do_not_fit_are_refused(settings: dict, message: str) -> None:
    encoder = FramesEncoder(3, True, RATE, d_model=8, n_layers=1)
    arguments = dict(oscillator=Syrinx(sample_rate=RATE), tract=NoTract(), analyser=Analyser(sample_rate=RATE))
    with pytest.raises(ValueError, match=message):
        Ouroboros(encoder, **(arguments | settings))


def test_the_analytic_anchor_is_the_untrained_model() -> None:
    trained = syrinx_model(tract=False)
    batch = tone()
    clip = Clip(
        Vocalisation("r", "e", 0, LENGTH, 1100, LENGTH), *(y[0].numpy() for y in (batch.x, batch.dx, batch.d2x))
    )
    anchor = analytic_model(RATE, [batch.x[0]], [], (300.0, 3000.0))
    ours, theirs = (perform(m, clip, ic_noise_rms=1e-3, seed=3).raw_score for m in (trained, anchor))
    assert theirs.tf_corr == pytest.approx(ours.tf_corr, abs=1e-4)
    alone, beside = (analytic_anchor(anchor, [clip], Scoring(1e-3, seed=0, refinement=Refinement(n))) for n in (0, 9))
    assert alone["tf_corr"] > 0.5
    assert beside == alone, "what is refined of the trained one is not of the untrained"
    with pytest.raises(ValueError, match="no pitch"):
        analytic_model(RATE, [batch.x[0]], [1e-3 * torch.randn(LENGTH)], None)
