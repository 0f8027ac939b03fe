"""The linear head by which a tract or a noise is controlled."""

from __future__ import annotations

from typing import cast

from torch import nn

from . import Encoder


def raw_controls_head(encoder: Encoder, module: nn.Module, key: str) -> nn.Linear | None:
    """What reads the raw controls of a tract or of noise off the encoder's features, zero at first; None without any.

    key  of the configuration, for the error
    Raises ValueError when there are controls, and an encoder without features.
    """
    channels = cast(int, module.channels)
    if channels == 0:
        return None
    if encoder.width == 0:
        raise ValueError(f"{key} has {channels} controls, but this encoder has no features (width 0): use {key}=none")
    head = nn.Linear(encoder.width, channels)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return head
