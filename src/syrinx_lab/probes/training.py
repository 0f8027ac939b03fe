"""Train a core on a task, examine it on the way, and stop where the criterion is reached."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from ..encoders.core import MakeCore
from .outcome import Outcome
from .reader import Reader
from .task import Read, Task

_EXAMINED = 20_000_000  # added to the seed: nothing that is examined was trained on


@dataclass(frozen=True)
class Effort:
    """How it is trained.

    d_model, n_layers   channels and layers of the core
    batch               sequences an update
    lr                  learning rate of Adam
    clip                largest norm of a gradient
    check_every         updates
    quick, sure         sequences of a check, and of the one that decides
    """

    d_model: int = 48
    n_layers: int = 1
    batch: int = 32
    lr: float = 3e-3
    clip: float = 1.0
    check_every: int = 50
    quick: int = 256
    sure: int = 2560


def train(task: Task, core: MakeCore, seed: int, effort: Effort, *, names: tuple[str, str]) -> Outcome:
    """What comes of it: the same bits for the same seed, on the same machine with as many threads.

    names  of the task and of the encoder
    Torch's global random state is left as it was.
    """
    began = time.perf_counter()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reader = Reader(core, task.inputs, task.outputs, effort.d_model, effort.n_layers)
    generator, examined = (torch.Generator().manual_seed(start) for start in (seed, _EXAMINED + seed))
    optimiser = torch.optim.Adam([p for p in reader.parameters() if p.requires_grad], lr=effort.lr)

    def read(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return reader(x)

    level, course, update = 1, [], 0
    while update < task.updates and level <= task.levels:
        examples = task.draw(effort.batch, level, generator)
        loss = task.loss(reader(examples.inputs), examples)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(reader.parameters(), effort.clip)
        optimiser.step()
        update += 1
        if update % effort.check_every == 0 or update == task.updates:
            score = _score(task, read, level, effort.quick, examined)
            if score >= task.passing:
                score = _score(task, read, level, effort.sure, examined)
            course.append((update, score))
            level += score >= task.passing
    return Outcome(
        task=names[0],
        encoder=names[1],
        seed=seed,
        solved=level > task.levels,
        level=level - 1,
        levels=task.levels,
        score=course[-1][1],
        reach=task.reach(read),
        updates=update,
        sequences=update * effort.batch,
        parameters=sum(p.numel() for p in reader.parameters() if p.requires_grad),
        seconds=time.perf_counter() - began,
        course=tuple(course),
    )


def _score(task: Task, read: Read, level: int, count: int, generator: torch.Generator) -> float:
    """The share right of so many new sequences, some at a time."""
    found = []
    for start in range(0, count, 256):
        examples = task.draw(min(256, count - start), level, generator)
        found.append(task.right(read(examples.inputs), examples).flatten())
    return float(torch.cat(found).double().mean())
