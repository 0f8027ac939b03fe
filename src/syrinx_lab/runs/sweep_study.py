"""A sweep as a report shows it, read from its folder at any time: before, while and after it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .directory import RunDirectory
from .lock import is_locked
from .plan import Condition, SweepPlan, belongs
from .registry import run_folders
from .run_facts import run_facts
from .study import ConditionResult, RungResult, SeedResult, Study, short_name
from .sweep_folder import SweepFolder


def read_sweep(path: str | Path) -> Study:
    """The sweep in the folder `path`; what is not there yet is left out.

    Raises ValueError with one line when `path` is no sweep, or when a file in it is broken.
    """
    folder = SweepFolder(Path(path).absolute())
    if not folder.plan_path.is_file():
        raise ValueError(f"{path} is not a sweep: it has no plan.json; give outputs/sweeps/NAME, or run=RUN for a run")
    plan = SweepPlan.read(folder.plan_path)
    runs = _runs_beside(folder)
    conditions = []
    for number, condition in enumerate(plan.conditions, start=1):
        own = {config["seed"]: run for run, config in runs if belongs(condition.config, config, plan.compared)}
        conditions.append(_result(folder, number, condition, plan.seeds, own))
    best = folder.selected(folder.path)
    apart = folder.apart()
    if best is not None:
        winners = tuple(one.number for one in conditions if one.overrides == best.overrides)
    else:
        labels = [] if apart is None else [one.condition for one in apart.selected]
        winners = tuple(number for number, one in enumerate(plan.conditions, start=1) if one.label in labels)
    return Study(
        name=folder.path.name,
        path=folder.path,
        is_sweep=True,
        compared=plan.compared,
        seeds=plan.seeds,
        metric=plan.metric,
        conditions=tuple(conditions),
        winners=winners,
        under_way=is_locked(folder.path),
        known=plan.known,
    )


def _runs_beside(folder: SweepFolder) -> list[tuple[RunDirectory, dict[str, Any]]]:
    """The runs in the outputs that the sweep lies in, with their configs; none where it has been taken out of them."""
    found: list[tuple[RunDirectory, dict[str, Any]]] = []
    if folder.path.parent.name != "sweeps":
        return found
    for run in run_folders(folder.outputs):
        try:
            found.append((run, run.config()))
        except ValueError:  # no run of this sweep can be known by it
            continue
    return found


def _result(
    folder: SweepFolder, number: int, condition: Condition, seeds: Sequence[int], runs: Mapping[int, RunDirectory]
) -> ConditionResult:
    path = folder.condition_path(condition)
    manifest = folder.selected(path)
    if manifest is not None and manifest.overrides != condition.overrides:
        manifest = None  # where seeds alone are compared the folder is the sweep's
    ranks: dict[tuple[int, int], int] = {}
    culled: dict[int, int] = {}
    for rung in condition.rungs:
        decision = folder.decision(condition, rung.epochs)
        if decision is not None:
            ranks |= {(rung.epochs, seed): rank for seed, rank in decision.ranks.items()}
            culled |= {} if rung is condition.rungs[-1] else dict.fromkeys(decision.culled, rung.epochs)
    stories = []
    for seed in seeds:
        results, run = [], runs.get(seed)
        for rung in condition.rungs:
            record = folder.rung_record(condition, seed, rung.epochs)
            if record is not None:
                rank = ranks.get((rung.epochs, seed))
                results.append(RungResult(rung.epochs, record.status, rank, record.raw, record.rescaled, record.reason))
                run = RunDirectory(folder.outputs / record.run) if record.run is not None else run
        selected = manifest is not None and manifest.seed == seed
        stories.append(
            SeedResult(seed, tuple(results), culled.get(seed), selected, condition.n_epochs, **run_facts(run))
        )
    return ConditionResult(
        number=number,
        name=short_name(condition.overrides),
        overrides=condition.overrides,
        n_epochs=condition.n_epochs,
        rungs=condition.rungs,
        seeds=tuple(stories),
        folder=path,
        manifest=manifest,
    )
