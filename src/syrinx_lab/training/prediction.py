"""One forward pass of training: encode the drives once, anchor on the acceleration, roll out cold or warm."""

from __future__ import annotations

import torch
from torch import Tensor

from ..model import Ouroboros
from ..ode.rollout import Forcing
from ..transfer import normal, sent
from ..types import Batch, Category, Drives, Prediction, RolloutSettings


def rollout_start(batch: Batch, horizon: int, onset_lead: int | None, hop: int = 1) -> Tensor:
    """(B,) int64 sample of each window where its rollout begins, a multiple of `hop`: on a knot of the drives.

    ONSET: at most `onset_lead` samples before the onset, so that a short horizon still contains the ignition, and
    earlier where the horizon would otherwise leave the window. OFFSET and MID, and with None, as published, ONSET too:
    the window's first sample.
    """
    if onset_lead is None:
        return torch.zeros_like(batch.onset)
    latest = (batch.x.shape[1] - horizon) // hop * hop
    lead = -((onset_lead - batch.onset) // hop) * hop  # rounded up
    lead = lead.clamp(min=0, max=latest)
    return torch.where(batch.category == Category.ONSET, lead, torch.zeros_like(lead))


def initial_condition(
    x: Tensor, v: Tensor, category: Tensor, ic_noise_rms: float, generator: torch.Generator, onset_cold: bool = True
) -> tuple[Tensor, Tensor]:
    """The state (x (B,), v (B,)) at the rollout's start: the data's, but for ONSET a draw from N(0, ic_noise_rms^2).

    onset_cold  False starts ONSET from the data as well.
    Noise is drawn for every item, so that an item's draw does not depend on the categories around it.
    """
    noise = normal((2, len(x)), generator, x) * ic_noise_rms
    cold = sent((category == Category.ONSET) & onset_cold, x.device).repeat(len(x) // len(category))  # of both sides
    return torch.where(cold, noise[0], x), torch.where(cold, noise[1], v)


def predict(
    model: Ouroboros,
    batch: Batch,
    *,
    horizon: int | None,
    rollout_grad: bool,
    rollout: RolloutSettings,
    generator: torch.Generator,
    acceleration: bool = True,
) -> Prediction:
    """All that the loss terms look at, from drives encoded once.

    Where the state is not in the recording there is no acceleration to compare, and rollouts that begin within a
    syllable begin from the state that the oscillator has after its spin-up under their first drives.

    Args:
        horizon: samples of the rollout, at most the window's length; None leaves the rollout out.
        rollout_grad: whether gradients flow through the rollout; False computes it for the log only.
        rollout: how it begins and what steers it.
        generator: source of the cold starts' noise, and of which birds are withheld.
        acceleration: whether a term looks at the teacher-forced acceleration; False leaves it out.
    """
    birds = batch.birds
    if model.birds is not None and birds is not None:
        birds = tuple(model.birds.withheld(birds, generator))
    drives = model(batch.x, batch.dx, birds)
    prediction = Prediction(
        acceleration=model.acceleration(batch.x, batch.dx, drives) if acceleration else None,
        target_acceleration=model.target_acceleration(batch.d2x),
        drives=drives,
    )
    if horizon is None:
        return prediction
    start = rollout_start(batch, horizon, rollout.onset_lead(model.sample_rate), drives.hop)
    window = sent(start, batch.x.device)[:, None] + torch.arange(horizon, device=batch.x.device)
    target = batch.x.gather(1, window)
    forced = rollout.forcing_rate != 0
    velocity = model.velocity(batch.dx.gather(1, window if forced else window[:, :1]))
    heard = drives.window(start, horizon)
    known = (target[:, 0], velocity[:, 0])
    if not model.oscillator.state_is_observed:
        nowhere = torch.full_like(batch.category, Category.ONSET)
        known = model.spun_up(heard, initial_condition(*known, nowhere, rollout.ic_noise_rms, generator))
    onset_cold = rollout.onset_start == "cold"
    state = initial_condition(*known, batch.category, rollout.ic_noise_rms, generator, onset_cold)
    forcing = _forcing(model, heard, target, velocity, rollout) if forced else None
    with torch.set_grad_enabled(rollout_grad and torch.is_grad_enabled()):
        trajectory = model.sing(heard, state, horizon, forcing, rollout.adjoint_decay)
        prediction.output = model.radiate(trajectory, heard, model.excitation(target, generator))
    prediction.target, prediction.trajectory = target, trajectory
    prediction.forcing_rate = None if forcing is None else forcing.rate
    return prediction


def _forcing(model: Ouroboros, drives: Drives, x: Tensor, v: Tensor, rollout: RolloutSettings) -> Forcing:
    """What pulls the state to the data (B, H), at the rate that is set or found."""
    rate = rollout.forcing_rate
    if isinstance(rate, str):
        rate = model.oscillator.adaptive_rate(drives, x, v)
    return Forcing(x, v, rate)
