"""The model: an encoder reads parameters off a recording, a driven oscillator sings them, the tract radiates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import cast

import torch
from torch import Tensor, nn

from .birds import Birds, BirdSettings, unchanged
from .controls.analyser import Analyser
from .controls.analytic import AnalyticControls
from .encoded import Encoded, raw_controls, thinned, varying
from .encoders import Encoder
from .encoders.raw_controls import raw_controls_head
from .ode.control_rate import acceleration_along, to_knots
from .ode.highpass import highpass_reach, zero_phase_highpass
from .ode.lowpass import gaussian_lowpass
from .ode.noise import Noise, NoNoise
from .ode.oscillator import Oscillator, Reading
from .ode.parameters import Parameters, Radiation
from .ode.rollout import BACKENDS, Forcing
from .ode.sides import last_state, source_of, sung
from .ode.tract import Tract
from .parts import channels_of, fit_together, follows_pitch
from .transfer import normal
from .types import Controls, Drives, Trajectory


class Ouroboros(nn.Module):
    """Encoder, oscillator, tract and noise as one: recording -> parameters -> drives -> rollout -> sound.

    Every drive passes the zero-phase Gaussian low-pass of `drive_lowpass_ms` before it is used, in training and in
    evaluation alike. What the oscillator sends out goes through the tract, with breath beside it, through the high-pass
    that the recordings were read through, and the background that they have comes last:
    out = highpass(tract(source) + breath) + background.

    Args:
        encoder: recordings to raw controls.
        oscillator: raw controls to drives, and the state to a source.
        tract: maps a source (B, H) and its own controls to audio (B, H), see `ode.tract`.
        noise: maps white noise (B, H), the envelope and its own controls to audio (B, H), see `ode.noise`.
        analyser: reads the analytic controls; a part that needs them cannot be without.
        drive_lowpass_ms: standard deviation of the Gaussian in ms; 0 switches it off.
        control_hop: samples between the knots of the drives, with straight lines between them; 1 gives every sample
            drives of its own. It thins out the controls of an encoder that works at audio rate, after the low-pass.
        knots_per_second: how many knots of the parameters count, at most, see `thinned`; what lies between follows
            from them, so that few numbers a second suffice. They lie a whole number of knots of the drives apart.
            None: every knot of the drives counts.
        highpass_hz: cut-off of the zero-phase high-pass on what is radiated, in Hz; None: none.
        birds: what of the raw controls differs between birds, see `Birds`; None: nothing, and no bird need be named.
        backend: how a rollout is integrated, see `ode.rollout`.

    Raises:
        ValueError: an unknown backend, a negative drive_lowpass_ms, a control_hop below 1 or another than the
            encoder's, knots_per_second that are not above 0, and parts that do not fit, see `fit_together`.
    """

    def __init__(
        self,
        encoder: Encoder,
        oscillator: Oscillator,
        tract: nn.Module,
        noise: nn.Module | None = None,
        analyser: Analyser | None = None,
        *,
        drive_lowpass_ms: float = 1.0,
        control_hop: int = 1,
        knots_per_second: float | None = None,
        highpass_hz: float | None = None,
        birds: BirdSettings | None = None,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        if backend not in ("auto", *BACKENDS):
            raise ValueError(f"backend.name is {backend!r}: use one of {', '.join(('auto', *BACKENDS))}")
        if drive_lowpass_ms < 0:
            raise ValueError(f"oscillator.drive_lowpass_ms is {drive_lowpass_ms}: use 0 or more")
        if control_hop < 1:
            raise ValueError(f"oscillator.control_hop is {control_hop}: use 1 (audio rate) or more samples")
        if knots_per_second is not None and not knots_per_second > 0:
            raise ValueError(f"oscillator.knots_per_second is {knots_per_second}: use a number above 0, or null")
        noise = NoNoise() if noise is None else noise
        fit_together(encoder, oscillator, tract, noise, analyser)
        if encoder.hop > 1 and control_hop not in (1, encoder.hop):
            raise ValueError(
                f"oscillator.control_hop is {control_hop}, but encoder.hop {encoder.hop}: give one, or both alike"
            )
        hop = max(encoder.hop, control_hop)
        self.encoder = encoder
        self.tract = tract
        self.noise = noise
        self.oscillator = oscillator
        self.analyser = analyser
        self.tract_net = raw_controls_head(encoder, tract, "tract")
        self.noise_net = raw_controls_head(encoder, noise, "noise")
        self.birds = None if birds is None else Birds(birds, channels_of(encoder, tract, noise))
        self.tract_follows_pitch = follows_pitch(tract)
        self.drive_lowpass_ms = drive_lowpass_ms
        self.control_hop = hop
        every = 1.0 if knots_per_second is None else self.sample_rate / (knots_per_second * hop)
        self.knot_hop = hop * max(1, math.ceil(every - 1e-9))  # samples between knots that count
        self.highpass_hz = highpass_hz
        self.backend = backend

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self.oscillator.sample_rate

    @property
    def device(self) -> torch.device:
        """Where the model's tensors are."""
        return next(chain(self.parameters(), self.buffers())).device

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """All parameters in groups that want rates of their own; empty groups are left out.

        rest
        responses  a tract's impulse responses: a step of Adam moves every tap by the rate, which adds up over the taps
        drives     by which the drives alone of an oscillator with an unobserved state are moved; their gradient passes
                   through the rollout
        """
        heads = None if self.oscillator.state_is_observed else self.encoder.heads
        drives = [] if heads is None else [p for head in heads.modules for p in head.parameters()]
        responses = [p for name, p in self.tract.named_parameters() if name == "responses"]
        taken = {id(p) for p in drives + responses}
        rest = [p for p in self.parameters() if id(p) not in taken]
        groups = {"rest": rest, "responses": responses, "drives": drives}
        return {name: group for name, group in groups.items() if group}

    def calibrate(self, recordings: Sequence[Tensor], syllables: Sequence[Tensor]) -> None:
        """Take from training recordings (L,) what is not learned: range of pitch and background, see `Analyser`.

        recordings  with their silence;   syllables  without
        """
        if self.analyser is not None:
            self.analyser.calibrate(recordings, syllables)
            cast(Noise, self.noise).calibrate(recordings)

    def velocity(self, dx: Tensor) -> Tensor:
        """v = tau x' from dx = dt x', any shape."""
        return dx / self.oscillator.step

    def target_acceleration(self, d2x: Tensor) -> Tensor:
        """tau^2 x'' from d2x = dt^2 x'', any shape."""
        return d2x / self.oscillator.step**2

    def forward(self, x: Tensor, dx: Tensor, birds: Sequence[str | None] | None = None) -> Drives:
        """The low-passed drives of a recording: x (B, L) audio and dx (B, L) = dt x' -> Drives that cover L samples.

        birds  B names, see `Birds`; None: of the bird that was chosen, or an unknown one
        """
        return self.decode(self.encode(x, dx, birds))

    def analytic(self, x: Tensor) -> AnalyticControls | None:
        """What can be heard in recordings x (B, L) without learning, as many voices as the oscillator has sides."""
        if self.analyser is None:
            return None
        return cast(AnalyticControls, self.analyser(x, self.control_hop, self.oscillator.sides))

    def encode(self, x: Tensor, dx: Tensor, birds: Sequence[str | None] | None = None) -> Encoded:
        """What is read off a recording: x (B, L) audio, dx (B, L) = dt x', of birds by name."""
        analytic = self.analytic(x)
        return self.encoded(self.encoder(x, self.velocity(dx), analytic), analytic, birds)

    def raw_controls(self, controls: Controls, birds: Sequence[str | None] | None = None) -> dict[str, Tensor]:
        """omega, gamma, code, and those of tract and noise where there are any, (B, T, C), as of these birds."""
        changed = unchanged if self.birds is None else self.birds.changes(birds, controls.omega)
        return raw_controls(controls, {"tract": self.tract_net, "noise": self.noise_net}, changed)

    def encoded(
        self, controls: Controls, analytic: AnalyticControls | None, birds: Sequence[str | None] | None = None
    ) -> Encoded:
        """What follows from an encoder's raw controls and the analytic ones of the same recording, low-passed."""
        raw = self.raw_controls(controls, birds)
        raw["omega"] = self.oscillator.rectify(raw["omega"][..., 0])[..., None]
        smooth = self._lowpass(torch.cat(list(raw.values()), -1), controls.hop)
        if controls.hop == 1 < self.control_hop:
            smooth = to_knots(smooth, self.control_hop)
        split = dict(zip(raw, smooth.split([y.shape[-1] for y in raw.values()], -1)))
        code = split["code"]
        reading = Reading(
            split["omega"][..., 0],
            split["gamma"][..., 0],
            lambda: self.encoder.weights(code),
            analytic,
            None if self.analyser is None else self.analyser.background,
        )
        # the envelope bounds the breath: without any, or where the oscillator knows it, it is of no use
        followed = self.noise_net is not None and not self.oscillator.gives_loudness
        envelope = None if analytic is None or not followed else analytic.envelope
        radiation = Radiation(envelope, split.get("tract"), split.get("noise"))
        return thinned(Encoded(self.oscillator.encode(reading), code, radiation), self.knot_hop // self.control_hop)

    def decode(self, encoded: Encoded) -> Drives:
        """The drives that follow from what `encode` gives, or from some of its knots or an edited version of them."""
        weights = self.encoder.weights(encoded.weight_code)
        radiation = self.radiation(encoded.oscillator, encoded.radiation)
        others = [self.oscillator.other_side(encoded.oscillator)] if self.oscillator.sides == 2 else []
        first, *rest = (self._side(parameters, weights) for parameters in (encoded.oscillator, *others))
        return replace(first, second=rest[0] if rest else None, **vars(radiation))

    def _side(self, parameters: Parameters, weights: Tensor) -> Drives:
        """What drives one side."""
        stiffness, gamma, weights, gain = self.oscillator.decode(parameters, weights)
        if self.oscillator.nonlinear_maps:
            several = [stiffness, gamma] if gain is None else [stiffness, gamma, gain]
            flat = torch.stack(several, -1)
            flat = self._lowpass(torch.cat((flat, weights.flatten(-2)), -1), self.control_hop)
            weights = flat[..., len(several) :].view_as(weights)
            stiffness, gamma, *rest = flat[..., : len(several)].unbind(-1)
            gain = rest[0] if rest else None
        return Drives(stiffness, gamma, weights, self.control_hop, gain=gain)

    def radiation(self, parameters: Parameters, radiation: Radiation) -> Radiation:
        """What happens to the source, with pitch and loudness where they are used and the oscillator's own."""
        if self.tract_follows_pitch:
            radiation = replace(radiation, sung_hz=self.oscillator.sung_hz(parameters))
        if not self.oscillator.gives_loudness or self.noise_net is None:
            return radiation
        return replace(radiation, envelope=self.oscillator.loudness(parameters))

    def numbers_per_second(self, encoded: Encoded) -> float:
        """How many numbers a second are needed to sing what was encoded: channels that vary, times knots a second.

        Channels are the oscillator's parameters, the code (as many of its numbers as there are weights that move with
        it, at most), the envelope where the noise follows it, and the raw controls of tract and noise.
        """
        several = [*encoded.oscillator.named().values(), *encoded.radiation.named().values()]
        code = min(varying(encoded.weight_code), varying(self.encoder.weights(encoded.weight_code).flatten(2)))
        return (sum(map(varying, several)) + code) * self.sample_rate / self.knot_hop

    def _lowpass(self, y: Tensor, hop: int) -> Tensor:
        return gaussian_lowpass(y, self.drive_lowpass_ms * 1e-3 * self.sample_rate / hop)

    def acceleration(self, x: Tensor, dx: Tensor, drives: Drives) -> Tensor | None:
        """(B, L) teacher-forced tau^2 x'': the right-hand side at the data's own states, unclamped.

        None for an oscillator whose state is not in a recording, and where no equation runs.
        """
        if not (self.oscillator.state_is_observed and self.oscillator.is_polynomial):
            return None
        return acceleration_along(x, self.velocity(dx), drives)

    def sing(
        self,
        drives: Drives,
        ic: tuple[Tensor, Tensor],
        horizon: int,
        forcing: Forcing | None = None,
        adjoint_decay: float = 1.0,
    ) -> Trajectory:
        """The run over `horizon` samples from ic = (x (B,), v (B,)) with only the drives supplied, see `sides.sung`."""
        return sung(self.oscillator, drives, ic, horizon, self.backend, forcing, adjoint_decay)

    @torch.no_grad()
    def spun_up(self, drives: Drives, ic: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """The state (x (B,), v (B,)) after the oscillator's `spin_up` from ic under the first drives, unchanging."""
        samples = self.oscillator.spin_up + 1
        return last_state(self.sing(drives.held(samples), ic, samples))

    def excitation(self, like: Tensor, generator: torch.Generator) -> Tensor | None:
        """White noise (2, B, H) of unit variance for `like` (B, H), breath's and background's; None without a noise."""
        return None if self.noise_net is None else normal((2, *like.shape), generator, like)

    @property
    def effective_support(self) -> int:
        """Samples on each side that one sample of `sound` depends on, but for tails below rounding."""
        parts = [cast(int, part.reach) for part in (self.tract, self.noise)]
        return max(parts) + (0 if self.highpass_hz is None else highpass_reach(self.highpass_hz, self.sample_rate))

    def sound(self, source: Tensor, radiation: Radiation, hop: int, excitation: Tensor | None = None) -> Tensor:
        """(B, H) what a source (B, H) becomes after tract, breath, high-pass, and background; excitation (2, B, H)."""
        followed = (radiation.sung_hz,) if self.tract_follows_pitch else ()
        out, background = cast(Tract, self.tract)(source, radiation.tract, hop, *followed), None
        if excitation is not None:
            noise = cast(Noise, self.noise)
            assert radiation.envelope is not None, "the noise follows the envelope"
            out = out + noise(excitation[0], radiation.envelope, radiation.noise, hop)
            background = noise.background(excitation[1])
        if self.highpass_hz is not None:
            out = zero_phase_highpass(out, self.highpass_hz, self.sample_rate)
        return out if background is None else out + background  # which was measured behind the high-pass

    def radiate(self, trajectory: Trajectory, drives: Drives, excitation: Tensor | None = None) -> Tensor:
        """(B, H) the sound of a trajectory: `sound` of the source."""
        source = source_of(self.oscillator, trajectory, drives)
        return self.sound(source, Radiation.of(drives), drives.hop, excitation)
