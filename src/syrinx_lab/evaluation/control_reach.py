"""How far back, and forward, each control looks in the recording: the reach of its gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..data.derivatives import derivatives
from ..model import Ouroboros
from .clips import Clip

PLACES = (0.25, 0.5, 0.75)
OUTSIDE = 0.05
BIN_MS = 1.0


@dataclass(frozen=True, eq=False)
class ControlReach:
    """Where in the recording one of the encoder's controls looks.

    control      omega, gamma, code, tract or noise
    lag_ms       (M,) ms from the control's knot to the sound; below 0 what came before
    weight       (M,) share of the squared gradient in bins of 1 ms, sums to 1; NaN where the control does not depend on
                 the sound
    back_ms      95 % of it lies later than this before the knot
    forward_ms   95 % of it lies earlier than this after the knot; below 0 where all that counts has come before
    """

    control: str
    lag_ms: NDArray[np.float64]
    weight: NDArray[np.float64]
    back_ms: float
    forward_ms: float

    def row(self) -> dict[str, str | float]:
        """By name, for a table."""
        return {"control": self.control, "back_ms": self.back_ms, "forward_ms": self.forward_ms}


def control_reach(
    model: Ouroboros, clip: Clip, *, places: tuple[float, ...] = PLACES, seed: int = 0
) -> list[ControlReach]:
    """The reach of every control that the encoder gives: how a sample at lag d counts for a control at time t.

    weight(d) = < (dc(t) / dx(t + d))^2 >_t / sum over d

    over a few knots t, within the syllable. Of a control with several channels c is a random combination of them, whose
    mean square is that of all. Raw controls, before the low-pass of the drives, which widens them by three of its
    standard deviations; pitch and loudness that an analyser reads are not learned and carry no gradient.

    model   in evaluation mode, on the CPU;  clip  what it reads
    places  of the syllable at which controls are asked
    seed    of the combinations
    """
    rate, length = model.sample_rate, len(clip.x)
    samples = [clip.onset + round(place * (clip.offset - clip.onset)) for place in places]
    x = torch.as_tensor(clip.x)[None]
    analytic = model.analytic(x)
    sound = x.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        controls = model.encoder(sound, model.velocity(derivatives(sound)[0]), analytic)
        named = model.raw_controls(controls, [clip.bird])
        knots = [min(round(sample / controls.hop), controls.omega.shape[1] - 1) for sample in samples]
        generator = torch.Generator().manual_seed(seed)
        every = []
        for name, y in named.items():
            energies = [_energy(y[0, knot], sound, generator) for knot in knots]
            every.append((name, energies))
    return [_reach(name, energies, [k * controls.hop for k in knots], length, rate) for name, energies in every]


def _energy(values: Tensor, sound: Tensor, generator: torch.Generator) -> NDArray[np.float64]:
    """(L,) squared gradient of a random combination of values (C,)."""
    signs = torch.randint(0, 2, values.shape, generator=generator) * 2.0 - 1.0
    scalar = (values * signs).sum()
    if not scalar.requires_grad:
        return np.zeros(sound.shape[1])
    (gradient,) = torch.autograd.grad(scalar, sound, retain_graph=True, allow_unused=True)
    return np.zeros(sound.shape[1]) if gradient is None else gradient[0].double().square().numpy()


def _reach(name: str, energies: list[NDArray[np.float64]], knots: list[int], length: int, rate: float) -> ControlReach:
    """The mean over the knots, in bins of a millisecond."""
    furthest = math.ceil(length / rate * 1e3 / BIN_MS)
    edges = (np.arange(-furthest, furthest + 2) - 0.5) * BIN_MS
    total, exact = np.zeros(len(edges) - 1), np.zeros(2 * length + 1)
    for energy, knot in zip(energies, knots):
        lags = (np.arange(length) - knot) / rate * 1e3
        share = energy / max(energy.sum(), 1e-300) / len(knots)
        total += np.histogram(lags, edges, weights=share)[0]
        exact[length - knot : 2 * length - knot] += share
    lag_ms = (edges[:-1] + edges[1:]) / 2
    if not exact.sum() > 0:
        return ControlReach(name, lag_ms, np.full(len(lag_ms), math.nan), math.nan, math.nan)
    so_far = np.cumsum(exact) / exact.sum()
    first, last = (int(np.searchsorted(so_far, level)) - length for level in (OUTSIDE, 1 - OUTSIDE))
    return ControlReach(name, lag_ms, total / total.sum(), -first / rate * 1e3, last / rate * 1e3)
