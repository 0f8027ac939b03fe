"""Suite `step`: a whole optimisation step, from audio to updated weights, beside the same step in plain torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..data.derivatives import derivatives
from ..losses.weighted import WeightedLoss
from ..model import Ouroboros
from ..training.prediction import predict
from ..types import Batch, Category, RolloutSettings
from .public_mamba import MISSING, with_public_stacks
from .race import SLOW, Bench, Contender, nothing, race
from .row import Row
from .work import Work, drives_bytes, mamba_work, rollout_work

SUITE = "step"
BATCH = 8
ENCODER = dict(n_layers=3, d_model=2, d_state=4, d_conv=4, expand=10)  # the published sizes, for the floor
REFERENCE = "eager+mambapy"


@dataclass
class Trainee:
    """What an optimisation step needs; built afresh for every contender, from the same first weights.

    model, objective   of the published default configuration
    optimizer          called with the parameters
    horizon, window    samples of the rollout and of a training window
    grad_clip          largest norm of the gradient
    rollout            how it begins and what steers it
    """

    model: Ouroboros
    objective: WeightedLoss
    optimizer: Callable[..., torch.optim.Optimizer]
    horizon: int
    window: int
    grad_clip: float
    rollout: RolloutSettings


def step_rows(bench: Bench, build: Callable[[str], Trainee], *, batch: int = BATCH) -> Iterator[Row]:
    """One step by the default backends and one by eager rollout and mambapy's scan.

    build  rollout backend -> a fresh `Trainee`; the weights are the same at every call
    """
    fast, plain = build("auto"), build("eager")
    degree = fast.model.encoder.degree
    assert isinstance(degree, int), "the published encoder knows its degree"
    try:
        with_public_stacks(plain.model)
        trainees = {"auto": fast, REFERENCE: plain}
    except ImportError:
        bench.note(MISSING)
        trainees = {"auto": fast}
    audio = song_like_batch(batch, fast.window, fast.model.sample_rate).to(bench.device)
    parameters = sum(p.nbytes for p in fast.model.parameters())
    inputs = parameters + 3 * audio.x.nbytes
    contenders = [
        Contender(
            suite=SUITE,
            case=f"P={degree} B={batch} L={fast.window} H={fast.horizon}",
            backend=name,
            run=optimisation_step(trainee, audio, bench.device),
            work=step_work(batch, fast.window, fast.horizon, degree),
            inputs_bytes=inputs,
            stored_bytes=inputs + parameters + 2 * drives_bytes(batch, fast.window, degree),
            batch=batch,
            horizon=fast.horizon,
            degree=degree,
            warm_up=nothing if name == REFERENCE else None,
            effort=SLOW if name == REFERENCE else None,
            reference=name == REFERENCE,
        )
        for name, trainee in trainees.items()
    ]
    yield from race(contenders, bench)


def optimisation_step(trainee: Trainee, audio: Batch, device: torch.device) -> Callable[[], Tensor]:
    """What is timed: predict, objective, backward, clip and update, as training does; gives the loss, detached.

    The cold starts' noise is the same at every call.
    """
    model = trainee.model.to(device)
    objective = trainee.objective.to(device)
    objective.fit(BatchStatistics(model, audio))
    optimizer = trainee.optimizer(model.parameters())
    epoch = objective.warmup_epochs  # the first in which all terms have their whole weight

    def step() -> Tensor:
        optimizer.zero_grad(set_to_none=True)
        prediction = predict(
            model,
            audio,
            horizon=trainee.horizon,
            rollout_grad=True,
            rollout=trainee.rollout,
            generator=torch.Generator().manual_seed(0),
        )
        total, _ = objective(prediction, epoch)
        total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), trainee.grad_clip)
        optimizer.step()
        return total.detach()

    return step


class BatchStatistics:
    """The `TrainingStatistics` of one batch, in place of a training set's."""

    def __init__(self, model: Ouroboros, batch: Batch) -> None:
        self.sample_rate: float = model.sample_rate
        self.acceleration_variance = float(model.target_acceleration(batch.d2x).var())
        self.syllables: Sequence[Tensor] = list(batch.x)


def song_like_batch(batch: int, window: int, sample_rate: int) -> Batch:
    """Windows that sound: harmonics of 500 to 1000 Hz at a level of 0.4 in faint noise, silent before the onset."""
    generator = torch.Generator().manual_seed(0)
    f0 = 500 * (1 + torch.rand(batch, 1, generator=generator, dtype=torch.float64))
    phase = 2 * math.pi * f0 * torch.arange(window) / sample_rate
    category = torch.arange(batch) % len(Category)
    onset = torch.where(category == Category.ONSET, window // 4, -window)
    sounding = torch.arange(window) >= onset[:, None]
    x = 0.2 * (torch.sin(phase) + torch.sin(3 * phase) / 2) * sounding
    x = x + 1e-3 * torch.randn(x.shape, generator=generator, dtype=torch.float64)
    dx, d2x = derivatives(x)
    return Batch(x.float(), dx.float(), d2x.float(), category, onset)


def step_work(batch: int, window: int, horizon: int, degree: int) -> Work:
    """Three Mamba stacks that see the window twice, the weights' linear head, both accelerations.

    The head makes N = (P+1)^2 weights of two controls, 2 N multiply-adds a sample, and backward twice as many; the
    teacher-forced acceleration costs N, and N again for the gradient of the weights. The drives are written once and
    their gradient is read once, besides what the rollout moves.
    """
    stacks = mamba_work(batch, 2 * window, backward=True, **ENCODER)
    drives = drives_bytes(batch, window, degree)
    head = Work(batch * window * (6 + 2) * (degree + 1) ** 2, 2 * drives, 0)
    return stacks + stacks + stacks + head + rollout_work(batch, horizon, degree, backward=True)
