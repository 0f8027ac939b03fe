"""A short made-up sound through every part of a model: what breaks its contract is refused before a run is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from .contracts import answering, named
from .controls.analytic import AnalyticControls
from .model import Ouroboros
from .ode.oscillator import Oscillator, Reading
from .ode.parameters import Parameters
from .types import Controls, Drives, Trajectory, knot_count

_ITEMS, _SHORTEST, _SECONDS = 2, 3001, 0.05
_TOLERANCE = 1e-6  # of a bound: sums round
_SILENT = 1e-6  # full scale
_FAINT = 1e-3  # of an impulse's peak: what is left beyond `reach` of a resonance that rings on


@dataclass(frozen=True)
class _Probe:
    """What is sent through: sound and slope (B, L), their analysis, and what draws the rest."""

    x: Tensor
    v: Tensor
    analytic: AnalyticControls | None
    generator: torch.Generator

    def random(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator).to(self.x)


def check_parts(model: Ouroboros) -> None:
    """Send a made-up sound through encoder, oscillator, tract and noise, and hold what they give to their contracts.

    Shapes, types, finite numbers, the bounds that parameters declare, weights that must be zero, silence that stays
    silence, and the `reach` of tract and noise. The model and torch's global random state are left as they were.

    Raises ValueError with one line: group, method, class, what it gave and what is wanted.
    """
    with _undisturbed(model):
        probe = _made_up(model)
        _check_encoder(model, probe)
        _check_oscillator(model, probe)
        _check_radiation(model, probe)


@contextmanager
def _undisturbed(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients, and everything as before afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.clone(), buffer._version) for buffer in model.buffers()]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        try:
            model.eval()
            yield
        finally:
            for module, mode in modes:
                module.training = mode
            for buffer, before, version in buffers:
                if buffer._version != version:
                    buffer.copy_(before)


def _made_up(model: Ouroboros) -> _Probe:
    """Two notes after silence, over a faint hiss."""
    rate, device = model.sample_rate, model.device
    samples = max(_SHORTEST, round(_SECONDS * rate))
    generator = torch.Generator().manual_seed(0)
    t = torch.arange(samples, dtype=torch.float64) / rate
    hz = torch.tensor([[900.0], [2300.0]], dtype=torch.float64)
    on = torch.sigmoid((t - t[-1] / 3) * 2000)
    x = (0.3 * on * torch.sin(2 * math.pi * hz * t)).float()
    x = (x + 1e-4 * torch.randn(x.shape, generator=generator)).to(device)
    analytic = model.analytic(x)
    return _Probe(x, model.velocity(torch.gradient(x, dim=1)[0]), analytic, generator)


def _check_encoder(model: Ouroboros, probe: _Probe) -> None:
    encoder, side = model.encoder, model.oscillator.degree + 1
    with answering("encoder.forward", encoder):
        controls = encoder(probe.x, probe.v, probe.analytic)
    said = f"encoder.forward of {named(encoder)} gave"
    if not isinstance(controls, Controls):
        raise ValueError(f"{said} a {type(controls).__name__}: give syrinx_lab.types.Controls")
    if controls.hop != encoder.hop:
        raise ValueError(f"{said} controls of hop {controls.hop!r}: its own hop is {encoder.hop}")
    knots = (_ITEMS, knot_count(probe.x.shape[1], encoder.hop))
    _check(said, "omega", controls.omega, knots)
    _check(said, "gamma", controls.gamma, knots)
    _check(said, "weight_code", controls.weight_code, (*knots, encoder.code_size))
    if encoder.width:
        _check(said, "features", controls.features, (*knots, encoder.width))
    with answering("encoder.weights", encoder):
        weights = encoder.weights(controls.weight_code)
    _check(f"encoder.weights of {named(encoder)} gave", "weights", weights, (*knots, side, side))


def _check_oscillator(model: Ouroboros, probe: _Probe) -> None:
    oscillator, samples = model.oscillator, probe.x.shape[1]
    knots = (_ITEMS, knot_count(samples, model.control_hop))
    code = 2 * probe.random(*knots, model.encoder.code_size)
    with answering("oscillator.rectify", oscillator):
        omega = oscillator.rectify(2 * probe.random(*knots))
    _check(f"oscillator.rectify of {named(oscillator)} gave", "omega", omega, knots)
    background = None if model.analyser is None else torch.tensor(1e-4).to(probe.x)
    reading = Reading(omega, 2 * probe.random(*knots), lambda: model.encoder.weights(code), probe.analytic, background)
    with answering("oscillator.encode", oscillator):
        parameters = oscillator.encode(reading)
    _check_parameters(oscillator, parameters, knots)
    with answering("oscillator.decode", oscillator):
        decoded = oscillator.decode(parameters, model.encoder.weights(code))
    drives = _drives(oscillator, decoded, knots, model.control_hop)
    state = Trajectory(0.1 * probe.random(_ITEMS, samples), 0.1 * probe.random(_ITEMS, samples))
    with answering("oscillator.source", oscillator):
        source = oscillator.source(state, drives)
    _check(f"oscillator.source of {named(oscillator)} gave", "a source", source, (_ITEMS, samples))


def _check_parameters(oscillator: Oscillator, parameters: object, knots: tuple[int, int]) -> None:
    said = f"oscillator.encode of {named(oscillator)} gave"
    kind = oscillator.parameters_type
    if not isinstance(parameters, kind):
        raise ValueError(f"{said} a {type(parameters).__name__}: give its parameters_type, {kind.__name__}")
    for name, value in cast(Parameters, parameters).named().items():
        facts = kind.facts()[name]
        if facts.channels and isinstance(value, Tensor) and value.ndim == 3:
            _check(said, name, value, (*knots, value.shape[-1]))
        else:
            _check(said, name, value, (*knots, "C") if facts.channels else knots)
        for bound, extreme, beyond in (
            (facts.low, float(value.min()), facts.low - float(value.min())),
            (facts.high, float(value.max()), float(value.max()) - facts.high),
        ):
            if beyond > _TOLERANCE * max(1.0, abs(bound)):
                raise ValueError(f"{said} a {name} of {extreme:g}: its bounds are {facts.low:g} to {facts.high:g}")


def _drives(oscillator: Oscillator, decoded: object, knots: tuple[int, int], hop: int) -> Drives:
    said, side = f"oscillator.decode of {named(oscillator)} gave", oscillator.degree + 1
    if not isinstance(decoded, tuple | list) or len(decoded) != 4:
        found = f"{len(decoded)} things" if isinstance(decoded, tuple | list) else f"a {type(decoded).__name__}"
        raise ValueError(f"{said} {found}: give four, (stiffness, gamma, weights, gain), with gain None for none")
    stiffness, gamma, weights, gain = decoded
    for name, value in (("stiffness", stiffness), ("gamma", gamma), ("gain", gain)):
        if value is not None or name != "gain":
            _check(said, name, value, knots)
    _check(said, "weights", weights, (*knots, side, side))
    for i, j, instead in ((1, 0, "stiffness"), (0, 1, "gamma")):
        if bool((weights[..., i, j] != 0).any()):
            raise ValueError(
                f"{said} weights[..., {i}, {j}] of up to {float(weights[..., i, j].abs().max()):g}: keep it 0, "
                f"that term is the {instead}'s"
            )
    return Drives(stiffness, gamma, weights, hop, gain=gain)


def _check_radiation(model: Ouroboros, probe: _Probe) -> None:
    shape = tuple(probe.x.shape)
    knots = (_ITEMS, knot_count(shape[1], model.control_hop))
    envelope, pitch = (torch.full(knots, value).to(probe.x) for value in (0.1, 900.0))
    for key, part in (("tract", model.tract), ("noise", model.noise)):
        channels = cast(int, part.channels)
        controls = probe.random(*knots, channels) if channels else None
        after = (envelope, controls) if key == "noise" else (controls,)
        behind = (pitch,) if key == "tract" and model.tract_follows_pitch else ()

        def through(
            sound: Tensor,
            ask: str = key,
            part: nn.Module = part,
            after: tuple[object, ...] = after,
            behind: tuple[Tensor, ...] = behind,
        ) -> Tensor:
            with answering(f"{ask}.forward", part):
                out = part(sound, *after, model.control_hop, *behind)
            _check(f"{ask}.forward of {named(part)} gave", "a sound", out, shape)
            return cast(Tensor, out)

        through(probe.random(*shape))
        _check_silence(key, part, through(torch.zeros_like(probe.x)))
        _check_reach(key, part, through, probe.x)
    with answering("noise.background", model.noise):
        heard = model.noise.background(probe.random(*shape))  # type: ignore[operator]
    _check(f"noise.background of {named(model.noise)} gave", "a sound", heard, shape)


def _check_silence(key: str, part: nn.Module, out: Tensor) -> None:
    loudest = float(out.abs().max())
    if loudest > _SILENT:
        raise ValueError(
            f"{key}.forward of {named(part)} gave a sound of up to {loudest:g} for silence: give silence, as what is "
            "linear does"
        )


def _check_reach(key: str, part: nn.Module, through: Callable[[Tensor], Tensor], like: Tensor) -> None:
    """An impulse early in one item and late in the other may change nothing beyond `reach`."""
    samples, reach = like.shape[1], cast(int, part.reach)
    at = torch.tensor([samples // 4, 3 * samples // 4])
    impulse = torch.zeros_like(like)
    impulse[torch.arange(_ITEMS), at] = 1.0
    out = through(impulse).abs()
    away = (torch.arange(samples) - at[:, None]).abs().to(like.device)
    heard = away[out > _FAINT * out.amax(1, keepdim=True).clamp_min(_SILENT)]
    if len(heard) and int(heard.max()) > reach:
        raise ValueError(
            f"{key}.forward of {named(part)} gave a sound {int(heard.max())} samples from an impulse: its reach is "
            f"{reach}, set the samples on either side that one sample depends on"
        )


def _check(said: str, name: str, value: object, shape: tuple[int | str, ...]) -> None:
    wanted = f"({', '.join(map(str, shape))})"
    if not isinstance(value, Tensor):
        raise ValueError(f"{said} {name} as a {type(value).__name__}: give a tensor {wanted}")
    if tuple(value.shape) != shape:
        raise ValueError(f"{said} {name} of shape {tuple(value.shape)}: give {wanted}")
    if not bool(torch.isfinite(value).all()):
        raise ValueError(f"{said} {name} with NaN or infinity: give finite numbers")
