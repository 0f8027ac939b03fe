"""What a run's folder says, as the rows that the registry keeps of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .atomic import jsonable
from .directory import RunDirectory
from .identity import run_key
from .manifest import Manifest
from .rung_score import RungScore

TRAINING, RUNG, SELECTED, OTHER = "training", "rung", "selected", "other"

_FIGURE = re.compile(r"(?:(?P<split>val|test)-(?:(?P<vocalisation>\d+)-(?P<label>.+)-)?)?(?P<kind>[^-]+)\.\w+")
_DRAWN = (".png", ".gif", ".mp4", ".html")


@dataclass(frozen=True)
class RunRecord:
    """The rows of one run: of the table models, and of evaluations and figures without their ids."""

    model: dict[str, Any]
    evaluations: list[dict[str, Any]]
    figures: list[dict[str, Any]]


def read_record(run: RunDirectory) -> RunRecord:
    """The rows of `run`, made of its folder alone, so that a lost registry can be made again.

    The scores of a finished run are those of its selected model, or of its last rung in a sweep that did not select it.
    Before, they are those of the last epoch that was evaluated on val. Paths are relative to the run's folder; `model`
    lacks path, outputs and recorded_at, which are the registry's affair.

    Raises ValueError with one line when the folder holds no run or a file in it cannot be read.
    """
    if not (run.config_path.is_file() and run.state_path.is_file()):
        raise ValueError(
            f"{run.path} is not a run: it has no config.yaml and state.json; give a folder that training named"
        )
    config, state, history = run.config(), run.state(), run.history.read()
    manifest = run.manifest()
    checkpoints = run.checkpoints()
    evaluations = [_of_training(row) for row in history if any(name.startswith("val/") for name in row)]
    evaluations += _of_rungs(run) + _of_manifest(manifest)
    shown = _shown(evaluations, finished=state.get("status") == "finished")
    selected = shown.get("source") == SELECTED
    evaluations += _of_others(run)
    git = (None if manifest is None else manifest.git) or state.get("git") or {}
    latest = f"{run.checkpoints_path.name}/{checkpoints[-1][1].name}" if checkpoints else None
    fingerprint = state.get("data_fingerprint")
    model = {
        "key": state.get("key") or run_key(config, fingerprint),
        "seed": config.get("seed"),
        "status": state.get("status", "claimed"),
        "message": state.get("message"),
        "epochs": checkpoints[-1][0] if checkpoints else state.get("epoch") or 0,
        "scored_epoch": shown.get("epoch"),
        "val": shown.get("scores", {}),
        "test": next((e["scores"] for e in evaluations if selected and e["split"] == "test"), {}),
        "checkpoint": shown.get("checkpoint") or latest,
        "config": jsonable(config),
        "data_fingerprint": fingerprint,
        "git_commit": git.get("commit"),
        "git_dirty": git.get("dirty"),
        "backend_used": state.get("backend"),
        "seconds": float(sum(row.get("seconds") or 0.0 for row in history)),
        "created_at": state.get("created_at") or _stamp(run, [path for _, path in checkpoints], min),
        "updated_at": _stamp(run, [], max),
    }
    return RunRecord(model, evaluations, _figures(run))


def _of_training(row: Mapping[str, Any]) -> dict[str, Any]:
    """The evaluation in a row of the history."""
    scores = {name.removeprefix("val/"): value for name, value in row.items() if name.startswith("val/")}
    return {"source": TRAINING, "split": "val", "epoch": row["epoch"], "scores": scores, "vocalisations": None,
            "checkpoint": None}  # fmt: skip


def _of_rungs(run: RunDirectory) -> list[dict[str, Any]]:
    """The evaluations on val at the rungs of sweeps, one for each checkpoint that was the model of a rung."""
    found = {}
    for file in sorted(run.path.glob("rungs/epoch*.json")):
        score = RungScore.read(file)
        found[score.model_epoch] = {
            "source": RUNG,
            "split": "val",
            "epoch": score.model_epoch,
            "scores": _with_rescaled(score.raw, score.rescaled),
            "vocalisations": score.vocalisations,
            "checkpoint": score.checkpoint,
        }
    return list(found.values())


def _of_manifest(manifest: Manifest | None) -> list[dict[str, Any]]:
    """The evaluations in selected_model.json, one a split."""
    if manifest is None:
        return []
    return [
        {
            "source": SELECTED,
            "split": split,
            "epoch": manifest.epoch,
            "scores": _with_rescaled(scores["raw"], scores["rescaled"]),
            "vocalisations": scores["count"],
            "checkpoint": manifest.checkpoint,
        }
        for split, scores in manifest.scores.items()
    ]


def _of_others(run: RunDirectory) -> list[dict[str, Any]]:
    """The evaluations aside of the run's own checkpoints, of each epoch and split the latest."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    manifests = map(Manifest.read, sorted(run.evaluations_path.glob("*.json")))
    for manifest in sorted(manifests, key=lambda one: one.created_at):
        if manifest.checkpoint.startswith(f"{run.checkpoints_path.name}/"):
            found |= {(one["epoch"], one["split"]): {**one, "source": OTHER} for one in _of_manifest(manifest)}
    return list(found.values())


def _with_rescaled(raw: Mapping[str, Any], rescaled: Mapping[str, Any]) -> dict[str, Any]:
    """{metric: mean} as sung, and rescaled_{metric} beside it."""
    return {**raw, **{f"rescaled_{name}": value for name, value in rescaled.items()}}


def _shown(evaluations: Sequence[dict[str, Any]], *, finished: bool) -> dict[str, Any]:
    """The evaluation on val that speaks for the run; empty when there is none."""
    order = (TRAINING, RUNG, SELECTED)
    on_val = [evaluation for evaluation in evaluations if evaluation["split"] == "val"]
    chosen = [evaluation for evaluation in on_val if evaluation["source"] != TRAINING] if finished else []
    return max(chosen or on_val, key=lambda e: (e["epoch"], order.index(e["source"])), default={})


def _figures(run: RunDirectory) -> list[dict[str, Any]]:
    """The pictures in the run's folder, and movies and the page of its dynamics, by what their names say of them."""
    figures = []
    files = [*run.figures_path.glob("[!.]*.png"), *run.dynamics_path.glob("[!.]*.*")]
    for file in sorted(file for file in files if file.suffix in _DRAWN):
        match = _FIGURE.fullmatch(file.name)
        found: Mapping[str, Any] = match.groupdict() if match else {"kind": file.stem}
        number = found.get("vocalisation")
        figures.append(
            {
                "path": f"{file.parent.name}/{file.name}",
                "kind": found["kind"],
                "split": found.get("split"),
                "vocalisation": None if number is None else int(number),
                "label": found.get("label"),
            }
        )
    return figures


def _stamp(run: RunDirectory, more: Iterable[Path], extreme: Any) -> str:
    """The first or the last time at which a file of the run was written, UTC."""
    files = (run.config_path, run.state_path, run.history_path, run.manifest_path, *more)
    return utc(extreme(file.stat().st_mtime for file in files if file.exists()))


def utc(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
