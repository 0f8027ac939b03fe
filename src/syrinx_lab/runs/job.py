"""What a sweep launches: a seed to train to a rung, or a selected model to evaluate."""

from __future__ import annotations

from dataclasses import dataclass

from .plan import Condition
from .rung_record import RungRecord
from .selected_record import SelectedRecord

# the values of `sweep_job`, by which the configuration of a job says what it is to do
TRAIN, EVALUATE = "train", "evaluate"
SELECTED_RECORD = "selected.json"


@dataclass(frozen=True)
class Job:
    """One launch of a seed: train it to `epochs` and score it on val, or, when it is `selected`, evaluate it."""

    condition: Condition
    seed: int
    epochs: int
    selected: bool = False

    @property
    def sweep_job(self) -> str:
        """What it is to do, as its configuration says it."""
        return EVALUATE if self.selected else TRAIN

    @property
    def record(self) -> str:
        """The name of the record that the job leaves."""
        return job_record_name(self.sweep_job, self.epochs)

    def lost(self, reason: str) -> RungRecord | SelectedRecord:
        """The record of a job whose process died and left none."""
        return (SelectedRecord if self.selected else RungRecord)(self.seed, self.epochs, "lost", reason)


def job_record_name(sweep_job: str, epochs: int) -> str:
    """The name of the record that a job leaves, by what it is to do."""
    return SELECTED_RECORD if sweep_job == EVALUATE else record_name(epochs)


def record_name(epochs: int) -> str:
    """The name of what is known after `epochs` epochs, for example epoch00020.json."""
    return f"epoch{epochs:05d}.json"
