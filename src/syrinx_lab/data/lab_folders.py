"""Which folders among recordings are the lab's own: what it wrote there is no song to train on."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

SYNTHETIC = "synthetic finch"  # `what` in dataset.json


def is_the_labs(folder: Path, names: Collection[str]) -> bool:
    """Whether a folder is a run's, a sweep's, or one of rendered song.

    names  of the files in it
    """
    if "config.yaml" in names and "state.json" in names:
        return True
    if "plan.json" in names and folder.parent.name == "sweeps":
        return True
    if "dataset.json" not in names:
        return False
    try:
        card = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(card, dict) and card.get("what") == SYNTHETIC
