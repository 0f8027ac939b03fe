"""All that a model reads off a recording before the oscillator is driven by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .ode.control_rate import to_knots
from .ode.lowpass import gaussian_lowpass
from .ode.parameters import Parameters, Radiation
from .types import Controls

_CONSTANT = 1e-4
FAINTEST = 1e-6  # of what is thinned out by its logarithm, in its unit


@dataclass
class Encoded:
    """All that is read off a recording, low-passed, at knots `control_hop` samples apart.

    oscillator   the oscillator's own parameters
    weight_code  (B, T, C), of which the polynomial weights are a linear function
    radiation    envelope, raw controls of tract and noise
    """

    oscillator: Parameters
    weight_code: Tensor
    radiation: Radiation


def raw_controls(
    controls: Controls, heads: Mapping[str, nn.Linear | None], changed: Callable[[str, Tensor], Tensor]
) -> dict[str, Tensor]:
    """Raw controls (B, T, C) by part: omega, gamma, code, and what heads, where they are there, read off the features.

    changed  part, y -> y, asked of every one of them, and of the features first; see `Birds`
    """
    raw = {"omega": controls.omega[..., None], "gamma": controls.gamma[..., None], "code": controls.weight_code}
    there = {name: head for name, head in heads.items() if head is not None}
    if there:
        assert controls.features is not None, "an encoder with a width gives features"
        features = changed("features", controls.features)
        raw |= {name: head(features) for name, head in there.items()}
    return {name: changed(name, y) for name, y in raw.items()}


def varying(y: Tensor) -> int:
    """How many of the channels of y (B, T) or (B, T, C) move over time, by more than a ten-thousandth of their size."""
    y = y.detach()[..., None] if y.dim() == 2 else y.detach()
    spread = y.amax(1) - y.amin(1)
    return int((spread > _CONSTANT * y.abs().amax(1)).any(0).sum())


def thinned(encoded: Encoded, factor: int) -> Encoded:
    """The same with every `factor`-th knot alone, low-passed before, and a smooth curve between them.

    The Gaussian has a standard deviation of 0.3 of what lies between two knots that stay, so that it lets 64 % pass of
    the highest frequency that they can hold; the curve is Catmull and Rom's cubic through the knots. What is measured
    by ratios (pitch, loudness) is thinned out by its logarithm, see `ParameterFacts`.

    factor  1 returns what was given
    """
    if factor == 1:
        return encoded

    def slow(y: Tensor) -> Tensor:
        return smooth_curve(to_knots(gaussian_lowpass(y, 0.3 * factor), factor), factor, y.shape[1])

    def each(parameters: Parameters) -> dict[str, Tensor]:
        facts = parameters.facts()
        return {
            name: slow(y.clamp_min(FAINTEST).log()).exp() if facts[name].ratio else slow(y)
            for name, y in parameters.named().items()
        }

    return Encoded(
        replace(encoded.oscillator, **each(encoded.oscillator)),
        slow(encoded.weight_code),
        replace(encoded.radiation, **each(encoded.radiation)),
    )


def smooth_curve(knots: Tensor, hop: int, samples: int) -> Tensor:
    """The first `samples` samples of Catmull and Rom's cubic through knots that lie `hop` samples apart.

    y(f) = b + f (c - a) / 2 + f^2 (a - 5 b / 2 + 2 c - d / 2) + f^3 (3 (b - c) + d - a) / 2

    between the knots b and c, with a before and d after them, f from 0 to 1; ends are repeated.

    knots    (B, T, ...), any unit
    samples  at most (T - 1) hop + 1

    Source: Catmull and Rom, A class of local interpolating splines, 1974.
    """
    assert samples <= (knots.shape[1] - 1) * hop + 1
    before = torch.cat((knots[:, :1], knots[:, :-1]), 1)
    after = torch.cat((knots[:, 1:], knots[:, -1:]), 1)
    second = torch.cat((after[:, 1:], after[:, -1:]), 1)
    a, b, c, d = (y.unsqueeze(2) for y in (before, knots, after, second))
    f = (torch.arange(hop, device=knots.device, dtype=knots.dtype) / hop).view(-1, *(1,) * (knots.dim() - 2))
    linear, square, cube = (c - a) / 2, a - 2.5 * b + 2 * c - d / 2, (3 * (b - c) + d - a) / 2
    return (b + f * (linear + f * (square + f * cube))).flatten(1, 2)[:, :samples]
