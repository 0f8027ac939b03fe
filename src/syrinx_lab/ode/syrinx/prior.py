"""From what can be heard to what the syrinx does: pressure, tension and small learned departures from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...controls.analytic import AnalyticControls
from .normal_form import alpha_at, fixed_weights, given_back
from .pitch_map import pitch_map
from .species import SPECIES, Species

_SILENT = 1e-6


@dataclass
class Gestures:
    """What the bird does, at the knots of the drives.

    pressure  (B, T) of the air sacs: 0 at rest, 1 singing
    pitch_hz  (B, T) the pitch that the tension is set for, Hz
    gain      (B, T) of the source: output full scale per unit of v
    """

    pressure: Tensor
    pitch_hz: Tensor
    gain: Tensor


class SyrinxPrior(nn.Module):
    """The normal form of the avian vocal organ under gestures that are read off the recording.

        pressure  p = sigmoid((L - L_0 - onset_db) / slope_db + pressure_reach tanh r_00)
        pitch     f = f_0 2^(pitch_reach_cents tanh(r_omega) / 1200)
        tension   beta = pitch map of f;   alpha = alpha_at(p, beta)
        damping   gamma = given_back(beta), what the integrator takes from high notes
        gain      g = envelope / (rms of v at f);   the source is g v

    with L the level of the envelope in dB, L_0 that of the bird's background, f_0 the tracked pitch and r the raw
    outputs of an encoder, zero at first: then this is the *analytic* model, in which nothing is learned. The other
    weights stay within `weight_reach` of the normal form, w = fixed + weight_reach tanh r; terms of degree above 2
    move only where they already hold the orbit together (x^3, x^2 v), so that every orbit stays bounded.

    species            preset, a key of `SPECIES`
    sample_rate        Hz
    tau                s; None takes the species'
    degree             P, 3 or more
    onset_db           dB above the background at which the pressure is half
    slope_db           dB over which it rises
    pressure_reach     how far the encoder can shift that threshold, in slopes
    pitch_reach_cents  how far it can bend the pitch, cents
    weight_reach       how far it can move every other weight, dimensionless; below 1
    Raises ValueError for values out of range.
    """

    log_hz: Tensor
    beta: Tensor
    log_rms: Tensor
    fixed: Tensor
    movable: Tensor

    def __init__(
        self,
        *,
        sample_rate: int,
        species: str = "zebra_finch",
        tau: float | None = None,
        degree: int = 3,
        onset_db: float = 6.0,
        slope_db: float = 1.5,
        pressure_reach: float = 2.0,
        pitch_reach_cents: float = 100.0,
        weight_reach: float = 0.02,
    ) -> None:
        super().__init__()
        for name, value in (("slope_db", slope_db), ("onset_db", onset_db)):
            if not 0 < value < math.inf:
                raise ValueError(f"oscillator.prior.{name} is {value}: use decibels above 0")
        reaches = {"pressure_reach": pressure_reach, "pitch_reach_cents": pitch_reach_cents}
        for name, value in reaches.items():
            if not 0 <= value < math.inf:
                raise ValueError(f"oscillator.prior.{name} is {value}: use 0 or more")
        if not 0 <= weight_reach < 1:
            raise ValueError(f"oscillator.prior.weight_reach is {weight_reach}: use 0 to 1, so that x^3 keeps its sign")
        preset = _preset(species)
        self.species = preset
        self.tau = preset.tau_s if tau is None else float(tau)
        self.onset_db, self.slope_db = onset_db, slope_db
        self.pressure_reach, self.pitch_reach_cents, self.weight_reach = pressure_reach, pitch_reach_cents, weight_reach
        self.step = 1.0 / (sample_rate * self.tau)
        table = pitch_map(self.tau, self.step)
        self.register_buffer("log_hz", table.hz.log().float(), persistent=False)
        self.register_buffer("beta", table.beta.float(), persistent=False)
        self.register_buffer("log_rms", table.rms.log().float(), persistent=False)
        fixed = fixed_weights(degree)
        power = torch.arange(degree + 1)
        movable = (power[:, None] + power) <= 2
        movable[3, 0] = movable[2, 1] = True
        movable[0, 0] = movable[1, 0] = movable[0, 1] = False  # alpha, beta and gamma have these
        self.register_buffer("fixed", fixed, persistent=False)
        self.register_buffer("movable", movable, persistent=False)

    @property
    def pitch_range_hz(self) -> tuple[float, float]:
        """Lowest and highest pitch that the oscillator reaches at full pressure, Hz."""
        return math.exp(float(self.log_hz[0])), math.exp(float(self.log_hz[-1]))

    @torch.no_grad()
    def apply_(self, *heads: nn.Linear) -> None:
        """Make the raw outputs of an encoder zero, so that training begins from the analytic model."""
        for head in heads:
            head.weight.zero_()
            head.bias.zero_()

    def gestures(self, analytic: AnalyticControls, background: Tensor, r_omega: Tensor, r_weights: Tensor) -> Gestures:
        """Pressure, pitch and gain.

        analytic    controls at T knots
        background  () L_0 as an amplitude, in the recording's unit
        r_omega     (B, T) raw
        r_weights   (B, T, P+1, P+1) raw
        """
        level_db = 20 * torch.log10((analytic.envelope + _SILENT) / (background + _SILENT))
        shift = self.pressure_reach * torch.tanh(r_weights[..., 0, 0])
        pressure = torch.sigmoid((level_db - self.onset_db) / self.slope_db + shift)
        pitch = analytic.pitch_hz * torch.exp2(self.pitch_reach_cents / 1200 * torch.tanh(r_omega))
        gain = analytic.envelope / torch.exp(self._look_up(pitch, self.log_rms))
        return Gestures(pressure, pitch, gain)

    def drives(self, gestures: Gestures, r_gamma: Tensor, r_weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Stiffness beta (B, T), damping gamma (B, T) and weights (B, T, P+1, P+1) of the gestures, dimensionless."""
        beta = self._look_up(gestures.pitch_hz, self.beta)
        alpha = alpha_at(gestures.pressure, beta)
        gamma = given_back(beta, self.step) + self.weight_reach * torch.tanh(r_gamma)
        weights = self.fixed + self.weight_reach * torch.tanh(r_weights) * self.movable
        weights = torch.cat((alpha[..., None], weights.flatten(-2)[..., 1:]), -1).view_as(weights)
        return beta, gamma, weights

    def pitch_hz(self, beta: Tensor) -> Tensor:
        """The pitch in Hz of tensions beta (...,) at full pressure, by the inverse of the map."""
        return torch.exp(_interpolate(beta, self.beta, self.log_hz))

    def _look_up(self, hz: Tensor, values: Tensor) -> Tensor:
        return _interpolate(hz.log(), self.log_hz, values)


def _preset(name: str) -> Species:
    """The preset of a species."""
    if name not in SPECIES:
        raise ValueError(f"oscillator.prior.species is {name!r}: use one of {', '.join(SPECIES)}")
    return SPECIES[name]


def _interpolate(at: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Piecewise linear through the points (x, y) (N,), x rising; the ends beyond them. Differentiable in `at`."""
    x, y = x.to(at), y.to(at)
    at = at.clamp(x[0], x[-1])
    right = torch.searchsorted(x, at.detach().contiguous()).clamp(1, len(x) - 1)
    share = (at - x[right - 1]) / (x[right] - x[right - 1])
    return y[right - 1] + share * (y[right] - y[right - 1])
