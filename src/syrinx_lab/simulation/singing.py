"""From gestures to sound at the beak: the labia of a batch in one rollout, their tracts, and breath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..ode.control_rate import interpolate
from .birds import Bird, Timbre
from .labia import velocity
from .songs import Gestures
from .stage import Stage


@dataclass(frozen=True, eq=False)
class Voices:
    """What the labia of several birds do.

    birds, songs  of R voices
    side          of each, 0 or 1
    y             (R, N) velocity of the labia at the rollout's rate, in units of its rms on the cycle
    """

    birds: Sequence[Bird]
    songs: Sequence[Gestures]
    side: Sequence[int]
    y: Tensor


def sing(birds: Sequence[Bird], songs: Sequence[Gestures], side: Sequence[int], hop: int, stage: Stage) -> Voices:
    """All voices in one rollout; their gestures have knots `hop` samples of the rollout apart."""
    fast = stage.oversampling * stage.sample_rate
    hz = torch.from_numpy(np.stack([2 ** song.pitch[k] for song, k in zip(songs, side)])).float()
    pressure = torch.from_numpy(np.stack([song.pressure[k] for song, k in zip(songs, side)])).float()
    per_s = torch.tensor([bird.per_s for bird in birds])
    return Voices(birds, songs, side, velocity(hz, pressure, per_s, hop, fast, stage.samples * stage.oversampling))


def at_the_beak(voices: Voices, hop: int, stage: Stage) -> Tensor:
    """The spectra (R, F) of the voices behind their tracts, which move between two postures."""
    level = _stacked([10 ** (song.level_db[k] / 20) for song, k in zip(voices.songs, voices.side)])
    second = _stacked([song.posture for song in voices.songs])
    source = torch.stack([_shaped(y, bird) for y, bird in zip(voices.y, voices.birds)])
    out: Tensor | None = None
    for number, share in enumerate((1 - second, second)):
        part = stage.fast_spectra(source * interpolate(level * share, hop, source.shape[1]))
        part *= stage.responses([bird.postures[number].response for bird in voices.birds])
        out = part if out is None else out + part
    assert out is not None
    return out


def breath(birds: Sequence[Bird], songs: Sequence[Gestures], white: Tensor, hop: int, stage: Stage) -> Tensor:
    """The spectra (B, F) of the birds' breath, out of white noise (B, samples)."""
    strength = _stacked([10 ** (song.breath_db / 20) for song in songs])
    curve = interpolate(strength, hop, white.shape[1] * stage.oversampling)[:, :: stage.oversampling]
    return stage.spectra(white * curve) * stage.responses([bird.breath.response for bird in birds])


def _stacked(curves: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(curves)).float()


def _shaped(y: Tensor, bird: Bird) -> Tensor:
    """The source of labial velocity y in units of its rms, see `Timbre`."""
    if bird.timbre is Timbre.SECOND:
        return y + bird.bend * (y.square() - y.abs())
    if bird.timbre is Timbre.ODD:
        return torch.tanh(bird.bend * y)
    return y
