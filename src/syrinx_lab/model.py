"""The polynomial Ouroboros: an encoder reads the drives, the driven oscillator sings, the tract radiates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import cast

import torch
from torch import Tensor, nn

from .controls.analyser import Analyser
from .controls.background import background_response
from .encoders import Encoder
from .ode.control_rate import acceleration_along, interpolate, to_knots
from .ode.highpass import highpass_reach, zero_phase_highpass
from .ode.lowpass import gaussian_lowpass
from .ode.noise import Noise
from .ode.noise.filtered import FilteredNoise
from .ode.oscillator import SoftClamp
from .ode.rollout import BACKENDS, Forcing, rollout
from .ode.syrinx.prior import Gestures, SyrinxPrior
from .transfer import normal
from .types import Drives, Trajectory


class Ouroboros(nn.Module):
    """tau^2 x'' = -k(t) x - gamma(t) v - sum_ij w_ij(t) x^i v^j with v = tau x', drives read off the recording.

    k = omega^2 with `stiffness: squared`, or any sign with `signed`. Every drive passes the zero-phase Gaussian
    low-pass of `drive_lowpass_ms` before it is used, in training and in evaluation alike.

    Without a prior the state x is the sound. With one, the encoder's outputs are small departures from the normal form
    of the vocal organ under gestures that are read off the recording, the state is the labia's, and the source is
    gain v. Then the tract and breath, through the high-pass that the recordings were read through, and the background
    that they have: out = highpass(tract(source) + breath) + background.

    Args:
        encoder: maps x, v (B, L) to `Controls`, and controls (B, T, C) to weights (B, T, P+1, P+1).
        tract: maps a source (B, H) and its own controls to audio (B, H), see `ode.tract`.
        noise: maps white noise (B, H), the envelope and its own controls to audio (B, H), see `ode.noise`; None: none.
        prior: the physical prior, or None.
        analyser: reads the analytic controls; what needs them (prior, noise, an encoder of frames) cannot be without.
        sample_rate: Hz.
        tau: time scale in seconds; None takes one sample interval, as published, or the prior's.
        stiffness: "squared" or "signed".
        drive_lowpass_ms: standard deviation of the Gaussian in ms; 0 switches it off.
        control_hop: samples between the knots of the drives, with straight lines between them; 1 gives every sample
            drives of its own. It thins out the controls of an encoder that works at audio rate, after the low-pass.
        clamp_x, clamp_v: soft clamps of the free-running state; None for either runs unclamped.
        settle_ms: with a prior, how long the labia sing under a window's first drives before a rollout in training that
            begins within a syllable: their state cannot be read off the recording.
        highpass_hz: cut-off of the zero-phase high-pass on what is radiated, in Hz; None: none.
        backend: how a rollout is integrated, see `ode.rollout`.

    Raises:
        ValueError: an unknown stiffness or backend, a negative time, a control_hop below 1 or another than the
            encoder's, a tau that is not positive, or a prior or noise without an analyser.
    """

    def __init__(
        self,
        encoder: nn.Module,
        tract: nn.Module,
        noise: nn.Module | None = None,
        prior: SyrinxPrior | None = None,
        analyser: Analyser | None = None,
        *,
        sample_rate: int,
        tau: float | None = None,
        stiffness: str = "squared",
        drive_lowpass_ms: float = 1.0,
        control_hop: int = 1,
        clamp_x: float | None = 0.5,
        clamp_v: float | None = 1.0,
        settle_ms: float = 10.0,
        highpass_hz: float | None = None,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        if stiffness not in ("squared", "signed"):
            raise ValueError(f"oscillator.stiffness is {stiffness!r}: use squared or signed")
        if backend not in ("auto", *BACKENDS):
            raise ValueError(f"backend.name is {backend!r}: use one of {', '.join(('auto', *BACKENDS))}")
        for name, value in (("drive_lowpass_ms", drive_lowpass_ms), ("settle_ms", settle_ms)):
            if value < 0:
                raise ValueError(f"oscillator.{name} is {value}: use 0 or more")
        if control_hop < 1:
            raise ValueError(f"oscillator.control_hop is {control_hop}: use 1 (audio rate) or more samples")
        if tau is not None and tau <= 0:
            raise ValueError(f"oscillator.tau is {tau}: use seconds above 0, or null for one sample")
        hop = getattr(encoder, "hop", 1)
        if hop > 1 and control_hop not in (1, hop):
            raise ValueError(f"oscillator.control_hop is {control_hop}, but encoder.hop {hop}: give one, or both alike")
        if prior is not None and stiffness != "signed":
            raise ValueError(f"oscillator.stiffness is {stiffness!r}, but the prior's tension has any sign: use signed")
        if prior is not None and tau not in (None, prior.tau):
            raise ValueError(f"oscillator.tau is {tau}, but the prior's map was made for {prior.tau}")
        if prior is not None and analyser is None:
            raise ValueError("oscillator.prior reads pitch and envelope: use controls=analytic")
        self.encoder = encoder
        self.tract = tract
        self.noise = noise
        self.prior = prior
        self.analyser = analyser
        self.tract_net = _head(encoder, tract)
        self.noise_net = _head(encoder, noise)
        if noise is not None and self.noise_net is not None and analyser is None:
            raise ValueError("the noise follows the envelope: use controls=analytic")
        self.sample_rate = sample_rate
        self.tau = (1.0 / sample_rate if prior is None else prior.tau) if tau is None else float(tau)
        self.stiffness = stiffness
        self.drive_lowpass_ms = drive_lowpass_ms
        self.control_hop = max(hop, control_hop)
        self.clamp = None if clamp_x is None or clamp_v is None else SoftClamp(clamp_x, clamp_v)
        self.settle = 0 if prior is None else round(settle_ms * 1e-3 * sample_rate)
        self.highpass_hz = highpass_hz
        self.backend = backend

    @property
    def step(self) -> float:
        """h = dt / tau, the rollout's step in rescaled time."""
        return 1.0 / (self.sample_rate * self.tau)

    @property
    def device(self) -> torch.device:
        """Where the model's tensors are."""
        return next(chain(self.parameters(), self.buffers())).device

    @property
    def state_is_sound(self) -> bool:
        """Whether the oscillator's x is the sound itself, so that a recording tells its state and acceleration."""
        return self.prior is None

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """All parameters in groups that want rates of their own; empty groups are left out.

        rest
        responses  a tract's impulse responses: a step of Adam moves every tap by the rate, which adds up over the taps
        drives     by which a prior's drives alone are moved; their gradient passes through the rollout
        """
        heads = ("omega_net", "gamma_net", "code_net", "weights_net") if self.prior is not None else ()
        drives = [p for name in heads if hasattr(self.encoder, name) for p in getattr(self.encoder, name).parameters()]
        responses = [p for name, p in self.tract.named_parameters() if name == "responses"]
        taken = {id(p) for p in drives + responses}
        rest = [p for p in self.parameters() if id(p) not in taken]
        groups = {"rest": rest, "responses": responses, "drives": drives}
        return {name: group for name, group in groups.items() if group}

    def calibrate(self, recordings: Sequence[Tensor], syllables: Sequence[Tensor]) -> None:
        """Take from training recordings (L,) what is not learned: range of pitch and background, see `Analyser`.

        recordings  with their silence;   syllables  without
        """
        if self.analyser is None:
            return
        self.analyser.calibrate(recordings, syllables)
        if self.noise_net is not None:
            noise = cast(FilteredNoise, self.noise)
            noise.calibrate(background_response(recordings, len(noise.response) + 1))

    def velocity(self, dx: Tensor) -> Tensor:
        """v = tau x' from dx = dt x', any shape."""
        return dx / self.step

    def target_acceleration(self, d2x: Tensor) -> Tensor:
        """tau^2 x'' from d2x = dt^2 x'', any shape."""
        return d2x / self.step**2

    def drives(self, x: Tensor, dx: Tensor) -> Drives:
        """The low-passed drives of a recording: x (B, L) audio and dx (B, L) = dt x' -> Drives that cover L samples."""
        return self.drives_of(self.read(x, dx))

    def read(self, x: Tensor, dx: Tensor) -> dict[str, Tensor]:
        """What is read off a recording: numbers (B, T, n) by name, low-passed, at knots `control_hop` samples apart.

        stiffness, or with a prior pressure, pitch_hz and gain; gamma; code, of the weights; envelope, with an analyser;
        tract and noise, raw controls of those that take some. x (B, L) audio, dx (B, L) = dt x'.
        """
        encoder = cast(Encoder, self.encoder)
        analytic = None if self.analyser is None else self.analyser(x, self.control_hop)
        v = self.velocity(dx)
        controls = encoder(x, v) if analytic is None else encoder(x, v, analytic)
        raw = {"omega": controls.omega[..., None], "gamma": controls.gamma[..., None], "code": controls.weights}
        for name, net in (("tract", self.tract_net), ("noise", self.noise_net)):
            if net is not None:
                assert controls.features is not None, "an encoder with a width gives features"
                raw[name] = net(controls.features)
        smooth = self._lowpass(torch.cat(list(raw.values()), -1), controls.hop)
        if controls.hop == 1 < self.control_hop:
            smooth = to_knots(smooth, self.control_hop)
        told = dict(zip(raw, smooth.split([y.shape[-1] for y in raw.values()], -1)))
        omega = told.pop("omega")
        if analytic is not None:
            told["envelope"] = analytic.envelope[..., None]
        if self.prior is None:
            return {"stiffness": omega.square() if self.stiffness == "squared" else omega} | told
        assert analytic is not None
        assert self.analyser is not None
        weights = encoder.weights(told["code"])
        gestures = self.prior.gestures(analytic, self.analyser.background, omega[..., 0], weights)
        return {name: value[..., None] for name, value in vars(gestures).items()} | told

    def drives_of(self, told: Mapping[str, Tensor]) -> Drives:
        """The drives that follow from what `read` gives, or from some of its knots or an edited version of them."""
        hop, weights = self.control_hop, cast(Encoder, self.encoder).weights(told["code"])
        numbers = {name: told[name][..., 0] for name in told if name not in ("code", "tract", "noise")}
        rest = {"envelope": numbers.get("envelope"), "tract": told.get("tract"), "noise": told.get("noise")}
        gamma = numbers["gamma"]
        if self.prior is None:
            return Drives(numbers["stiffness"], gamma, weights, hop, **rest)
        gestures = Gestures(numbers["pressure"], numbers["pitch_hz"], numbers["gain"])
        stiffness, gamma, weights = self.prior.drives(gestures, gamma, weights)
        flat = torch.stack((stiffness, gamma, gestures.gain), -1)
        flat = self._lowpass(torch.cat((flat, weights.flatten(-2)), -1), hop)  # the maps are not linear
        stiffness, gamma, gain = flat[..., :3].unbind(-1)
        return Drives(stiffness, gamma, flat[..., 3:].view_as(weights), hop, gain=gain, **rest)

    def _lowpass(self, y: Tensor, hop: int) -> Tensor:
        return gaussian_lowpass(y, self.drive_lowpass_ms * 1e-3 * self.sample_rate / hop)

    def pitch_hz(self, drives: Drives) -> Tensor:
        """(B, T) Hz: the pitch at full pressure with a prior, else the small-amplitude frequency; for display."""
        if self.prior is None:
            return drives.frequency_hz(self.tau)
        return self.prior.pitch_hz(drives.stiffness.detach())

    def acceleration(self, x: Tensor, dx: Tensor, drives: Drives) -> Tensor:
        """(B, L) teacher-forced tau^2 x'': the right-hand side at the data's own states, unclamped."""
        return acceleration_along(x, self.velocity(dx), drives)

    def sing(
        self,
        drives: Drives,
        ic: tuple[Tensor, Tensor],
        horizon: int,
        forcing: Forcing | None = None,
        adjoint_decay: float = 1.0,
    ) -> Trajectory:
        """The run over `horizon` samples from ic = (x (B,), v (B,)) with only the drives supplied, unless forced."""
        return rollout(
            drives,
            ic,
            horizon,
            backend=self.backend,
            step=self.step,
            clamp=self.clamp,
            forcing=forcing,
            adjoint_decay=adjoint_decay,
        )

    @torch.no_grad()
    def settled(self, drives: Drives, ic: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """The state (x (B,), v (B,)) after `settle` samples from ic under the first drives, unchanging."""
        end = self.sing(drives.held(self.settle + 1), ic, self.settle + 1)
        return end.x[:, -1], end.v[:, -1]

    def excitation(self, like: Tensor, generator: torch.Generator) -> Tensor | None:
        """White noise (2, B, H) of unit variance for `like` (B, H), breath's and background's; None without a noise."""
        return None if self.noise_net is None else normal((2, *like.shape), generator, like)

    def source(self, trajectory: Trajectory, drives: Drives) -> Tensor:
        """(B, H) what the oscillator sends into the tract: x itself, or gain v with a prior."""
        if drives.gain is None:
            return trajectory.x
        return interpolate(drives.gain, drives.hop, trajectory.v.shape[1]) * trajectory.v

    @property
    def reach(self) -> int:
        """Samples on each side that one sample of `sound` depends on, all but in theory."""
        parts = [cast(int, part.reach) for part in (self.tract, self.noise) if part is not None]
        return max(parts) + (0 if self.highpass_hz is None else highpass_reach(self.highpass_hz, self.sample_rate))

    def sound(self, source: Tensor, drives: Drives, excitation: Tensor | None = None) -> Tensor:
        """(B, H) what a source (B, H) becomes after tract, breath, high-pass, and background; excitation (2, B, H)."""
        out, background = self.tract(source, drives.tract, drives.hop), None
        if self.noise is not None and excitation is not None:
            noise = cast(Noise, self.noise)
            assert drives.envelope is not None, "the noise follows the envelope"
            out = out + noise(excitation[0], drives.envelope, drives.noise, drives.hop)
            background = noise.background(excitation[1])
        if self.highpass_hz is not None:
            out = zero_phase_highpass(out, self.highpass_hz, self.sample_rate)
        return out if background is None else out + background  # which was measured behind the high-pass

    def radiate(self, trajectory: Trajectory, drives: Drives, excitation: Tensor | None = None) -> Tensor:
        """(B, H) the sound of a trajectory: `sound` of its `source`."""
        return self.sound(self.source(trajectory, drives), drives, excitation)


def _head(encoder: nn.Module, listener: nn.Module | None) -> nn.Linear | None:
    """What reads the raw controls of a tract or of noise off the encoder's features: zero at first."""
    channels = 0 if listener is None else cast(int, listener.channels)
    if channels == 0:
        return None
    head = nn.Linear(cast(int, encoder.width), channels)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return head
