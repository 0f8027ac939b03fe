"""The same kinds, each without something that its contract asks for."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from syrinx_lab.losses.term import LossTerm
from syrinx_lab.metrics import metric
from syrinx_lab.training.media_logger import MediaLogger
from syrinx_lab.types import Controls

from . import encoder, oscillator


class Sampler:
    def __init__(self, max_segments: int) -> None:
        self.max_segments = max_segments

    def counts(self, pools: object) -> dict:
        return {}


def horizon(short: int, max: int, share: float) -> object:
    return object()


class Tract(nn.Module):
    channels = 0

    def forward(self, source: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        return source


class Loss(LossTerm):
    needs_rollout = True

    def __init__(self, share: float) -> None:
        super().__init__()

    def forward(self, prediction: object) -> Tensor:
        raise NotImplementedError


class Metric(metric.Metric):
    unit = "dB"

    def score(self, clip: object) -> float:
        return 0.0


class Oscillator(oscillator.Oscillator):
    parameters_type = oscillator.Wind
    state_is_observed = False
    needs_analysis = True

    def __init__(self, *, sample_rate: int, degree: int, keep_const: bool, mu: float, spin_up_ms: float) -> None:
        super().__init__(sample_rate=sample_rate, degree=degree)

    def encode(self, reading: object) -> object: ...

    def decode(self, parameters: object, weights: Tensor) -> object: ...

    def source(self, trajectory: object, drives: object) -> object: ...


class Encoder(encoder.Encoder):
    def __init__(self, degree: int, keep_const: bool, hop: int, size: int) -> None:
        super().__init__(hop=hop, width=0, code_size=1, needs_analysis=False)

    def forward(self, x: Tensor, v: Tensor, analytic: object = None) -> Controls: ...

    def weights(self, code: Tensor) -> Tensor: ...


class NoLogger:
    def __init__(self, directory: object, described: object) -> None: ...


class Logger(NoLogger, MediaLogger):
    name = version = property(lambda self: "")

    def log_metrics(self, *args: object, **kwargs: object) -> None: ...

    def log_hyperparams(self, *args: object, **kwargs: object) -> None: ...


def started_by_nothing() -> None: ...


class Hasty(LossTerm):
    needs_rollout = True
    needs_acceleration = False

    def __init__(self) -> None:
        self.register_buffer("level", torch.ones(()))

    def forward(self, prediction: object) -> Tensor: ...
