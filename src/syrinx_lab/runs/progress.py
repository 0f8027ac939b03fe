"""How far a run has come, read from its folder while it trains."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..metrics.facts import Known, higher_is_better, metrics_of
from .activity import UNDER_WAY, ahead_s, being_trained, last_sign
from .directory import RunDirectory
from .loss_terms import switched_on
from .plateau import Plateau, find_plateau

_RECENT = 5  # epochs whose median says how long the next one takes


@dataclass(frozen=True)
class Progress:
    """A run as it stands.

    status       as in state.json; a run that died without a word says for how long it has been silent
    under_way    whether it still trains
    epoch        finished epochs; `target` where it will stop, `planned` of the whole run
    losses       term -> value in the last epoch
    scores       val metric -> value when it was last evaluated, after `scored_epoch`
    horizon      samples, None without a rollout
    silent_s     seconds since the last sign of life of a run that nobody trains although it says so; else None
    skipped      updates left out because they were not finite, in all
    checkpoints  (epoch, file) by the number of the epoch
    epoch_s      seconds an epoch takes at present; `eta_s` until the target, None when it does not train
    plateau      of `metric`, see `find_plateau`
    rows         its history
    known        its metrics, see `metrics_of`
    """

    run: RunDirectory
    config: Mapping[str, Any]
    status: str
    under_way: bool
    silent_s: float | None
    epoch: int
    target: int
    planned: int
    losses: dict[str, float | None]
    scores: dict[str, float | None]
    scored_epoch: int | None
    horizon: int | None
    skipped: int
    checkpoints: list[tuple[int, Path]]
    epoch_s: float | None
    eta_s: float | None
    metric: str
    plateau: Plateau | None
    rows: list[dict[str, Any]]
    known: Known


def read_progress(
    run: RunDirectory,
    *,
    metric: str | None = None,
    patience: int = 15,
    min_delta: float = 0.01,
    known: Known | None = None,
) -> Progress:
    """How `run` stands.

    metric     name in the history whose plateau is looked for (val/tf_corr, loss/total); None: the val score by which
               the run's models are ranked
    patience   epochs, see `find_plateau`; min_delta likewise
    known      the metrics of runs that are looked at beside it, see `metrics_of`
    Raises ValueError with one line when the folder is no run, a file in it is broken, or it is not known whether more
    of the metric is better.
    """
    if not (run.config_path.is_file() and run.state_path.is_file()):
        raise ValueError(
            f"{run.path} is not a run: it lacks config.yaml or state.json; give a folder that training named"
        )
    config, state, rows = run.config(), run.state(), run.history.read()
    metric = metric or f"val/{config.get('checkpoint', {}).get('metric', 'tf_corr')}"
    own = metrics_of(config)
    rising = higher_is_better(metric, {**(known or {}), **own})
    last = rows[-1] if rows else {}
    evaluated: dict[str, Any] = next(
        (row for row in reversed(rows) if any(name.startswith("val/") for name in row)), {}
    )
    status, epoch = state.get("status", "claimed"), int(last.get("epoch", 0))
    under_way = status in UNDER_WAY
    silent_s = None
    if under_way and being_trained(run) is None:
        silent_s = max(0.0, time.time() - last_sign(run))
        status, under_way = f"silent {_span(silent_s)}", False
    elif under_way and (ahead := ahead_s(run)):
        status = f"{status}, its clock is {_span(ahead)} ahead"
    planned = int(config.get("n_epochs") or 0)
    target = int(config.get("trainer", {}).get("max_epochs") or planned)
    recent = [float(row["seconds"]) for row in rows[-_RECENT:] if row.get("seconds") is not None]
    epoch_s = statistics.median(recent) if recent else None
    horizon = last.get("train/horizon")
    return Progress(
        run=run,
        config=config,
        status=status,
        under_way=under_way,
        silent_s=silent_s,
        epoch=epoch,
        target=target,
        planned=planned,
        losses=_part(last, "loss/"),
        scores=_part(evaluated, "val/"),
        scored_epoch=evaluated.get("epoch"),
        horizon=int(horizon) if horizon else None,
        skipped=int(sum(row.get("loss/nan_skip") or 0 for row in rows)),
        checkpoints=run.checkpoints(),
        epoch_s=epoch_s,
        eta_s=max(target - epoch, 0) * epoch_s if under_way and epoch_s is not None else None,
        metric=metric,
        plateau=find_plateau(
            [(row["epoch"], row[metric]) for row in rows if metric in row],
            patience=patience,
            min_delta=min_delta,
            smaller_is_better=not rising,
        ),
        rows=rows,
        known=own,
    )


def refuse_unlogged(metric: str | None, now: Sequence[Progress]) -> None:
    """Raise ValueError when `metric` is a loss that none of the runs logs."""
    if metric is None or not metric.startswith("loss/") or not now:
        return
    known = {"loss/total", "loss/nan_skip"}
    for progress in now:
        known |= {f"loss/{term}" for term in switched_on(progress.config)}
        known |= {name for row in progress.rows for name in row if name.startswith("loss/")}
    if metric not in known:
        raise ValueError(f"no run logs {metric}: use one of {', '.join(sorted(known))}, or val/METRIC")


def in_words(seconds: float | None) -> str:
    """A time for a table: 45 s, 12 min, 3 h 05 min; a dash for None."""
    return "-" if seconds is None else _span(seconds)


def _part(row: Mapping[str, Any], group: str) -> dict[str, float | None]:
    """The values of a group of names, without its prefix."""
    return {name.removeprefix(group): value for name, value in row.items() if name.startswith(group)}


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
