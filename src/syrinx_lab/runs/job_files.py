"""The records that the jobs of one condition have left, whatever they were to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .atomic import read_json
from .rung_record import RungRecord
from .selected_record import SelectedRecord
from .stored_record import kind_of


def read_job_record(path: Path) -> RungRecord | SelectedRecord:
    """The record in a file, as its `kind` says; raises ValueError as `StoredRecord.from_json` does."""
    content = read_json(path)
    if kind_of(content) == SelectedRecord.kind:
        return SelectedRecord.from_json(content, path)
    return RungRecord.from_json(content, path)


def job_records(condition: Path) -> Iterator[RungRecord | SelectedRecord]:
    """All records below the folder of a condition, by the names of their files."""
    return map(read_job_record, sorted(condition.glob("s*/*.json")))


def fingerprints(condition: Path) -> set[str]:
    """Those of the recordings that the jobs of a condition were trained on, so far one at most."""
    return {record.data_fingerprint for record in job_records(condition) if record.data_fingerprint is not None}


def refuse_other_recordings(condition: Path, fingerprint: str) -> None:
    """Raise ValueError when a job of the condition was trained on other recordings than those of `fingerprint`."""
    others = sorted(fingerprints(condition) - {fingerprint})
    if others:
        raise ValueError(
            f"the recordings changed while the sweep ran: data_fingerprint was {others[0]}, and is {fingerprint}; "
            "restore them, or choose another sweep_name"
        )
