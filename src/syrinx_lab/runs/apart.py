"""selected_models.json: what a sweep selected whose conditions were scored on different clips."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from .stored_record import StoredRecord, required

APART = "selected_models.json"


@dataclass(frozen=True)
class BestOfClips:
    """The best of the conditions that were scored on the same clips.

    condition      its label
    compared_with  the labels of the others
    seed, run      of its model; the run's folder as seen from the sweep's
    metric, val    that it was ranked by, and its value
    """

    condition: str
    compared_with: tuple[str, ...]
    seed: int
    run: str
    metric: str
    val: float | None


@dataclass(frozen=True)
class SelectedApart(StoredRecord):
    """The models that were selected where none is the best of all: one for each set of clips.

    reason  why, in words
    """

    kind: ClassVar[str] = "selection apart"
    schema: ClassVar[int] = 2
    remedy: ClassVar[str] = "remove it and repeat the command of the sweep: it writes it anew"

    reason: str
    selected: tuple[BestOfClips, ...]

    @classmethod
    def parse(cls, given: dict[str, Any], source: str | Path) -> dict[str, Any]:
        """With the models as what they are."""
        entries = [
            required(BestOfClips, one, f"{source}: a model of a {cls.kind}", cls.remedy) for one in given["selected"]
        ]
        models = [BestOfClips(**{**one, "compared_with": tuple(one["compared_with"])}) for one in entries]
        return {**given, "selected": tuple(models)}


def refuse_apart(folder: str | Path) -> None:
    """Raise ValueError when `folder` is that of a sweep that has a model for each set of clips, and none of all."""
    path = Path(folder) / APART
    if path.is_file():
        models = ", ".join(one.condition for one in SelectedApart.read(path).selected)
        raise ValueError(
            f"{folder} has no best model of all, its conditions were scored on different clips: give the folder of one "
            f"({models}), with a = in its name quoted as 'run=\"{folder}/NAME\"'"
        )
