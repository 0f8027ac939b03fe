"""The folder of one run: what lies where in it, whose run it holds, and how a run is found again."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .apart import refuse_apart
from .atomic import read_json, write_json_atomic, write_text_atomic
from .history import History
from .identity import differing_keys, identity, in_words, run_key
from .manifest import Manifest, SweepManifest, read_manifest

STATUSES = ("claimed", "running", "paused", "finished", "interrupted", "failed")
CHECKPOINT_NAME = "epoch{epoch:05d}.ckpt"

_CHECKPOINT = re.compile(r"epoch(\d+)\.ckpt")
# of a state when its run is claimed again: they say how it was trained until then
_KEPT = ("backend", "training", "units")


class RunDirectory:
    """The layout of a run.

        config.yaml            the resolved config
        state.json             key, data fingerprint, status
        split.json             the recordings of train, val and test, with a hash of each
        checkpoints/           epoch00004.ckpt, ...
        history.jsonl          what was logged, see `History`
        selected_model.json    scores and provenance of the selected model
        audio/ figures/        what the selected model sings, and looks like
        dynamics/              what its oscillator does on its clips: a page, figures, tables, movies
        evaluations/           the same of other checkpoints, and of recordings that are new since the training
        rungs/                 epoch00020.json, ...: how the run scored on val where a sweep compared it;
                               again00020.jsonl: how it came there, where it had gone further before
        wandb/                 the logger's own files

    path  the folder; it need not exist yet
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config_path = self.path / "config.yaml"
        self.state_path = self.path / "state.json"
        self.split_path = self.path / "split.json"
        self.checkpoints_path = self.path / "checkpoints"
        self.history_path = self.path / "history.jsonl"
        self.manifest_path = self.path / "selected_model.json"
        self.audio_path = self.path / "audio"
        self.figures_path = self.path / "figures"
        self.dynamics_path = self.path / "dynamics"
        self.evaluations_path = self.path / "evaluations"
        self.rungs_path = self.path / "rungs"
        self.wandb_path = self.path / "wandb"

    def __repr__(self) -> str:
        return f"RunDirectory({str(self.path)!r})"

    @property
    def history(self) -> History:
        """The history of this run."""
        return History(self.history_path)

    def claim(
        self,
        config: Mapping[str, Any],
        data_fingerprint: str | None = None,
        split: Mapping[str, Any] | None = None,
    ) -> str:
        """Make this the folder of the run of `config`, or go on with it if it is that already; returns the run's key.

        config            the resolved config in plain containers; written to config.yaml, so that the newest one stands
                          in what is no part of the identity (paths, the rung)
        data_fingerprint  see `identity`
        split             which recordings are in train, val and test; that of a run which has begun stays as it is
        Raises ValueError with one line when the folder holds another configuration's run (naming up to five keys with
        both values), when it holds checkpoints of which nothing is known, or when it is a file; nothing is written
        then. OSError with one line when it cannot be written.
        """
        key = run_key(config, data_fingerprint)
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(f"{self.path} is a file: choose another run_dir")
        if self.config_path.exists():
            self._refuse_other(config, data_fingerprint, key)
        elif self.checkpoints() or self.history_path.exists():
            raise ValueError(f"{self.path} holds checkpoints or a history but no config.yaml: choose another run_dir")
        for folder in (self.path, self.checkpoints_path, self.audio_path, self.figures_path):
            folder.mkdir(parents=True, exist_ok=True)
        if split is not None and (not self.split_path.exists() or self.state().get("key") != key):
            write_json_atomic(self.split_path, split)
        # the state first: a config.yaml beside no state would be compared without the fingerprint
        known = {name: value for name, value in self.state().items() if name in _KEPT}
        claimed = {"key": key, "data_fingerprint": data_fingerprint, "status": "claimed"}
        write_json_atomic(self.state_path, claimed | known)
        write_text_atomic(self.config_path, yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))
        return key

    def config(self) -> dict[str, Any]:
        """The resolved config that the run was started with; raises ValueError with one line when it cannot be read."""
        try:
            config = yaml.safe_load(self.config_path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
            raise ValueError(f"{self.config_path}, line {line}: not valid YAML; restore the file") from error
        if not isinstance(config, dict):
            raise ValueError(f"{self.config_path}: not a config; restore the file or choose another run_dir")
        return config

    def split(self) -> dict[str, Any] | None:
        """The recordings of train, val and test, id -> hash of the content; None before `claim`."""
        return read_json(self.split_path) if self.split_path.exists() else None

    def manifest(self) -> Manifest | None:
        """The manifest of the selected model, None before it was evaluated; raises as `StoredRecord.read`."""
        return Manifest.read(self.manifest_path) if self.manifest_path.is_file() else None

    def state(self) -> dict[str, Any]:
        """What state.json says: key, data_fingerprint, status, epoch, message, backend, units, training; or nothing."""
        return read_json(self.state_path) if self.state_path.exists() else {}

    def set_status(self, status: str, *, epoch: int | None = None, message: str | None = None) -> None:
        """Note in state.json how the run stands.

        status   one of `STATUSES`; paused: trained to the rung of a sweep, not to the end
        epoch    the last epoch that is complete
        message  why it failed, one line
        """
        assert status in STATUSES, f"no status {status!r}, only {', '.join(STATUSES)}"
        noted = {"status": status, "epoch": epoch, "message": message}
        write_json_atomic(self.state_path, {**self.state(), **noted})

    def set_backend(self, backend: str) -> None:
        """Note in state.json what the rollouts of the training were computed with, one line."""
        write_json_atomic(self.state_path, {**self.state(), "backend": backend})

    def set_units(self, units: Mapping[str, str]) -> None:
        """Note in state.json the units of the loss terms, for figures."""
        write_json_atomic(self.state_path, {**self.state(), "units": dict(units)})

    def units(self) -> dict[str, str]:
        """Loss term -> unit of its values; empty before training."""
        return dict(self.state().get("units") or {})

    def note_training(self, noted: Mapping[str, Any] | None) -> None:
        """Note in state.json what loggers and figures follow: id, after, to (epochs); None when they have ended."""
        state = {name: value for name, value in self.state().items() if name != "training"}
        write_json_atomic(self.state_path, state if noted is None else {**state, "training": dict(noted)})

    def checkpoint_path(self, epoch: int) -> Path:
        """Where the checkpoint after `epoch` finished epochs lies or will lie."""
        return self.checkpoints_path / CHECKPOINT_NAME.format(epoch=epoch)

    def checkpoints(self) -> list[tuple[int, Path]]:
        """(epoch, file) of every checkpoint, by the number of the epoch; files of other names are left out."""
        if not self.checkpoints_path.is_dir():
            return []
        named = ((_CHECKPOINT.fullmatch(file.name), file) for file in self.checkpoints_path.iterdir())
        return sorted((int(match[1]), file) for match, file in named if match)

    def rung_path(self, epochs: int) -> Path:
        """How the run scored at the rung of `epochs`, see `RungScore`."""
        return self.rungs_path / f"epoch{epochs:05d}.json"

    def again_path(self, epoch: int) -> Path:
        """The history of a training to `epoch` that was done once more, since the run has gone further than that."""
        return self.rungs_path / f"again{epoch:05d}.jsonl"

    def shown(self, path: str | Path) -> str:
        """A file as the run's own files name it: relative to the folder when it lies in it, for folders are moved."""
        where, home = Path(path).resolve(), self.path.resolve()
        return where.relative_to(home).as_posix() if where.is_relative_to(home) else str(path)

    def latest_checkpoint(self) -> Path | None:
        """The checkpoint of the highest epoch, None when there is none."""
        checkpoints = self.checkpoints()
        return checkpoints[-1][1] if checkpoints else None

    def _refuse_other(self, config: Mapping[str, Any], data_fingerprint: str | None, key: str) -> None:
        """Raise ValueError unless the run in this folder has `key`."""
        here, stored = self.config(), self.state().get("data_fingerprint")
        if run_key(here, stored) == key:
            return
        differing = differing_keys(identity(here, stored), identity(config, data_fingerprint))
        raise ValueError(
            f"{self.path} holds another configuration's run: {in_words(differing)}; choose another run_dir"
        )


def find_run(path: str | Path) -> RunDirectory:
    """The run that `path` belongs to.

    path  a run's folder, or any file or folder in it (config.yaml, a checkpoint, a figure, ...), or the folder of a
          sweep: the run that was selected there
    Raises ValueError with one line that says what is missing, and which runs lie below `path` when there are some.
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"{path}: no such run; give the folder that training named")
    for folder in (path, *path.absolute().parents[:2]):
        if (manifest := swept_selection(folder)) is not None:
            folder = Path(os.path.normpath(folder / manifest.run))
        run = RunDirectory(folder)
        if run.config_path.is_file() and run.checkpoints():
            return run
    folder = path if path.is_dir() else path.parent
    refuse_apart(folder)
    run = RunDirectory(folder)
    missing = [
        name
        for name, present in (
            ("config.yaml", run.config_path.is_file()),
            ("checkpoints/epoch*.ckpt", bool(run.checkpoints())),
        )
        if not present
    ]
    below = sorted(
        str(config.parent)
        for pattern in ("*/config.yaml", "*/*/config.yaml")
        for config in folder.glob(pattern)
        if RunDirectory(config.parent).checkpoints()
    )
    advice = f"give one of the runs in it: {', '.join(below[:5])}" if below else "give the folder that training named"
    raise ValueError(f"{folder} is not a trained run: it has no {' and no '.join(missing)}; {advice}")


def swept_selection(folder: str | Path) -> SweepManifest | None:
    """The manifest of the model that a sweep selected, None when `folder` is not that of a sweep that has ended."""
    path = Path(folder) / "selected_model.json"
    manifest = read_manifest(path) if path.is_file() else None
    return manifest if isinstance(manifest, SweepManifest) else None
