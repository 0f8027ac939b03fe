"""Which checkpoint of a run is its model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..metrics.facts import METRICS, Known, metrics_of
from .directory import RunDirectory
from .history import History
from .selection import best


def select_checkpoint(
    run: RunDirectory,
    rule: str,
    metric: str,
    history: Sequence[Mapping[str, Any]],
    up_to: int | None = None,
    counted: tuple[int, Path] | None = None,
    known: Known = METRICS,
) -> tuple[int, Path]:
    """The (epoch, file) of the run's model: the last checkpoint, or the one that ranks best on val.

    rule     last or best
    metric   the val score that ranks
    history  rows with `epoch` and val/{metric}
    up_to    later checkpoints do not count; None: all count
    counted  (epoch, file) of a checkpoint that counts although its file may be gone
    known    the metrics of the run, see `metrics_of`
    Raises ValueError when there is no checkpoint, the rule is unknown, or no evaluated epoch has a checkpoint.
    """
    files = dict([counted] if counted else []) | dict(run.checkpoints())
    files = {epoch: files[epoch] for epoch in sorted(files) if up_to is None or epoch <= up_to}
    if not files:
        raise ValueError(f"{run.path} has no checkpoint: train it first")
    if rule == "last":
        return list(files.items())[-1]
    if rule != "best":
        raise ValueError(f"checkpoint.rule is {rule!r}: use last or best")
    scored = [
        {name.removeprefix("val/"): value for name, value in row.items()}
        for row in history
        if row["epoch"] in files and f"val/{metric}" in row
    ]
    if not scored:
        raise ValueError(
            f"{run.path} has no evaluated epoch with a checkpoint: let trainer.save_every divide "
            "callbacks.evaluation.eval_every"
        )
    epoch = int(best(scored, metric, known)["epoch"])
    return epoch, files[epoch]


def selected_checkpoint(
    run: RunDirectory, config: Mapping[str, Any], key: str, up_to: int | None = None
) -> tuple[int, Path]:
    """The (epoch, file) of the run's model by its `checkpoint`; the file may be gone when somebody removed it.

    A checkpoint that was scored as the selected one still counts after its file is removed by hand: another one is no
    substitute for it. Where `trainer.keep_checkpoints` prunes, what was pruned does not count.

    config  the run's; key its key, which a manifest must have to be believed
    up_to   epochs that the model was asked for at; None: those of the newest command, or of the manifest that stands.
            The run may have gone further, under another trainer.max_epochs
    Raises ValueError as `select_checkpoint` does.
    """
    keep = (config.get("trainer") or {}).get("keep_checkpoints")
    manifest = run.manifest()
    if manifest is not None and manifest.key != key:
        manifest = None
    counted = None
    if keep is None and manifest is not None and manifest.epoch >= 0:
        counted = (manifest.epoch, run.path / manifest.checkpoint)
    if up_to is None:
        asked = [_asked(config), None if manifest is None else _asked(manifest.config)]
        up_to = max((epochs for epochs in asked if epochs is not None), default=None)
    chosen = config["checkpoint"]
    rows, known = history_to(run, up_to), metrics_of(config)
    return select_checkpoint(run, chosen["rule"], chosen["metric"], rows, up_to, counted, known)


def never_ranked(history: Sequence[Mapping[str, Any]], rule: str, metric: str) -> str | None:
    """A line where `metric` was a finite number in no evaluation, on what is done instead; None where it was in some.

    history, rule, metric  as of `select_checkpoint`
    """
    values = [row[f"val/{metric}"] for row in history if f"val/{metric}" in row]
    if not values or any(value is not None and math.isfinite(value) for value in values):
        return None
    evaluations = f"any of {len(values)} evaluations" if len(values) > 1 else "the one evaluation"
    instead = {
        "last": "the run's model is its last checkpoint all the same",
        "best": "the run's model is the evaluated checkpoint of the highest bounded_frac, of several the earliest",
    }[rule]
    return (
        f"val/{metric} was no finite number in {evaluations}: models cannot be ranked by checkpoint.metric={metric}; "
        f"{instead}"
    )


def history_to(run: RunDirectory, epochs: int | None) -> list[dict[str, Any]]:
    """The rows of a run's history up to `epochs`, as a training that ended there has left them; None: all."""
    if epochs is None:
        return run.history.read()
    rows = [*History(run.again_path(epochs)).read(), *run.history.read()]
    return [row for row in rows if row["epoch"] <= epochs]


def _asked(config: Mapping[str, Any]) -> int | None:
    return (config.get("trainer") or {}).get("max_epochs")
