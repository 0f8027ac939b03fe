"""A run made into a voice: its weights alone, its configuration without this machine's paths, and where it is from."""

from __future__ import annotations

import copy
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml

from ..evaluation.weights import read_checkpoint
from ..runs.atomic import read_json, write_json_atomic, write_text_atomic
from ..runs.directory import CHECKPOINT_NAME, RunDirectory
from ..runs.provenance import provenance
from .record import FILE, VoiceRecord, digest

MOST_BYTES = 2_000_000
_DATA_PATHS = ("root", "annotation_root")


def pack_voice(
    run: RunDirectory,
    checkpoint: Path,
    out: Path,
    *,
    epoch: int,
    about: str,
    command: str,
    data: str,
    licence: str,
) -> VoiceRecord:
    """Write the voice of a run's checkpoint to the folder `out`, whose name becomes the voice's; returns its record.

    A voice is a run's folder: config.yaml, state.json, split.json and one checkpoint, without the optimiser.
    Its weights are those of the run, bit for bit. The folder appears whole or not.

    epoch          finished epochs of the checkpoint, 0 or more
    about          a line on what it is;   command: that trained the run;   data, licence: what it learned from, and
                   under which licence the weights are given
    Raises ValueError with one line for a folder that is there already, and for a voice of more than 2 MB.
    """
    if out.exists():
        raise ValueError(f"{out} is there already: remove it, or give out=OTHER")
    config = without_paths(run.config())
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{secrets.token_hex(4)}.tmp")
    (partial / "checkpoints").mkdir(parents=True)
    try:
        write_text_atomic(partial / "config.yaml", yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
        state = {name: run.state().get(name) for name in ("key", "data_fingerprint")}
        write_json_atomic(partial / "state.json", {**state, "status": "finished", "epoch": epoch})
        if run.split_path.is_file():
            write_json_atomic(partial / "split.json", read_json(run.split_path))
        torch.save(_weights_alone(checkpoint, config), partial / "checkpoints" / CHECKPOINT_NAME.format(epoch=epoch))
        files = sorted(path for path in partial.rglob("*") if path.is_file())
        if (size := sum(path.stat().st_size for path in files)) > MOST_BYTES:
            raise ValueError(f"{run.path}: the voice takes {size} bytes, more than {MOST_BYTES}: train a smaller model")
        made, manifest = provenance(), run.manifest()
        record = VoiceRecord(
            name=out.name,
            about=about,
            command=command,
            seed=config["seed"],
            data=data,
            licence=licence,
            created_at=made["created_at"],
            git=made["git"],
            versions={name: version for name, version in made["versions"].items() if name != "platform"},
            scores={} if manifest is None else {split: dict(manifest.means(split, "raw")) for split in manifest.scores},
            sha256={path.relative_to(partial).as_posix(): digest(path) for path in files},
        )
        record.write(partial)
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    assert (out / FILE).is_file()
    return record


def without_paths(config: Mapping[str, Any]) -> dict[str, Any]:
    """A run's configuration without what names this machine, and with its only checkpoint as its model."""
    clean = copy.deepcopy(dict(config))
    for key in _DATA_PATHS:
        if clean["data"].get(key):
            clean["data"][key] = "SONGS"
    clean["data"].pop("synthetic", None)
    clean["paths"] = {"outputs": "outputs", "registry": None}
    for key in ("run_dir", "init_from", "sweep_name", "sweep_job", "voice"):
        if key in clean:
            clean[key] = None
    clean["checkpoint"] = {**clean["checkpoint"], "rule": "last"}
    return clean


def _weights_alone(checkpoint: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    content = read_checkpoint(checkpoint)
    if "state_dict" not in content:
        raise ValueError(
            f"{checkpoint}: no checkpoint of this lab's training; train a run from it with init_from first"
        )
    kept: dict[str, Any] = {name: content[name] for name in ("epoch", "global_step") if name in content}
    # cloned: a view would drag its whole storage along
    weights = {name: value.detach().clone() for name, value in content["state_dict"].items()}
    return {**kept, "state_dict": weights, "syrinx_lab_config": json.dumps(config)}
