"""The encoder's own dynamics on one clip: how long its layers remember, whether tokens converge, how far it looks."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..encoders.time_constants import LayerDynamics, layer_dynamics
from ..model import Ouroboros
from .clips import Clip
from .control_reach import ControlReach, control_reach


@dataclass(frozen=True)
class EncoderDynamics:
    """What the encoder does with one clip.

    layers  of all its Mamba stacks; none where it has none
    reach   of each of its controls
    """

    layers: tuple[LayerDynamics, ...]
    reach: tuple[ControlReach, ...]


def encoder_dynamics(model: Ouroboros, clip: Clip) -> EncoderDynamics:
    """Time constants and token dynamics of every Mamba layer, and the gradient reach of every control.

    model  in evaluation mode, on the CPU;  clip  what it reads
    """
    x, dx = (torch.as_tensor(y)[None] for y in (clip.x, clip.dx))
    with torch.no_grad():
        analytic = model.analytic(x)
        step_ms = model.encoder.hop * 1e3 / model.sample_rate
        layers = layer_dynamics(model.encoder, lambda: model.encoder(x, model.velocity(dx), analytic), step_ms)
    return EncoderDynamics(tuple(layers), tuple(control_reach(model, clip)))
