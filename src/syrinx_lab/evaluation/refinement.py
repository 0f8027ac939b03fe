"""Controls of one recording, improved by gradient against its own spectrum."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..encoded import smooth_curve
from ..losses.mrstft import MultiResolutionStft
from ..model import Ouroboros
from ..ode.parameters import Radiation
from ..transfer import normal

# of the loss, as in loss=spectral_song
_LOG_FLOOR = 8e-3
_HIGHEST_HZ = 12_000.0
_LEVEL_WEIGHT = 0.3
_FAINTEST = 1e-8


@dataclass(frozen=True)
class Refinement:
    """How the raw controls of tract and noise are refined: the knots that count, and nothing else, descend.

    loss = multi-resolution STFT up to 12 kHz + 0.3 |log of the ratio of root mean squares|

    The oscillator is left alone: it sings as it was driven, from its cold start, and the gradient passes through what
    comes after it. So no rollout is repeated, and a step costs as much as tract, noise and three short-time spectra.
    The numbers a second stay those of the model. Each step draws the noise anew, so that none is learned by heart.

    steps  of Adam; 0 leaves everything as it is
    lr     step of the raw controls, nepers; it falls to a tenth along a cosine
    Raises ValueError for numbers out of range.
    """

    steps: int
    lr: float = 0.05

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ValueError(f"refine is {self.steps}: use steps from 0 (none) on")
        if not self.lr > 0:
            raise ValueError(f"refine_lr is {self.lr}: use nepers above 0")

    def refined(
        self, model: Ouroboros, source: Tensor, radiation: Radiation, target: Tensor, generator: torch.Generator
    ) -> Radiation:
        """The same with controls of tract and noise under which the model sounds more like the target.

        source     (1, L) of the oscillator, full scale
        radiation  of the target, (1, T) at the knots of the drives, with the envelope where there is noise
        target     (1, L) audio, full scale
        generator  of the noise
        """
        factor = model.knot_hop // model.control_hop
        named = {name: y for name, y in radiation.named().items() if name in ("tract", "noise")}
        if not self.steps or not named:
            return radiation
        spectra = MultiResolutionStft(log_floor=_LOG_FLOOR, highest_hz=_HIGHEST_HZ, sample_rate=model.sample_rate)
        goal, loudness = spectra.target_spectra(target), target.square().mean().add(_FAINTEST).log()
        knots = {name: counting_knots(y.detach(), factor).requires_grad_() for name, y in named.items()}
        adam = torch.optim.Adam(list(knots.values()), lr=self.lr)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, self.steps, eta_min=self.lr / 10)

        def current() -> Radiation:
            curves = {
                name: y if factor == 1 else smooth_curve(y, factor, named[name].shape[1]) for name, y in knots.items()
            }
            return replace(radiation, **curves)

        with torch.enable_grad():
            for _ in range(self.steps):
                excitation = None if model.noise_net is None else normal((2, *target.shape), generator, target)
                output = model.sound(source.detach(), current(), model.control_hop, excitation)
                level = 0.5 * (output.square().mean().add(_FAINTEST).log() - loudness).abs()
                loss = spectra.compare(output, goal).mean() + _LEVEL_WEIGHT * level
                # of the knots alone: what else the sound depends on keeps its own gradients
                for y, slope in zip(knots.values(), torch.autograd.grad(loss, list(knots.values()))):
                    y.grad = slope
                adam.step()
                schedule.step()
        with torch.no_grad():
            return current().each(Tensor.detach)


def counting_knots(y: Tensor, factor: int) -> Tensor:
    """The knots (B, K, C) that count of controls (B, T, C), through which the curve between them goes."""
    count = -(-(y.shape[1] - 1) // factor) + 1
    index = torch.arange(count, device=y.device) * factor
    return y[:, index.clamp(max=y.shape[1] - 1)].clone()
