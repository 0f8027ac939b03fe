"""What loggers know of a training and of an evaluation, from the configuration."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .assembly import run_name
from .data.corpus_settings import label_list
from .training.media_logger import LoggedRun

# the flat keys by which a dashboard can compare
COMPARED = ("loss_mode", "encoder", "oscillator", "sampler", "horizon", "backend", "bird", "label", "seed", "rung")


def training_run(config: Mapping[str, Any], key: str, *, resumed: bool) -> LoggedRun:
    """The training of a model to the rung `trainer.max_epochs`.

    Its id is KEY-e00020: a rung is a run of its own, since a sweep may go on with it days later, and offline.

    Args:
        config: the resolved configuration.
        key: of the model.
        resumed: whether training goes on after a checkpoint.
    """
    rung = config["trainer"]["max_epochs"]
    name = f"{run_name(config)} to epoch {rung}"
    return LoggedRun(f"{key}-e{rung:05d}", name, key, "train", _config(config, key), resumed)


def evaluation_run(
    config: Mapping[str, Any], key: str, splits: Sequence[str], *, epoch: int, checkpoint: str, backend: str | None
) -> LoggedRun:
    """The evaluation of a model on `splits`; the same again takes the place of the former.

    Its id is KEY-e00020-eval-val-test; a model other than the rung's last is named in it, as -m00010.

    Args:
        config: the resolved configuration.
        key: of the model.
        epoch: finished epochs of the model that sings, -1 where nobody knows.
        checkpoint: its file.
        backend: what it was trained with, as state.json says; None where it does not.
    """
    rung = config["trainer"]["max_epochs"]
    known = f"m{epoch:05d}" if epoch >= 0 else f"m{hashlib.sha256(checkpoint.encode()).hexdigest()[:8]}"
    parts = [f"{key}-e{rung:05d}", "eval", *splits, *([] if epoch == rung else [known])]
    name = f"{run_name(config)} {' and '.join(splits)} after epoch {epoch if epoch >= 0 else checkpoint}"
    flat = {**_config(config, key), "model_epoch": epoch, "checkpoint": checkpoint, "splits": list(splits)}
    if backend is not None:
        flat |= backend_used(backend)
    return LoggedRun("-".join(parts), name, key, "eval", flat)


def backend_used(line: str) -> dict[str, str]:
    """The keys of the backend that computed the training: its name, and the whole line that names it."""
    return {"backend": line.split(" ")[0], "backend_used": line}


def _config(config: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The keys by which runs are compared, flat, and everything under `resolved`: horizon is a group there."""
    groups = {name: config[name]["name"] for name in ("encoder", "oscillator", "sampler", "horizon", "backend")}
    labels = label_list(config["data"]["label"])
    return {
        "loss_mode": config["loss"]["name"],
        **groups,
        "bird": _bird(config["data"]),
        "label": "".join(labels) if labels else "all",
        "seed": config["seed"],
        "sweep": config["sweep_name"],
        "rung": config["trainer"]["max_epochs"],
        "n_epochs": config["n_epochs"],
        "key": key,
        "resolved": dict(config),
    }


def _bird(data: Mapping[str, Any]) -> str:
    if data["name"] != "folder":
        return str(data["name"])
    roots = [data["root"]] if isinstance(data["root"], str) else data["root"]
    return "+".join(Path(root).resolve().name for root in roots)
