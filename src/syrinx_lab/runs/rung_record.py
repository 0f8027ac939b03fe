"""How a seed came through a rung of a sweep: the file that its job leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from .job_record import JobRecord
from .rung_score import RungScore
from .stored_record import StoredRecord


@dataclass(frozen=True)
class RungRecord(JobRecord, StoredRecord):
    """How a seed came through a rung, see `JobRecord`, with the scores of its model; None where there is no model."""

    kind: ClassVar[str] = "rung record"
    schema: ClassVar[int] = 1
    remedy: ClassVar[str] = "remove it and repeat the command of the sweep: the seed is scored again"

    score: RungScore | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.has_model and self.score is None:
            raise ValueError(f"is {self.status} and has no score")

    @classmethod
    def scored(
        cls, *, seed: int, epochs: int, run: str, key: str, data_fingerprint: str, score: RungScore, metric: str
    ) -> Self:
        """The record of a seed that was trained: diverged where its `metric` is no finite number."""
        ranked = score.ranks_by(metric)
        status = "trained" if ranked else "diverged"
        reason = None if ranked else f"val {metric} is not a number after epoch {epochs}"
        return cls(seed, epochs, status, reason, run, key, data_fingerprint, score)

    @property
    def raw(self) -> Mapping[str, float | None]:
        """Metric -> mean over val as sung; empty without a model."""
        return {} if self.score is None else self.score.raw

    @property
    def rescaled(self) -> Mapping[str, float | None]:
        """Metric -> mean over val rescaled; empty without a model."""
        return {} if self.score is None else self.score.rescaled

    @classmethod
    def parse(cls, given: dict[str, Any], source: str | Path) -> dict[str, Any]:
        """With the score as what it is."""
        score = given.get("score")
        return given | {"score": None if score is None else RungScore.from_fields(score, source)}
