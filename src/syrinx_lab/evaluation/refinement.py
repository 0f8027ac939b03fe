"""What was read off one recording, improved by gradient against its own spectrum."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..encoded import FAINTEST, Encoded, smooth_curve
from ..losses.mrstft import MultiResolutionStft
from ..model import Ouroboros
from ..ode.parameters import ParameterFacts

# of the loss, as in loss=spectral_song
_LOG_FLOOR = 8e-3
_HIGHEST_HZ = 12_000.0
_LEVEL_WEIGHT = 0.3
_FAINTEST_POWER = 1e-8


@dataclass(frozen=True)
class Refinement:
    """How the numbers that a clip is sung from are refined: the knots that count, and nothing else, descend.

    loss = multi-resolution STFT up to 12 kHz + 0.3 |log of the ratio of root mean squares|

    The gradient passes through the whole song: noise, tract, and the rollout from its cold start. Which parameters move
    and how fast is said where they are declared (`ParameterFacts.refine`): pitch and loudness slower than the controls
    of tract and noise. The numbers a second stay those of the model. The noise is that which is sung afterwards, from
    its seed: as in speech coders, what is chosen is the filter under which this very noise comes closest. A refined
    clip is thus its numbers and a seed; under another seed its noise is as good as without refinement.

    steps  of Adam; 0 leaves everything as it is
    lr     step of the raw controls of tract and noise, nepers; it falls to nothing along a cosine
    Raises ValueError for numbers out of range.

    Source: Schroeder and Atal, Code-excited linear prediction, ICASSP 1985 (a filter fitted to a known excitation).
    """

    steps: int
    lr: float = 0.1

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ValueError(f"refine is {self.steps}: use steps from 0 (none) on")
        if not self.lr > 0:
            raise ValueError(f"refine_lr is {self.lr}: use nepers above 0")

    def refined(
        self,
        model: Ouroboros,
        encoded: Encoded,
        state: tuple[Tensor, Tensor],
        excitation: Tensor | None,
        target: Tensor,
    ) -> Encoded:
        """The best of all steps by the loss, the first one, which is `encoded` itself, among them.

        encoded     (1, T) what was read off the recording
        state       (x (1,), v (1,)) in which the oscillator begins
        excitation  (2, 1, L) the noise that will be sung, as of `Ouroboros.excitation`
        target      (1, L) audio, full scale
        """
        moving = _Moving(encoded, model.knot_hop // model.control_hop)
        if not self.steps or not moving.knots:
            return encoded
        spectra = MultiResolutionStft(log_floor=_LOG_FLOOR, highest_hz=_HIGHEST_HZ, sample_rate=model.sample_rate)
        goal, power = spectra.target_spectra(target), target.square().mean().add(_FAINTEST_POWER).log()
        samples = target.shape[1]
        with torch.no_grad():
            once = None if moving.moves_oscillator else model.sing(model.decode(encoded), state, samples)

        def loss_of(numbers: Encoded) -> Tensor:
            drives = model.decode(numbers)
            trajectory = model.sing(drives, state, samples) if once is None else once
            output = model.radiate(trajectory, drives, excitation)
            level = 0.5 * (output.square().mean().add(_FAINTEST_POWER).log() - power).abs()
            return spectra.compare(output, goal).mean() + _LEVEL_WEIGHT * level

        adam = torch.optim.Adam(
            [{"params": [y], "lr": self.lr * moving.pace[name]} for name, y in moving.knots.items()]
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, self.steps)
        best, lowest = encoded, float("inf")
        for _ in range(self.steps):
            with torch.enable_grad():
                numbers = moving.numbers()
                loss = loss_of(numbers)
                # of the knots alone: what else the sound depends on keeps its own gradients
                slopes = torch.autograd.grad(loss, list(moving.knots.values()))
            value = float(loss.detach())
            if not math.isfinite(value):
                break
            if value < lowest:
                best, lowest = numbers, value
            for y, slope in zip(moving.knots.values(), slopes):
                y.grad = slope.nan_to_num(0.0, 0.0, 0.0)
            adam.step()
            schedule.step()
        return Encoded(
            best.oscillator.each(Tensor.detach), best.weight_code.detach(), best.radiation.each(Tensor.detach)
        )


class _Moving:
    """The knots that count of all parameters that are refined, ratios by their logarithm.

    knots  name -> (1, K) or (1, K, C), a leaf
    pace   name -> step as a share of that of the raw controls
    """

    def __init__(self, encoded: Encoded, factor: int) -> None:
        self._encoded, self._factor = encoded, factor
        self.facts: Mapping[str, ParameterFacts] = encoded.oscillator.facts() | encoded.radiation.facts()
        named = encoded.oscillator.named() | encoded.radiation.named()
        self.pace = {name: self.facts[name].refine for name in named if self.facts[name].refine > 0}
        self.knots = {
            name: counting_knots(self._linear(name, named[name].detach()), factor).requires_grad_()
            for name in self.pace
        }
        self.moves_oscillator = any(name in self.knots for name in encoded.oscillator.named())

    def _linear(self, name: str, y: Tensor) -> Tensor:
        return y.clamp_min(FAINTEST).log() if self.facts[name].ratio else y

    def numbers(self) -> Encoded:
        """What the knots stand for, at the knots of the drives."""
        rows, curves = self._encoded.weight_code.shape[1], {}
        for name, y in self.knots.items():
            curve = y if self._factor == 1 else smooth_curve(y, self._factor, rows)
            curves[name] = curve.exp() if self.facts[name].ratio else curve
        own, after = self._encoded.oscillator, self._encoded.radiation
        return replace(
            self._encoded,
            oscillator=replace(own, **{name: y for name, y in curves.items() if name in own.facts()}),
            radiation=replace(after, **{name: y for name, y in curves.items() if name in after.facts()}),
        )


def counting_knots(y: Tensor, factor: int) -> Tensor:
    """The knots (B, K) or (B, K, C) that count of controls (B, T) or (B, T, C), through which the curve between them
    goes."""
    count = -(-(y.shape[1] - 1) // factor) + 1
    index = torch.arange(count, device=y.device) * factor
    return y[:, index.clamp(max=y.shape[1] - 1)].clone()
