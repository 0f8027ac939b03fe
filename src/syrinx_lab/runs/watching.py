"""Which runs a person wants to watch, and what they are called beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..metrics.facts import MetricFacts, merged, metrics_of
from .apart import APART
from .directory import RunDirectory
from .fields import marked, plain_keys, varying
from .plan import SweepPlan, belongs
from .registry import run_folders

PLAN = "plan.json"


def watched(paths: Sequence[str | Path]) -> list[RunDirectory]:
    """The runs that `paths` name, in their order and each once.

    paths  runs, files in runs, sweeps (their seeds, as far as these have begun), or folders with runs below them
    Raises ValueError with one line for a path that is not there or has no run; a sweep may have none as yet.
    """
    found: dict[Path, RunDirectory] = {}
    for path in map(Path, paths):
        if not path.exists():
            raise ValueError(f"{path}: no such run; give a run, a sweep or a folder with runs")
        runs = _at(path)
        if not runs and not is_open_sweep(path):
            raise ValueError(f"no run lies in {path}: give a run, a sweep or a folder with runs")
        found |= {run.path.resolve(): run for run in runs if run.path.resolve() not in found}
    return list(found.values())


def metrics_at(paths: Sequence[str | Path]) -> dict[str, MetricFacts]:
    """The metrics of the runs that `paths` name, and of sweeps of which no run has begun.

    Raises ValueError as `watched` does, and when the runs disagree on what a name means.
    """
    plans = [SweepPlan.read(Path(path) / PLAN).scoring for path in paths if (Path(path) / PLAN).is_file()]
    return merged(metrics_of(config) for config in [*plans, *(run.config() for run in watched(paths))])


def is_open_sweep(path: str | Path) -> bool:
    """Whether `path` is a sweep that has not selected: more of its runs may come."""
    ends = ("selected_model.json", APART)
    return (Path(path) / PLAN).is_file() and not any((Path(path) / name).is_file() for name in ends)


def names_of(configs: Sequence[Mapping[str, Any]], runs: Sequence[RunDirectory]) -> list[dict[str, str]]:
    """What distinguishes runs: of each one the keys that vary and its values, or `run` and its folder's name.

    configs  the resolved config of each of `runs`
    """
    prints = [run.state().get("data_fingerprint") for run in runs]
    found = varying([{"config": config, "data_fingerprint": found} for config, found in zip(configs, prints)])
    keys = sorted(plain_keys(found), key=lambda key: key == "seed")
    names = [{key: marked(found[key][n]).strip('"') for key in keys} for n in range(len(runs))]
    if len({tuple(name.values()) for name in names}) < len(names) or not keys:
        return [{"run": run.path.resolve().name} for run in runs]
    return names


def as_text(name: Mapping[str, str]) -> str:
    """A name of `names_of` on a line: `loss.name=mse_accel seed=1`, or the folder's name."""
    return name["run"] if list(name) == ["run"] else " ".join(f"{key}={value}" for key, value in name.items())


def _at(path: Path) -> list[RunDirectory]:
    """The runs that one path names."""
    if (path / PLAN).is_file():
        return _of_sweep(path)
    for folder in (path, *path.absolute().parents[:2]):
        run = RunDirectory(folder)
        if run.config_path.is_file() and run.state_path.is_file():
            return [run]
    return list(run_folders(path)) if path.is_dir() else []


def _of_sweep(path: Path) -> list[RunDirectory]:
    """The runs of a sweep: those whose identity is that of one of its conditions with one of its seeds."""
    plan = SweepPlan.read(path / PLAN)
    runs = []
    # OUTPUTS/sweeps/NAME; as it was given, so that its runs are named from where the person stands
    for run in run_folders(path.parents[1] if len(path.parts) > 2 else path.absolute().parents[1]):
        try:
            config = run.config()
        except ValueError:
            continue
        if config.get("seed") in plan.seeds and any(
            belongs(condition.config, config, plan.compared) for condition in plan.conditions
        ):
            runs.append(run)
    return runs
