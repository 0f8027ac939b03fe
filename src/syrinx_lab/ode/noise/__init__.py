"""Noise that is added behind the tract: breath, and the recording's background; one kind a file.

A noise is an `nn.Module` chosen by `_target_` with plain keyword arguments. It draws nothing itself: the caller hands
in white noise of unit variance, made by a generator of its own. What varies comes in as raw controls, as for a tract.

    channels  raw controls a knot
    reach     samples of excitation on either side that one sample of output depends on
    forward(excitation (B, H), envelope (B, T), controls (B, T, channels) or None, hop) -> (B, H)
              the breath; the envelope is the recording's, in its unit; knots lie at samples 0, hop, 2 hop, ... and
              cover H samples
    background(excitation (B, H)) -> (B, H), as recorded: no high-pass follows
    calibrate(recordings, each (L,) with its silence): take from them what is not learned
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn


class Noise(Protocol):
    """What the model asks of a noise, itself an `nn.Module`."""

    channels: int
    reach: int

    def __call__(self, excitation: Tensor, envelope: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        """White noise (B, H), envelope (B, T) and raw controls (B, T, channels), hop samples apart -> (B, H)."""

    def background(self, excitation: Tensor) -> Tensor:
        """White noise (B, H) -> what the microphone hears where nobody sings (B, H)."""

    def calibrate(self, recordings: Sequence[Tensor]) -> None:
        """Take from recordings (L,), with their silence, what is not learned."""


class NoNoise(nn.Module):
    """Adds silence: y_t = 0."""

    channels = 0
    reach = 0

    def calibrate(self, recordings: Sequence[Tensor]) -> None:
        """Nothing is taken from recordings."""

    def forward(self, excitation: Tensor, envelope: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        """Zeros (B, H) like the excitation; nothing else is looked at."""
        return torch.zeros_like(excitation)

    def background(self, excitation: Tensor) -> Tensor:
        """Zeros (B, H) like the excitation."""
        return torch.zeros_like(excitation)
