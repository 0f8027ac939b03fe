"""What an encoder's core can remember, count and time: `python -m syrinx_lab.probe encoder=mamba,lstm task=all`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("probe")

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from .cli import config_directory, entry_point
from .encoders.core import MakeCore
from .figures.probes import probes_figure
from .figures.style import save_figure
from .instantiation import build, plain
from .probes.outcome import Outcome, write_csv
from .probes.task import Task
from .probes.training import Effort, train
from .reporting.probes_page import Described, write_probes_page
from .runs.permission import refuse_unwritable


def probe(cfg: DictConfig) -> list[Outcome]:
    """Train every core on every task that is asked for; prints, and writes CSV, figure and page.

    Raises ValueError with one line for a name that there is not, and for what a task or core refuses.
    """
    chosen = plain(cfg)
    out = Path(chosen["out"])
    refuse_unwritable(out, "give out=FOLDER")
    tasks = {name: _task(cfg, name) for name in _names("task", chosen["task"], list(chosen["tasks"]), every=True)}
    folder = config_directory() / "encoder" / "core"
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    cores: dict[str, MakeCore] = {
        name: build(OmegaConf.load(folder / f"{name}.yaml"))
        for name in _names("encoder", chosen["cores"]["encoder"], known)
    }
    effort = Effort(**{key: chosen[key] for key in ("d_model", "n_layers", "batch", "lr")})
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small products gain nothing by more, and the same bits come again
    outcomes = []
    try:
        for task_name, task in tasks.items():
            for core_name, core in cores.items():
                for seed in range(chosen["seeds"]):
                    outcomes.append(train(task, core, seed, effort, names=(task_name, core_name)))
                    print(_line(outcomes[-1]), flush=True)
    finally:
        torch.set_num_threads(threads)
    described = [Described(name, task.criterion, task.published, task.source) for name, task in tasks.items()]
    table = write_csv(outcomes, out / "probes.csv")
    picture = save_figure(probes_figure([(one.task, one.encoder, one.course) for one in outcomes]), out / "probes.png")
    page = write_probes_page(outcomes, described, out)
    print(f"table     {table}\nfigure    {picture}\nlook at   {page}")
    return outcomes


def _names(key: str, text: str, known: Sequence[str], every: bool = False) -> list[str]:
    """Names with commas between them; `every`: all stands for all that there are."""
    if every and text == "all":
        return list(known)
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise ValueError(f"{key} is {name}: there are {', '.join(known)}{', or all' if every else ''}")
    return list(dict.fromkeys(names))


def _task(cfg: DictConfig, name: str) -> Task:
    node: Any = cfg.tasks[name]
    if cfg.updates is not None:
        node = OmegaConf.merge(node, {"updates": cfg.updates})
    task = build(node)
    if not isinstance(task, Task):
        raise ValueError(f"tasks.{name} is a {type(task).__name__}: derive it from syrinx_lab.probes.task.Task")
    return task


def _line(one: Outcome) -> str:
    verdict = f"solved after {one.sequences} sequences" if one.solved else f"not solved, {one.score:.3f} right"
    levels = f", level {one.level} of {one.levels}" if one.levels > 1 else ""
    reach = f", reach {one.reach:g}" if one.reach == one.reach else ""
    return f"{one.task:<15} {one.encoder:<14} seed {one.seed}  {verdict}{levels}{reach}, {one.seconds:.0f} s"


def main() -> None:
    """The console entry."""
    entry_point(probe, config_name="probe")


if __name__ == "__main__":
    main()
