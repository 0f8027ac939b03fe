"""What a kill kept from a logger, logged again from the run's own history."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger, TensorBoardLogger

from ..runs.temporary_files import empty_pieces
from .wandb_run import WandbRun

_GROUPS = ("loss/", "train/", "val/")
_READ_S = 120.0


def replay(logger: Logger, folder: Path, rows: Sequence[Mapping[str, Any]]) -> int:
    """Log those of `rows` that are not there; returns how many.

    folder  of the run
    rows    of its history that belong to what `logger` follows, by epoch; numbers alone: sounds are not in a history
    """
    logged = _logged_epochs(logger, folder)
    missing = [row for row in rows if row["epoch"] not in logged]
    for row in missing:
        values = {name: value for name, value in row.items() if name.startswith(_GROUPS) and value is not None}
        # as Lightning logs at the end of an epoch: the epoch counts from 0, the step is that of its last update
        logger.log_metrics({**values, "epoch": row["epoch"] - 1}, step=max(int(row.get("step", 1)) - 1, 0))
    return len(missing)


def remove_empty_pieces(folder: Path, run_id: str | None = None) -> None:
    """Remove the pieces of W&B runs in a run's folder that hold no record: `wandb sync` would pass over all others.

    run_id  of a run that this process alone follows: its empty pieces are removed however young they are
    """
    for piece in empty_pieces(folder / "wandb", run_id):
        shutil.rmtree(piece, ignore_errors=True)


def _logged_epochs(logger: Logger, folder: Path) -> set[int]:
    """The epochs, counted from 1, whose rows `logger` has got in the past."""
    if isinstance(logger, WandbRun):
        before = set(range(logger.experiment.starting_step))  # of a run that is resumed online
        files = folder.glob(f"wandb/offline-run-*/run-{logger.version}.wandb")
        return before.union(*(_epochs_of(file) for file in files))
    if isinstance(logger, TensorBoardLogger):
        return _epochs_of_events(Path(logger.log_dir))
    return set()


def _epochs_of(piece: Path) -> set[int]:
    """The epochs whose rows stand in a piece of an offline run; what was cut short is passed over."""
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(piece)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_READ_S)
    except (OSError, subprocess.SubprocessError):
        return set()
    epochs = set()
    for line in done.stdout.splitlines():
        try:
            item = json.loads(line).get("history", {}).get("item", {})
            if any(name.startswith("loss/") for name in item):  # a row without is of sounds whose epoch was cut off
                epochs.add(int(item["epoch"]))
        except (ValueError, KeyError, AttributeError):
            continue
    return epochs


def _epochs_of_events(folder: Path) -> set[int]:
    """The epochs whose rows stand in TensorBoard's files."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {int(event.value) + 1 for event in events.Scalars("epoch")} if "epoch" in events.Tags()["scalars"] else set()
