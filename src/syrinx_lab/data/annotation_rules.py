"""How annotations are to be read where a format leaves it open, and what a fault in them does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .annotation_problem import Severity

UNITS = ("s", "ms", "samples")


@dataclass(frozen=True)
class AnnotationRules:
    """The settings of every reader of annotations.

    labels          the labels asked for, None for all; a fault of another label never stops a run
    silence_labels  labels of stretches that are no syllable: left out, and counted
    faulty          "error", or "skip" to leave out what is faulty with a warning
    tier            the tier of a TextGrid to read, by name or number from 1; None for the first that holds labels
    label_column    the column of a table that holds the labels; None to find it by its name
    time_unit       "s", "ms" or "samples": the unit of times, whatever a file says; None for what it says
    Raises ValueError for a setting that makes no sense.
    """

    labels: frozenset[str] | None = None
    silence_labels: frozenset[str] = frozenset()
    faulty: str = "error"
    tier: str | None = None
    label_column: str | None = None
    time_unit: str | None = None

    def __post_init__(self) -> None:
        if self.faulty not in ("error", "skip"):
            raise ValueError(f"data.faulty is {self.faulty!r}: give error or skip")
        if self.time_unit is not None and self.time_unit not in UNITS:
            raise ValueError(f"data.time_unit is {self.time_unit!r}: give null, s, ms or samples")

    def asked(self, label: str) -> bool:
        """Whether a syllable of this label is wanted."""
        return self.labels is None or label in self.labels

    def severity(self, label: str | None = None) -> Severity:
        """What a fault is: an error, or a warning when it is left out; `label` is None where it is not known."""
        skipped = self.faulty == "skip" or (label is not None and not self.asked(label))
        return "warning" if skipped else "error"


AS_WRITTEN = AnnotationRules()
"""Every label is wanted, no label is a silence, and every fault is an error."""


def rules(
    *,
    labels: Iterable[str] | None = None,
    silence_labels: Iterable[str] | str | None = (),
    faulty: str = "error",
    tier: str | int | None = None,
    label_column: str | int | None = None,
    time_unit: str | None = None,
) -> AnnotationRules:
    """`AnnotationRules` from the values of a configuration; a label that is asked for is never a silence.

    Raises ValueError for a setting that makes no sense.
    """
    wanted = None if labels is None else frozenset(labels)
    silences = {silence_labels} if isinstance(silence_labels, str) else {str(one) for one in silence_labels or ()}
    return AnnotationRules(
        labels=wanted,
        silence_labels=frozenset(silences - (wanted or frozenset())),
        faulty=faulty,
        tier=None if tier is None else str(tier),
        label_column=None if label_column is None else str(label_column),
        time_unit=time_unit,
    )
