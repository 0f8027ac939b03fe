"""Which checkpoint of a run is its model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..metrics.facts import METRICS, Known, metrics_of
from .directory import RunDirectory
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
        raise ValueError(f"selection.checkpoint is {rule!r}: use last or best")
    scored = [
        {name.removeprefix("val/"): value for name, value in row.items()}
        for row in history
        if row["epoch"] in files and f"val/{metric}" in row
    ]
    if not scored:
        raise ValueError(
            f"{run.path} has no evaluated epoch with a checkpoint: let callbacks.checkpoints.save_every divide "
            "callbacks.evaluation.eval_every"
        )
    epoch = int(best(scored, metric, known)["epoch"])
    return epoch, files[epoch]


def selected_checkpoint(run: RunDirectory, config: Mapping[str, Any], key: str) -> tuple[int, Path]:
    """The (epoch, file) of the run's model by its `selection`; the file may be gone when somebody removed it.

    A checkpoint that was scored as the selected one still counts after its file is removed by hand: another one is no
    substitute for it. Where `callbacks.checkpoints.keep` prunes, what was pruned does not count.

    config  the run's; key its key, which a manifest must have to be believed
    Raises ValueError as `select_checkpoint` does.
    """
    keep = ((config.get("callbacks") or {}).get("checkpoints") or {}).get("keep")
    manifest = run.manifest()
    counted = None
    if keep is None and manifest is not None and manifest["key"] == key and manifest["epoch"] >= 0:
        counted = (int(manifest["epoch"]), run.path / manifest["checkpoint"])
    # runs from before the rungs of a sweep had a name: theirs is the rule's
    selection = config["selection"]
    rule = selection.get("checkpoint", selection.get("name"))
    return select_checkpoint(
        run, rule, selection["metric"], run.history.read(), counted=counted, known=metrics_of(config)
    )
