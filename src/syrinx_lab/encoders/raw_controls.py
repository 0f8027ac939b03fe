"""The linear head by which a tract or a noise is controlled."""

from __future__ import annotations

from typing import cast

from torch import nn

from . import Encoder


def raw_controls_head(encoder: Encoder, module: nn.Module, key: str) -> nn.Linear | None:
    """What reads the raw controls of a tract or of noise off the encoder's features; None without any.

    Zero at first, or what `initialise_` of the module makes of it where the encoder's features hold log spectra.

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
    start = getattr(module, "initialise_", None)
    if start is not None and encoder.relative_spectra is not None:
        start(head, *encoder.relative_spectra)
    return head
