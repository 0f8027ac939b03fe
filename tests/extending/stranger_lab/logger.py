"""A logger: everything as a line of a file in the run's folder; it takes sounds and tables, and no pictures."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from syrinx_lab.training.media_logger import LoggedRun, MediaLogger


class LinesLogger(MediaLogger):
    def __init__(self, directory: Path, described: LoggedRun) -> None:
        super().__init__()
        self.described = described
        self.path = directory / f"lines-{described.job_type}.jsonl"
        if not described.resumed:
            self.path.unlink(missing_ok=True)

    name = property(lambda self: "lines")
    version = property(lambda self: self.described.id)

    def logged_epochs(self) -> set[int]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return {line["epoch"] + 1 for line in map(json.loads, lines) if "epoch" in line}

    def log_hyperparams(self, params: Mapping[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        self._write({"config": sorted(dict(params))})

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self._write(dict(metrics))

    def log_sounds(self, name: str, sounds: Sequence[tuple[str, np.ndarray]], sample_rate: int, *, epoch: int) -> None:
        self._write({"sounds": name, "seconds": [len(samples) / sample_rate for _, samples in sounds]})

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, epoch: int) -> None:
        self._write({"table": name, "columns": list(columns), "rows": len(rows)})

    def _write(self, line: Mapping[str, Any]) -> None:
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
