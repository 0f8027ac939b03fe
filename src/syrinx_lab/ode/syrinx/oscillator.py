"""From what can be heard to what the syrinx does: pressure, tension and small learned departures from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import torch
from torch import Tensor

from ...types import Drives, Heads, Trajectory
from ..control_rate import interpolate
from ..oscillator import Oscillator, Reading
from ..parameters import Parameters, parameter
from .normal_form import alpha_at, fixed_weights, numerical_damping_correction
from .pitch_map import pitch_map
from .species import SPECIES, Species

_SILENT = 1e-6
_COARSEST_STEP = 0.75  # h = dt / tau


@dataclass
class Gestures(Parameters):
    """What the bird does, at the knots of the drives.

    pitch_hz  (B, T) the pitch that the tension is set for
    pressure  (B, T) of the air sacs: 0 at rest, 1 singing
    gain      (B, T) of the source
    gamma     (B, T) raw departure of the damping
    """

    pitch_hz: Tensor = parameter("Hz", low=1.0, ratio=True, refine=0.01)
    pressure: Tensor = parameter("1", low=0.0, high=1.0)
    gain: Tensor = parameter("full scale per unit of v", low=0.0, ratio=True, refine=0.05)
    gamma: Tensor = parameter("1")


class Syrinx(Oscillator):
    """The normal form of the avian vocal organ under gestures that are read off the recording.

        pressure  p = sigmoid((L - L_0 - onset_db) / slope_db + pressure_reach tanh r_00)
        pitch     f = f_0 2^(pitch_reach_cents tanh(r_omega) / 1200)
        tension   beta = pitch map of f;   alpha = alpha_at(p, beta)
        damping   gamma = numerical_damping_correction(beta), what the integrator takes from high notes
        gain      g = envelope / (rms of v at f);   the source is g v

    with L the level of the envelope in dB, L_0 that of the bird's background, f_0 the tracked pitch and r the raw
    outputs of an encoder, zero at first: then this is the *analytic* model, in which nothing is learned. The other
    weights stay within `weight_reach` of the normal form, w = fixed + weight_reach tanh r; terms of degree above 2
    move only where they already hold the orbit together (x^3, x^2 v), so that every orbit stays bounded.

    species            preset, a key of `SPECIES`
    sample_rate        Hz
    tau                s; None takes the species', or below 32 kHz the shortest whose steps are fine enough: with steps
                       h = dt / tau above 0.75 low notes lock to whole samples, by up to 260 cents at 22,050 Hz
    degree             P, 3 or more
    onset_db           dB above the background at which the pressure is half
    slope_db           dB over which it rises
    pressure_reach     how far the encoder can shift that threshold, in slopes
    pitch_reach_cents  how far it can bend the pitch, cents
    weight_reach       how far it can move every other weight, dimensionless; below 1
    Arguments that are not listed, and errors, as `Oscillator`; ValueError for values out of range.
    """

    parameters_type: ClassVar[type[Parameters]] = Gestures
    state_is_observed = False
    needs_analysis = True
    nonlinear_maps = True
    gives_pitch = True

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
        keep_const: bool = True,
        clamp_x: float | None = None,
        clamp_v: float | None = None,
        spin_up_ms: float = 10.0,
        onset_db: float = 6.0,
        slope_db: float = 1.5,
        pressure_reach: float = 2.0,
        pitch_reach_cents: float = 100.0,
        weight_reach: float = 0.02,
    ) -> None:
        preset = _preset(species)
        super().__init__(
            sample_rate=sample_rate,
            degree=degree,
            keep_const=keep_const,
            tau=max(preset.tau_s, 1 / (_COARSEST_STEP * sample_rate)) if tau is None else tau,
            clamp_x=clamp_x,
            clamp_v=clamp_v,
            spin_up_ms=spin_up_ms,
        )
        for name, value in (("slope_db", slope_db), ("onset_db", onset_db)):
            if not 0 < value < math.inf:
                raise ValueError(f"oscillator.{name} is {value}: use decibels above 0")
        reaches = {"pressure_reach": pressure_reach, "pitch_reach_cents": pitch_reach_cents}
        for name, value in reaches.items():
            if not 0 <= value < math.inf:
                raise ValueError(f"oscillator.{name} is {value}: use 0 or more")
        if not 0 <= weight_reach < 1:
            raise ValueError(f"oscillator.weight_reach is {weight_reach}: use 0 to 1, so that x^3 keeps its sign")
        self.species = preset
        self.onset_db, self.slope_db = onset_db, slope_db
        self.pressure_reach, self.pitch_reach_cents, self.weight_reach = pressure_reach, pitch_reach_cents, weight_reach
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

    @property
    def search_hz(self) -> tuple[float, float]:
        """Where the species is known to sing, Hz."""
        return self.species.pitch_hz

    @torch.no_grad()
    def initialise_(self, heads: Heads) -> None:
        """Make the raw outputs of an encoder zero, so that training begins from the analytic model."""
        for head in (heads.omega, heads.gamma, heads.weights):
            head.weight.zero_()
            head.bias.zero_()

    def encode(self, reading: Reading) -> Parameters:
        """Pressure, pitch and gain of what is heard, with the encoder's departures."""
        analytic, background = reading.analytic, reading.background
        assert analytic is not None, "the model has an analyser where needs_analysis is set"
        assert background is not None
        pressure = self.pressure(analytic.envelope, background, reading.weights()[..., 0, 0])
        pitch = analytic.pitch_hz * torch.exp2(self.pitch_reach_cents / 1200 * torch.tanh(reading.omega))
        return Gestures(pitch, pressure, self.gain(analytic.envelope, pitch), reading.gamma)

    def pressure(self, loudness: Tensor, background: Tensor, raw: Tensor) -> Tensor:
        """p (B, T) of a loudness (B, T) over the background, full scale, and the encoder's raw shift (B, T)."""
        level_db = 20 * torch.log10((loudness + _SILENT) / (background + _SILENT))
        shift = self.pressure_reach * torch.tanh(raw)
        return torch.sigmoid((level_db - self.onset_db) / self.slope_db + shift)

    def gain(self, loudness: Tensor, pitch_hz: Tensor) -> Tensor:
        """g (B, T), so that the source is as loud as `loudness` (B, T), full scale, at this pitch (B, T) in Hz."""
        return loudness / torch.exp(self._look_up(pitch_hz, self.log_rms))

    def decode(self, parameters: Parameters, weights: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Stiffness beta, damping, weights within their reach of the normal form, and gain."""
        gestures = cast(Gestures, parameters)
        beta = self._look_up(gestures.pitch_hz, self.beta)
        alpha = alpha_at(gestures.pressure, beta)
        correction = numerical_damping_correction(beta, self.step)
        gamma = correction + self.weight_reach * torch.tanh(gestures.gamma)
        weights = self.fixed + self.weight_reach * torch.tanh(weights) * self.movable
        weights = torch.cat((alpha[..., None], weights.flatten(-2)[..., 1:]), -1).view_as(weights)
        return beta, gamma, weights, gestures.gain

    def source(self, trajectory: Trajectory, drives: Drives) -> Tensor:
        """Gain v: pressure behind the labia follows their velocity."""
        assert drives.gain is not None, "drives of this oscillator have a gain"
        return interpolate(drives.gain, drives.hop, trajectory.v.shape[1]) * trajectory.v

    def pitch_hz(self, drives: Drives) -> Tensor:
        """(B, T) Hz: the pitch at full pressure, by the inverse of the map."""
        return self.pitch_at(drives.stiffness.detach())

    def sung_hz(self, parameters: Parameters) -> Tensor:
        """The pitch that the tension is set for."""
        hz: Tensor = cast(Any, parameters).pitch_hz
        return hz

    def pitch_at(self, beta: Tensor) -> Tensor:
        """The pitch in Hz of tensions beta (...,) at full pressure."""
        return torch.exp(piecewise_linear(beta, self.beta, self.log_hz))

    def transposed(self, parameters: Parameters, factor: float) -> Parameters:
        """The pitch that the tension is set for, and a gain that keeps the loudness; the tract does not move.

        Exact within `pitch_range_hz`, at whose ends pitch stops, but for the learned part of the weights: that shifts
        the pitch by a percent or two, and not in proportion.
        """
        before = cast(Gestures, parameters)
        pitch = factor * before.pitch_hz
        louder = torch.exp(self._look_up(before.pitch_hz, self.log_rms)) / torch.exp(self._look_up(pitch, self.log_rms))
        return replace(before, pitch_hz=pitch, gain=before.gain * louder)

    def amplified(self, parameters: Parameters, factor: float) -> Parameters:
        """The gain of the source; exact."""
        before = cast(Gestures, parameters)
        return replace(before, gain=factor * before.gain)

    def out_of_reach(self, parameters: Parameters) -> tuple[float, str]:
        """The share of the song, where pressure is above a half, whose pitch lies beyond `pitch_range_hz`."""
        gestures, (low, high) = cast(Gestures, parameters), self.pitch_range_hz
        hz = gestures.pitch_hz[gestures.pressure > 0.5]
        share = float(((hz < low) | (hz > high)).double().mean()) if len(hz) else 0.0
        return share, f"a pitch beyond the oscillator's {low:.0f} to {high:.0f} Hz"

    def _look_up(self, hz: Tensor, values: Tensor) -> Tensor:
        return piecewise_linear(hz.log(), self.log_hz, values)


def _preset(name: str) -> Species:
    """The preset of a species."""
    if name not in SPECIES:
        raise ValueError(f"oscillator.species is {name!r}: use one of {', '.join(SPECIES)}")
    return SPECIES[name]


def piecewise_linear(at: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Piecewise linear through the points (x, y) (N,), x rising; the ends beyond them. Differentiable in `at`."""
    x, y = x.to(at), y.to(at)
    at = at.clamp(x[0], x[-1])
    right = torch.searchsorted(x, at.detach().contiguous()).clamp(1, len(x) - 1)
    share = (at - x[right - 1]) / (x[right] - x[right - 1])
    return y[right - 1] + share * (y[right] - y[right - 1])
