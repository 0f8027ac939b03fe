"""What `python -m syrinx_lab.train -m` does: from Hydra's sweep to the lab's, and from its jobs to Hydra's launcher."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


class SyrinxLabSweeper(Sweeper):
    """Culls, resumes and selects among seeds, for every condition of the other swept keys.

    What is decided, and when, is in `syrinx_lab.runs.sweep`; this class only composes configurations and launches.

    params  swept keys beside those of the command line, which win
    """

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        self.params = dict(params or {})

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Hydra's hook; the launcher waits until the sweep has a folder."""
        self.hydra_context, self.task_function, self.config = hydra_context, task_function, config

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep that the command line describes; returns what `run_sweep` does."""
        # not above: Hydra executes this module whenever it looks for plugins
        from syrinx_lab.assembly import build_datamodule
        from syrinx_lab.instantiation import plain
        from syrinx_lab.runs.job import Job
        from syrinx_lab.runs.lock import folder_lock
        from syrinx_lab.runs.permission import refuse_outputs
        from syrinx_lab.runs.plan import Condition
        from syrinx_lab.runs.registry_database import refuse_registry
        from syrinx_lab.runs.sweep import run_sweep
        from syrinx_lab.runs.sweep_folder import SweepFolder
        from syrinx_lab.runs.sweep_interruption import noting_interruptions

        fixed, swept = self._split(arguments)
        plan, configs = self._plan(fixed, swept)
        first = plain(configs[0])
        question = OmegaConf.select(self.config, "hydra.runtime.choices").get("sweeps")
        name = str(first["sweep_name"] or plan.name(question))
        if name != Path(name).name or name.startswith("."):
            raise ValueError(f"sweep_name is {name!r}: use a plain name, no path")
        folder = SweepFolder(Path(os.path.abspath(first["paths"]["outputs"])) / "sweeps" / name)
        refuse_outputs(first)
        refuse_registry(first["paths"]["outputs"], first["paths"]["registry"])
        self.config.hydra.sweep.dir = str(folder.path)  # of the launcher's own files
        logging.getLogger("hydra").setLevel(logging.WARNING)  # the jobs say themselves what they do
        launcher = Plugins.instance().instantiate_launcher(self.hydra_context, self.task_function, self.config)
        launched = 0

        def fingerprint(one: Condition) -> str:
            datamodule = build_datamodule(configs[plan.conditions.index(one)])
            datamodule.read()
            return datamodule.fingerprint()

        def launch(jobs: Sequence[Job]) -> None:
            nonlocal launched
            overrides = [[*fixed, *job.condition.overrides, *own_overrides(folder, job)] for job in jobs]
            launcher.launch(overrides, initial_job_idx=launched)
            launched += len(jobs)

        print(f"sweep     {_shown(folder.path)}\nseeds     {', '.join(map(str, plan.seeds))}")
        for one in plan.conditions:
            rungs = ", ".join(str(rung.epochs) for rung in one.rungs)
            print(f"compared  {one.label or 'seeds alone'}, ranked after epoch {rungs}", flush=True)
        busy = f"another process runs the sweep {folder.path}: wait until it has ended"
        with folder_lock(folder.path, busy=busy), noting_interruptions(folder):
            selected = run_sweep(plan, folder, launch, lambda line: print(line, flush=True), fingerprint)
        print("\n".join(_selection(folder, selected)))
        return selected

    def _split(self, arguments: list[str]) -> tuple[list[str], dict[str, list[str]]]:
        """The overrides that hold for all jobs, and the swept keys with their values."""
        from syrinx_lab.command_line import with_text
        from syrinx_lab.schema import texts_of

        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        is_text = texts_of("config")
        for key, value in self.params.items():
            if is_text(key) and not isinstance(value, str):
                raise ValueError(f"{key} holds text: in the file of the sweep write {value} in quotes")
        lines = with_text([*(f"{key}={value}" for key, value in self.params.items()), *arguments], is_text)
        fixed: dict[str, str] = {}
        swept: dict[str, list[str]] = {}
        for override in parser.parse_overrides(lines):
            key = override.get_key_element()
            fixed.pop(key, None)
            swept.pop(key, None)
            if not override.is_sweep_override():
                assert override.input_line is not None
                fixed[key] = override.input_line
            else:
                swept[key] = _values(override)
        return list(fixed.values()), swept

    def _plan(self, fixed: list[str], swept: dict[str, list[str]]) -> tuple[Any, list[DictConfig]]:
        """The plan, and the configurations of its conditions, with the first seed."""
        from syrinx_lab.assembly import build_scoring, build_search, described
        from syrinx_lab.cli import check
        from syrinx_lab.debug_settings import leave_out_untaken
        from syrinx_lab.evaluation.initial_weights import weights_hash
        from syrinx_lab.instantiation import plain
        from syrinx_lab.runs.plan import SweepPlan, check_distinct, condition, split_swept

        def composed(overrides: Sequence[str]) -> DictConfig:
            cfg = self.hydra_context.config_loader.load_sweep_config(self.config, [*fixed, *overrides])
            leave_out_untaken(cfg, cfg.hydra)
            return OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"])

        chosen, seeds = split_swept(swept, self.config.seed)
        configs = [composed([*overrides, f"seed={seeds[0]}"]) for overrides in chosen]
        containers = [plain(cfg) for cfg in configs]
        for cfg, config in zip(configs, containers):
            _refuse_processes(config["trainer"])
            check(cfg)
        containers = [described(cfg, build_scoring(cfg)) for cfg in configs]  # with single names as lists
        for config in containers:
            _refuse(config)
            if config["init_from"] is not None:
                config["init_weights"] = weights_hash(config["init_from"])
        planned = [
            condition(overrides, config, build_search(cfg).planned(cfg.n_epochs, len(seeds)))
            for overrides, cfg, config in zip(chosen, configs, containers)
        ]
        if any(scoring != planned[0][1] for _, scoring in planned):
            raise ValueError(
                "what is swept changes search, checkpoint, eval or when val is scored: jobs could not be compared"
            )
        check_distinct([one for one, _ in planned])
        compared = {key: values for key, values in swept.items() if key != "seed"}
        metric = containers[0]["checkpoint"]["metric"]
        plan = SweepPlan(compared, tuple(seeds), tuple(one for one, _ in planned), metric, planned[0][1])
        return plan, configs


def _selection(folder: Any, selected: Any) -> list[str]:
    """What a sweep has selected, in lines: a model, or one for each set of clips."""
    from syrinx_lab.runs.manifest import SweepManifest

    table = f"seeds     {_shown(folder.table_path)}"
    if isinstance(selected, SweepManifest):
        lines = [f"selected  seed {selected.seed}, {_shown(folder.path / selected.run)}"]
        return [*lines, table, f"model     {_shown(folder.path / 'selected_model.json')}"]
    lines = [f"no best   {selected.reason}"]
    for one in selected.selected:
        value = "-" if one.val is None else format(one.val, ".3f")
        lines.append(f"selected  {one.condition}: seed {one.seed}, val {one.metric} {value}, "
                     f"{_shown(folder.path / one.condition / 'selected_model.json')}")  # fmt: skip
    return [*lines, table]


def _values(override: Override) -> list[str]:
    if not override.is_discrete_sweep():
        raise ValueError(f"{override.input_line}: an interval has no values to compare; list them, or use range()")
    return list(override.sweep_string_iterator())


def _refuse_processes(trainer: Any) -> None:
    """Raise ValueError on a strategy that runs the command in several processes."""
    strategy = trainer.get("strategy") if isinstance(trainer, Mapping) else None
    if str(strategy or "").startswith(("ddp", "fsdp", "deepspeed")):
        raise ValueError(
            f"trainer.strategy={strategy} would run the whole sweep in every process: with -m each job has "
            "one device; run jobs in parallel with hydra/launcher=joblib or submitit_slurm"
        )


def _refuse(config: Mapping[str, Any]) -> None:
    """Raise ValueError on what a single run may ask for and a sweep may not."""
    from syrinx_lab.metrics.facts import check_selection_metric, metrics_of

    check_selection_metric(config["checkpoint"]["metric"], metrics_of(config))
    trainer = config["trainer"]
    if config["run_dir"] is not None:
        raise ValueError("run_dir would put all jobs into one folder: leave it out, and name the sweep with sweep_name")
    if config["sweep_job"] is not None:
        raise ValueError("sweep_job is what a sweep gives its jobs: leave it out")
    if not config["eval"]["splits"]:
        raise ValueError("eval.splits=[] would leave the selected models without scores: use eval.splits=val")
    if config["force"]:
        raise ValueError("force=true is for single runs: to search anew choose another sweep_name or remove its folder")
    if trainer["max_epochs"] != config["n_epochs"]:
        raise ValueError("trainer.max_epochs is decided by the rungs of `search`: give n_epochs alone")


def own_overrides(folder: Any, job: Any) -> list[str]:
    """The overrides that the sweep itself gives a job, which composes its configuration anew: it needs every one."""
    from syrinx_lab.command_line import quoted

    path = folder.job_path(job.condition, job.seed)
    return [
        f"seed={job.seed}",
        f"sweep_name={quoted(folder.path.name)}",
        f"trainer.max_epochs={job.epochs}",
        f"sweep_job={job.sweep_job}",
        f"hydra.sweep.dir={quoted(str(folder.path))}",
        f"hydra.sweep.subdir={quoted(path.relative_to(folder.path).as_posix())}",
    ]


def _shown(path: Path) -> str:
    return os.path.relpath(path)
