"""Say what a folder of song holds: `python -m syrinx_lab.check_data data=folder data.root=...`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("check_data")

from pathlib import Path

from omegaconf import DictConfig

from .assembly import build_datamodule, build_horizon, build_objective
from .cli import entry_point
from .data.report import examples, print_report, summarise
from .figures.examples import examples_figure
from .figures.style import save_figure
from .from_voice import of_voice
from .homeless import writable
from .instantiation import plain
from .training.inspection import inspect_data

_HELD_MB = 64.0  # of decoded sound


def check_data(cfg: DictConfig) -> None:
    """Print recordings, rates, labels, pools, splits and every problem with file and line; write a figure of examples.

    What training would refuse is among the problems: the folder is prepared as for training.

    Raises:
        ValueError: after the report, when the folder cannot be trained on.
    """
    cfg = of_voice(cfg)
    config = plain(cfg)
    datamodule = build_datamodule(cfg)
    datamodule.storage = datamodule.storage.within(_HELD_MB)  # nothing is looked at twice
    longest = build_horizon(cfg).max if build_objective(cfg).needs_rollout else None
    found = inspect_data(datamodule, longest)
    corpus, problems = found.corpus, found.problems
    print_report(summarise(corpus, problems, found.pools, training=found.training))
    clips = examples(corpus)
    if clips:
        folder = Path(config["paths"]["outputs"]) / "check_data"
        if writable(folder):
            path = save_figure(examples_figure(clips, cfg.data.sample_rate), folder / "examples.png")
            print(f"look at {path}")
        else:
            print(f"note: no picture of examples, {folder} cannot be written to: give paths.outputs=FOLDER")
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        listed = f"{len(errors)} errors are listed" if len(errors) > 1 else "an error is listed"
        raise ValueError(f"{listed} above: training would refuse this folder")


def main() -> None:
    """The console entry."""
    entry_point(check_data, config_name="check_data")


if __name__ == "__main__":
    main()
