"""What came of a core on a task, and over seeds; no torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ..runs.atomic import write_text_atomic


@dataclass(frozen=True)
class Outcome:
    """One training.

    task, encoder, seed   what was trained on what
    solved                whether the criterion was reached
    level, levels         the levels that were passed, and how many there are
    score                 share right at the last check
    reach                 how far beyond training, in the task's unit; NaN where it is not asked
    updates, sequences    of training
    parameters            numbers that learn
    seconds               of training and checks
    course                (updates, share right) of every check
    """

    task: str
    encoder: str
    seed: int
    solved: bool
    level: int
    levels: int
    score: float
    reach: float
    updates: int
    sequences: int
    parameters: int
    seconds: float
    course: tuple[tuple[int, float], ...]

    def row(self) -> dict[str, str | int | float]:
        """By name, for a CSV; without the course."""
        return {name: value for name, value in vars(self).items() if name != "course"}


def over_seeds(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Of one task and encoder: how many seeds solved it, and medians of what else there is.

    sequences is the median over the seeds that solved it, NaN where none did.
    """
    solved = [one for one in outcomes if one.solved]
    return {
        "solved": len(solved),
        "seeds": len(outcomes),
        "level": median(one.level for one in outcomes),
        "score": median(one.score for one in outcomes),
        "reach": median(one.reach for one in outcomes),
        "sequences": median(one.sequences for one in solved) if solved else float("nan"),
        "seconds": median(one.seconds for one in outcomes),
    }


def write_csv(outcomes: Sequence[Outcome], path: Path) -> Path:
    """A row a training; makes the folder, returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    rows = [one.row() for one in outcomes]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text_atomic(path, text.getvalue())
    return path
