"""What a logger is told of the piece of work that it follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

JobType = Literal["train", "eval"]


@dataclass(frozen=True)
class LoggedRun:
    """One training to a rung, or one evaluation: a W&B run.

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
