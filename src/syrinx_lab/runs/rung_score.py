"""How a run scores on val at a rung of a sweep: a file of the run, which every sweep that compares it there reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .atomic import jsonable
from .manifest import evaluation_settings
from .stored_record import StoredRecord


@dataclass(frozen=True)
class RungScore(StoredRecord):
    """The scores of the model that a run had at a rung.

    settings       what they depend on besides the weights, see `scoring_settings`
    model_epoch    finished epochs of the model
    checkpoint     its file, relative to the run's folder
    clips          hash of the clips of val
    vocalisations  how many these are
    raw, rescaled  metric -> mean over them
    wall_s         s that the training took
    """

    kind: ClassVar[str] = "rung score"
    schema: ClassVar[int] = 1
    remedy: ClassVar[str] = "remove it and repeat the command of the sweep: val is scored again"

    settings: Mapping[str, Any]
    model_epoch: int
    checkpoint: str
    clips: str
    vocalisations: int
    raw: Mapping[str, float | None]
    rescaled: Mapping[str, float | None]
    wall_s: float

    def ranks_by(self, metric: str) -> bool:
        """Whether the model can be ranked by `metric`: that is a finite number."""
        value = self.raw.get(metric)
        return value is not None and math.isfinite(value)


def scoring_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the scores at a rung depend on besides the weights: which checkpoint is the model, and the evaluation."""
    chosen = config["checkpoint"]
    plain = {"rule": chosen["rule"], "metric": chosen["metric"], "eval": evaluation_settings(config)}
    return dict(jsonable(plain))
