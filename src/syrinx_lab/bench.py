"""Measure the lab's speed and memory on this machine: `python -m syrinx_lab.bench suite=rollout`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("bench")

import sys
import textwrap
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from .assembly import build_horizon, build_model, build_objective, build_rollout
from .benchmarking.curve_suite import curve_rows
from .benchmarking.encoder_suite import encoder_rows
from .benchmarking.machine import describe, describe_rates, measure_rates
from .benchmarking.race import Bench
from .benchmarking.rollout_suite import CONTROL_HOP, rollout_case, rollout_rows
from .benchmarking.row import Row
from .benchmarking.singing import check_sizes
from .benchmarking.step_suite import Trainee, step_rows
from .benchmarking.synthesis_suite import synthesis_rows
from .benchmarking.table import LEGEND, as_markdown, as_text
from .benchmarking.timing import Effort, threads
from .benchmarking.verdicts import verdicts
from .cli import config_directory, entry_point
from .instantiation import build, plain
from .ode.rollout import BACKENDS, choose_backend
from .runs.atomic import write_json_atomic
from .runs.permission import refuse_unwritable

SUITES = ("rollout", "curves", "synthesis", "encoder", "step")
DTYPES = {"float32": torch.float32, "float64": torch.float64}
DEFAULT_DEGREE = 15  # where only the hop is given
# the published default model and loss, at the full horizon
PUBLISHED = ("encoder=samples", "oscillator=poly", "tract=none", "loss=spectral_rollout", "horizon=const", "optim=adam")


def bench(cfg: DictConfig) -> list[Row]:
    """Run the suites that are asked for; print table, verdicts and where the JSON lies; returns the rows.

    Raises:
        ValueError: an unknown suite, dtype or device, or a size out of range.
    """
    chosen = plain(cfg)
    suites = _suites(chosen["suite"])
    device, dtype = _device(chosen["device"]), _dtype(chosen["dtype"])
    for name in _or(chosen["backends"], ()):
        choose_backend(name, device)  # refuses names that it does not know
    effort = Effort(**chosen["effort"])
    case = chosen["case"]
    check_sizes(case["batch"], case["horizon"], _or(case["degree"], 1), _or(case["control_hop"], 1))
    with threads(chosen["threads"]):
        path = Path(chosen["json"])
        refuse_unwritable(path.parent, "give json=FILE")
        path.parent.mkdir(parents=True, exist_ok=True)
        rates = measure_rates(device, dtype)
        print(f"{describe(device, dtype)}\n{describe_rates(rates)}\n", flush=True)
        shared = Bench(device, dtype, rates, effort, note=_note)
        rows: list[Row] = []
        for suite in suites:
            print(f"{suite} ...", file=sys.stderr, flush=True)
            for row in _rows(suite, shared, chosen):
                rows.append(row)
                write_json_atomic(path, [row.as_json() for row in rows])  # what is stopped leaves what it has
    print(as_markdown(rows) if chosen["markdown"] else as_text(rows))
    print("\n" + textwrap.fill(LEGEND, 120) + "\n")
    indent = "    " if chosen["markdown"] else ""  # there it makes a block of code
    print("\n".join(f"{indent}{verdict}" for verdict in verdicts(rows)))
    print(f"rows      {path}")
    return rows


def _rows(suite: str, shared: Bench, chosen: dict[str, Any]) -> Iterator[Row]:
    backend = choose_backend("auto", shared.device, shared.dtype)
    if suite == "curves":
        return curve_rows(shared, backend=backend)
    if suite == "synthesis":
        return synthesis_rows(shared, backend=backend)
    if suite == "encoder":
        return encoder_rows(shared)
    if suite == "step":
        # training is in float32, whatever else is measured
        return step_rows(replace(shared, dtype=torch.float32), lambda name: published_trainee(name, chosen["seed"]))
    case = chosen["case"]
    common = dict(batch=case["batch"], horizon=case["horizon"], backends=_or(chosen["backends"], BACKENDS))
    if case["degree"] is None and case["control_hop"] is None:
        return rollout_rows(shared, **common)
    hops = (1, CONTROL_HOP) if case["control_hop"] is None else (case["control_hop"],)
    return rollout_case(shared, **common, degree=_or(case["degree"], DEFAULT_DEGREE), hops=hops)


def _or(given: Any, default: Any) -> Any:
    return default if given is None else given


def published_trainee(backend: str, seed: int, *overrides: str) -> Trainee:
    """The published default model, objective and optimiser with a rollout backend, initialised from `seed`."""
    running = GlobalHydra.instance().is_initialized()  # as it is below `main`
    folder = str(config_directory())
    with nullcontext() if running else initialize_config_dir(version_base="1.3", config_dir=folder):
        cfg = compose("config", overrides=[*PUBLISHED, f"backend={backend}", *overrides])
    torch.manual_seed(seed)
    model, horizon = build_model(cfg), build_horizon(cfg)
    return Trainee(
        model,
        build_objective(cfg),
        build(cfg.optim.optimizer),
        horizon=horizon.max,
        window=round(cfg.data.context_s * cfg.data.sample_rate),
        grad_clip=cfg.optim.grad_clip,
        rollout=build_rollout(cfg),
    )


def _suites(name: str) -> tuple[str, ...]:
    if name == "all":
        return SUITES
    if name not in SUITES:
        raise ValueError(f"suite is {name!r}: use all or one of {', '.join(SUITES)}")
    return (name,)


def _dtype(name: str) -> torch.dtype:
    if name not in DTYPES:
        raise ValueError(f"dtype is {name!r}: use one of {', '.join(DTYPES)}")
    return DTYPES[name]


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise ValueError(f"device is {name!r}, which torch cannot use here ({reason}): use auto or cpu") from None
    return device


def _note(text: str) -> None:
    print(f"note: {text}", flush=True)


def main() -> None:
    """The console entry."""
    entry_point(bench, config_name="bench")


if __name__ == "__main__":
    main()
