"""Say what a folder of song holds: `python -m syrinx_lab.check_data data=folder data.root=...`."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from .assembly import build_datamodule, plain
from .cli import entry_point
from .data.report import examples, print_report, summarise
from .figures.examples import examples_figure
from .figures.style import save_figure


def check_data(cfg: DictConfig) -> None:
    """Print recordings, rates, labels, pools and every problem with file and line; write a figure of examples.

    Raises:
        ValueError: after the report, when the folder cannot be trained on.
    """
    config = plain(cfg)
    datamodule = build_datamodule(cfg)
    corpus, problems, pools = datamodule.inspect()
    print_report(summarise(corpus, problems, pools))
    clips = examples(corpus)
    if clips:
        folder = Path(config["paths"]["outputs"]) / "check_data"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "examples.png"
        save_figure(examples_figure(clips, cfg.data.sample_rate), path)
        print(f"look at {path}")
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ValueError(f"{len(errors)} problems, the first: {errors[0]}")


def main() -> None:
    """The console entry."""
    entry_point(check_data)


if __name__ == "__main__":
    main()
