"""A logger that is not part of the lab: it appends what it gets to recorded.jsonl in the run's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from syrinx_lab.training.media_logger import Captioned, LoggedRun, MediaLogger


class RecordingLogger(MediaLogger):
    """One line a call: its method, the id of the work that is followed, and what it was given."""

    def __init__(self, directory: Path, described: LoggedRun, *, note: str = "") -> None:
        super().__init__()
        self.path, self.described = directory / "recorded.jsonl", described
        self._record("start", described.job_type, described.resumed, described.key, described.config["seed"], note)

    @property
    def name(self) -> str:
        return "recording"

    @property
    def version(self) -> str:
        return self.described.id

    def log_hyperparams(self, params: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        self._record("hyperparams", dict(params))

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self._record("metrics", dict(metrics), step)

    def logged_epochs(self) -> set[int]:
        return {int(data[0]["epoch"]) + 1 for data in self.read("metrics", self.described.id) if "epoch" in data[0]}

    def log_sounds(self, name: str, sounds: Captioned, sample_rate: int, *, epoch: int) -> None:
        given = [(caption, len(samples), float(abs(samples).max())) for caption, samples in sounds]
        self._record("sounds", name, given, sample_rate, epoch)

    def log_pictures(self, name: str, pictures: Captioned, *, epoch: int) -> None:
        self._record("pictures", name, [(caption, pixels.shape, str(pixels.dtype)) for caption, pixels in pictures])

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, epoch: int) -> None:
        self._record("table", name, list(columns), len(rows), epoch)

    def end(self, *, failed: bool) -> None:
        self._record("end", failed)

    def read(self, method: str, of: str | None = None) -> list[list[Any]]:
        """What has been recorded of a method, of one piece of work or of all."""
        return [
            data for recorded, id, *data in map(json.loads, self.path.open()) if recorded == method and of in (None, id)
        ]

    def _record(self, method: str, *data: Any) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps([method, self.described.id, *data]) + "\n")
