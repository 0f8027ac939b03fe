"""The pieces of offline W&B runs in a run's folder: which hold nothing, and which epochs the others hold."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from ..runs.temporary_files import empty_pieces

_READ_S = 120.0


def remove_empty_pieces(folder: Path, run_id: str | None = None) -> None:
    """Remove the pieces of W&B runs in a run's folder that hold no record: `wandb sync` would pass over all others.

    run_id  of a run that this process alone follows: its empty pieces are removed however young they are
    """
    for piece in empty_pieces(folder / "wandb", run_id):
        shutil.rmtree(piece, ignore_errors=True)


def epochs_in_pieces(folder: Path, run_id: str) -> set[int]:
    """The epochs, counted from 1, whose numbers stand in the pieces of a run; what was cut short is passed over."""
    return set().union(*(_epochs_of(file) for file in folder.glob(f"wandb/offline-run-*/run-{run_id}.wandb")))


def _epochs_of(piece: Path) -> set[int]:
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
