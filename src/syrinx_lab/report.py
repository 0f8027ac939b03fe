"""Report a sweep as one page: `python -m syrinx_lab.report sweep=outputs/sweeps/NAME`, or `run=outputs/RUN`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("report")

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from .cli import entry_point, sweeps_directory
from .figures.smoothing import check_smooth
from .reporting.page import write_report
from .reporting.question import question_of
from .runs.permission import refuse_unwritable
from .runs.run_study import read_runs
from .runs.sweep_study import read_sweep


def report(cfg: DictConfig) -> None:
    """Write report.html and its figures for every sweep of `sweep`, or one for the runs of `run`.

    Raises:
        ValueError: neither or both were given, several sweeps were to be written to one folder, or no run is there.
    """
    chosen: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True)  # type: ignore[assignment]
    if chosen["voice"] is not None:
        raise ValueError(
            f"voice is {chosen['voice']!r}: a voice keeps nothing of its training that could be reported; rivals "
            f"voice={chosen['voice']} writes a page of what it sings, evaluate scores it"
        )
    sweeps, runs, out = _listed(chosen["sweep"]), _listed(chosen["run"]), chosen["out"]
    if bool(sweeps) == bool(runs):
        raise ValueError("give sweep=outputs/sweeps/NAME or run=outputs/RUN, one of the two")
    if out is not None and len(sweeps) > 1:
        raise ValueError(f"{len(sweeps)} sweeps cannot be written to out={out}: leave it out, or give one sweep")
    check_smooth(chosen["smooth"])
    if runs:
        study = read_runs(runs)
        folder = _folder(out, study.path)
        _print_address(write_report(study, folder, smooth=chosen["smooth"], say=print))
    for sweep in sweeps:
        study = read_sweep(sweep)
        question = question_of(study.name, study.compared, sweeps_directory())
        folder = _folder(out, Path(sweep))
        _print_address(write_report(study, folder, question=question, smooth=chosen["smooth"], say=print))


def _listed(value: Any) -> list[str]:
    """One path or many, as a list."""
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _folder(out: str | None, subject: Path) -> Path:
    folder = Path(out) if out is not None else subject / "report"
    refuse_unwritable(folder, "give out=FOLDER")
    return folder


def _print_address(page: Path) -> None:
    print(f"look at   {page}")


def main() -> None:
    """The console entry."""
    entry_point(report, config_name="report")


if __name__ == "__main__":
    main()
