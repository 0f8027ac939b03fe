"""What a run left for W&B, read back with W&B's own reader."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Piece:
    """One file of one W&B run.

    run       what it says of itself: run_id, display_name, run_group, job_type, resume, ...
    config    as it was in the end
    rows      the history
    axes      pattern of names -> the name that is their axis
    exit_code None when the run was never finished
    """

    run: dict[str, Any]
    config: dict[str, Any]
    rows: list[dict[str, Any]]
    axes: dict[str, str]
    exit_code: int | None
    folder: Path

    @property
    def names(self) -> set[str]:
        """All names that were logged; of sounds, pictures and tables the name that panels use."""
        return {name.rpartition("._type")[0] or name for row in self.rows for name in row if not _detail(name)}


def read_pieces(run_folder: Path) -> list[Piece]:
    """The pieces below run_folder/wandb, by the time at which they were begun."""
    return [_read(file) for file in sorted(run_folder.glob("wandb/offline-run-*/*.wandb"))]


def _read(file: Path) -> Piece:
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    of = {kind: [record[kind] for record in records if record["type"] == kind] for kind in map(_kind, records)}
    config: dict[str, Any] = {}
    for update in [of["run"][0]["config"], *of.get("config", [])]:
        config |= update.get("update", {})
    return Piece(
        run=of["run"][0],
        config=config,
        rows=[history["item"] for history in of.get("history", [])],
        axes={m["glob_name"]: m["step_metric"] for m in of.get("metric", []) if "glob_name" in m},
        exit_code=of["exit"][0].get("exit_code", 0) if "exit" in of else None,
        folder=file.parent,
    )


def _kind(record: dict[str, Any]) -> str:
    return str(record["type"])


def _detail(name: str) -> bool:
    return "." in name and not name.endswith("._type")
