"""The contract of loggers: what they know of the work that they follow, and what they take beside numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from lightning.pytorch.loggers import Logger

JobType = Literal["train", "eval"]
Captioned = Sequence[tuple[str, np.ndarray]]

_NEEDED = {
    "logged_epochs": "the set of epochs, from 1, whose numbers it has got in the past",
    "log_metrics": "Lightning's hook for numbers",
    "log_hyperparams": "Lightning's hook for the configuration",
    "name": "a property, as Lightning wants it",
    "version": "a property, as Lightning wants it",
}


@dataclass(frozen=True)
class LoggedRun:
    """One training to a rung, or one evaluation.

    id        unique in the project, and the same for the same piece of work
    name      for a person
    key       of the model; groups the pieces where the logger has no group
    job_type  train or eval
    config    plain values; the flat keys by which runs are compared, the whole configuration under `resolved`
    resumed   whether it goes on with what has been logged under this id; else it takes its place
    """

    id: str
    name: str
    key: str
    job_type: JobType
    config: Mapping[str, Any]
    resumed: bool = False


class MediaLogger(Logger, ABC):
    """A Lightning logger that may take sounds, pictures and tables, and knows which epochs it has got.

    A subclass defines `logged_epochs`, what Lightning's `Logger` asks for, and `log_sounds`, `log_pictures` and
    `log_table` as far as it can: what it does not define is not sent, and said once where it starts. A logger of
    Lightning's own gets there by two bases: `class Mine(MediaLogger, CSVLogger)`.

    The lab calls `log_metrics(metrics, step)` after every epoch of a training: `metrics` hold `epoch`, counted from 0,
    and `step` is that of its last update, from 0. Of an evaluation they hold no `epoch`, and `step` is the number of
    finished epochs of the model. What is sent with an epoch's media comes before its numbers.

    A method that raises costs the run a line: the logger is switched off, see `guarded_logger`, and training goes on.

    Raises ValueError at construction, with what to add, for a class that lacks something.
    """

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        cls.check_class()
        return super().__new__(cls)

    @classmethod
    def check_class(cls) -> None:
        """Raise ValueError, with what to add, for a class that lacks something."""
        for name in sorted(cls.__abstractmethods__):
            raise ValueError(f"{cls.__name__} has no {name}: add it, {_NEEDED.get(name, 'which its bases ask for')}")

    @abstractmethod
    def logged_epochs(self) -> set[int]:
        """The epochs, counted from 1, whose numbers it got in the past under this id: a kill kept the others from it.

        They are logged again when a run goes on, numbers alone. Empty where it does not know: then it gets all again.
        """

    def log_sounds(self, name: str, sounds: Captioned, sample_rate: int, *, epoch: int) -> None:
        """Sounds under one name, (caption, float samples (n,) in [-1, 1]) each, after so many finished epochs."""

    def log_pictures(self, name: str, pictures: Captioned, *, epoch: int) -> None:
        """Pictures of one size under one name, (caption, (H, W, 3) uint8) each."""

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, epoch: int) -> None:
        """A table: text and numbers, None or NaN where nothing is defined."""

    def end(self, *, failed: bool) -> None:
        """Close what the process holds open, once, when nothing more is logged; `finalize` may come several times."""

    def takes(self, method: str) -> bool:
        """Whether its class defines log_sounds, log_pictures or log_table."""
        return getattr(type(self), method) is not getattr(MediaLogger, method)

    def not_taken(self) -> str | None:
        """A line on what it does not take; None where it takes everything."""
        lacking = [one for one in ("log_sounds", "log_pictures", "log_table") if not self.takes(one)]
        if not lacking:
            return None
        kinds = " and ".join(name.removeprefix("log_").replace("table", "tables") for name in lacking)
        return f"note: the logger {type(self).__name__} gets no {kinds}: it does not define {' and '.join(lacking)}"


# from the run's folder and what is done there to the logger that follows it, None where nothing does
Start = Callable[[Path, LoggedRun], MediaLogger | None]
