"""Runs without a sweep, as a report shows them: those that differ in nothing but the seed are one condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..metrics.facts import Known, merged, metrics_of
from .activity import UNDER_WAY, being_trained
from .directory import RunDirectory
from .manifest import Manifest
from .run_facts import run_facts
from .selection import best
from .study import ConditionResult, RungResult, SeedResult, Study, short_name
from .watching import names_of, watched

_RESCALED = "rescaled_"


def read_runs(paths: Sequence[str | Path]) -> Study:
    """The runs that `paths` name, see `watched`.

    The selected model of a condition is the one that ranks best on val among those that were evaluated. Raises
    ValueError with one line when there is no run, or a file in one is broken.
    """
    runs = watched(paths)
    if not runs:
        raise ValueError(f"no run of {', '.join(map(str, paths))} has begun")
    configs = [run.config() for run in runs]
    names = names_of(configs, runs)
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, name in enumerate(names):
        groups.setdefault(tuple(f"{k}={v}" for k, v in name.items() if k != "seed"), []).append(number)
    metrics = merged(map(metrics_of, configs))
    metric = str((configs[0].get("checkpoint") or {}).get("metric", "tf_corr"))
    if len(runs) == 1:
        groups = {("run=the run",): [0]}
    conditions = [
        _condition(place, overrides, [runs[n] for n in members], [configs[n] for n in members], metric, metrics)
        for place, (overrides, members) in enumerate(groups.items(), start=1)
    ]
    alike: dict[str, list[tuple[int, Any]]] = {}
    for condition in conditions:
        clips = _clips(condition.manifest)
        alike.setdefault(clips, []).append((condition.number, condition.of_selected("val", "raw")))
    scored = {clips: group for clips, group in alike.items() if clips} or alike
    winners = [_best_of(group, metric, metrics) for group in scored.values()]
    keys = sorted({key for name in names for key in name if key not in ("seed", "run")})
    return Study(
        name=runs[0].path.resolve().name if len(runs) == 1 else f"{len(runs)} runs",
        path=runs[0].path if len(runs) == 1 else Path(paths[0]),
        is_sweep=False,
        compared={key: list(dict.fromkeys(name[key] for name in names if key in name)) for key in keys},
        seeds=tuple(sorted({int(config.get("seed", 0)) for config in configs})),
        metric=metric,
        conditions=tuple(conditions),
        winners=tuple(number for number in winners if number is not None),
        under_way=any(run.state().get("status") in UNDER_WAY and being_trained(run) for run in runs),
        known=metrics,
    )


def _condition(
    number: int,
    overrides: tuple[str, ...],
    runs: Sequence[RunDirectory],
    configs: Sequence[dict[str, Any]],
    metric: str,
    known: Known,
) -> ConditionResult:
    manifests = [run.manifest() for run in runs]
    scored = [(n, m.means("val", "raw")) for n, m in enumerate(manifests) if m is not None]
    chosen = _best_of(scored, metric, known)
    seeds = [
        SeedResult(
            seed=int(config.get("seed", 0)),
            results=_results(run, config, manifest),
            culled_at=None,
            selected=place == chosen,
            planned=int(config.get("n_epochs") or 0),
            **run_facts(run),
        )
        for place, (run, config, manifest) in enumerate(zip(runs, configs, manifests))
    ]
    return ConditionResult(
        number=number,
        name=short_name(overrides),
        overrides=overrides,
        n_epochs=max(seed.planned for seed in seeds),
        rungs=(),
        seeds=tuple(seeds),
        folder=runs[chosen if chosen is not None else 0].path,
        manifest=manifests[chosen] if chosen is not None else None,
    )


def _results(run: RunDirectory, config: Mapping[str, Any], manifest: Manifest | None) -> tuple[RungResult, ...]:
    """How it scored on val, as far as it was trained: by its manifest, else as was seen while it trained."""
    state, rows = run.state(), run.history.read()
    raw: Mapping[str, float | None]
    rescaled: Mapping[str, float | None]
    epoch: int | None
    if manifest is not None and "val" in manifest.scores:
        raw, rescaled, epoch = manifest.means("val", "raw"), manifest.means("val", "rescaled"), manifest.epoch
    else:
        row: dict[str, Any] = next((r for r in reversed(rows) if any(key.startswith("val/") for key in r)), {})
        seen = {key[4:]: value for key, value in row.items() if key.startswith("val/")}
        raw = {key: value for key, value in seen.items() if not key.startswith(_RESCALED)}
        rescaled = {key.removeprefix(_RESCALED): value for key, value in seen.items() if key.startswith(_RESCALED)}
        epoch = row.get("epoch")
    results = (
        [] if epoch is None else [RungResult(int(rows[-1]["epoch"]) if rows else epoch, "trained", None, raw, rescaled)]
    )
    if state.get("status") == "failed":
        results.append(RungResult(int(config.get("n_epochs") or 0), "failed", reason=state.get("message")))
    return tuple(results)


def _clips(manifest: Manifest | None) -> str:
    """What the val scores of a manifest are scores of, as a hash of the clips; empty without scores."""
    return "" if manifest is None or "val" not in manifest.scores else manifest.scores["val"]["clips"] or ""


def _best_of(scored: Sequence[tuple[int, Any]], metric: str, known: Known) -> int | None:
    """The number of what ranks best of those that have val scores; the first where none has."""
    rows = [{**raw, "epoch": number} for number, raw in scored if metric in raw and "bounded_frac" in raw]
    if rows:
        return int(best(rows, metric, known)["epoch"])
    return scored[0][0] if scored else None
