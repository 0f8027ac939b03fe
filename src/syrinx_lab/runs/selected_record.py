"""That the model which a sweep selected was evaluated: the file that the job of that leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .job_record import JobRecord
from .stored_record import StoredRecord


@dataclass(frozen=True)
class SelectedRecord(JobRecord, StoredRecord):
    """How the evaluation of a selected model ended, see `JobRecord`; its scores stand in the manifest of its run.

    model_epoch  finished epochs of the model; None where the evaluation failed
    checkpoint   its file, relative to the run's folder
    """

    kind: ClassVar[str] = "selected record"
    schema: ClassVar[int] = 1
    remedy: ClassVar[str] = "remove it and repeat the command of the sweep: the model is evaluated again"

    model_epoch: int | None = None
    checkpoint: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.has_model and None in (self.model_epoch, self.checkpoint):
            raise ValueError(f"is {self.status} and names no model_epoch or checkpoint")
