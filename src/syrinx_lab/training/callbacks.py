"""The callbacks of a run: chosen in the configuration, made for the run, and called in an order that is a promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback

from ..evaluation.scoring import Scoring


@dataclass(frozen=True)
class RunContext:
    """What a callback may know of the run that it accompanies.

    directory  the run's folder
    config     its resolved configuration in plain containers
    scoring    how clips are sung when it is evaluated
    """

    directory: Path
    config: Mapping[str, Any]
    scoring: Scoring


# from the run to a callback of its own
CallbackFactory = Callable[[RunContext], Callback]


class EpochReporter(Callback):
    """A callback that only reports an epoch: at its end it is called after every callback that is none.

    So it sees what they have logged, in whatever order the configuration names them.
    """


def chosen_callback(made: Any, key: str) -> Callback | CallbackFactory:
    """What a key of the configuration has made, if it is a callback, or a function that makes one of a `RunContext`.

    Raises ValueError when it is neither.
    """
    if not isinstance(made, Callback) and not callable(made):
        raise ValueError(
            f"{key} is a {type(made).__name__}: give a Lightning Callback, or a function that makes one of a RunContext"
        )
    return made


def run_callbacks(
    chosen: Mapping[str, Callback | CallbackFactory], context: RunContext, *own: Callback
) -> list[Callback]:
    """The callbacks of a run: those that are chosen, then its own, and of all of them the reporters last.

    chosen  key of the configuration -> a callback, or what makes one
    own     what every run has
    Raises ValueError when a function has made something else.
    """
    made = [*(_made(one, context, key) for key, one in chosen.items()), *own]
    return sorted(made, key=lambda callback: isinstance(callback, EpochReporter))


def _made(one: Callback | CallbackFactory, context: RunContext, key: str) -> Callback:
    callback = one if isinstance(one, Callback) else one(context)
    if not isinstance(callback, Callback):
        raise ValueError(f"{key} makes a {type(callback).__name__} of a run: let it return a Lightning Callback")
    return callback
