"""What follows a training beside its history, loggers and the figure of losses: begun, ended, mended after kills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .figures.losses import loss_panels
from .figures.style import save_figure
from .logged import training_run
from .metrics.facts import metrics_of
from .runs.directory import RunDirectory
from .training.loggers import finishing
from .training.media_logger import LoggedRun, MediaLogger, Start

_GROUPS = ("loss/", "train/", "val/")


def begin(run: RunDirectory, described: LoggedRun, logger: MediaLogger | None, *, after: int, to: int) -> None:
    """Note that a training from epoch `after` to epoch `to` is followed, and log what an earlier attempt missed."""
    noted = run.state().get("training")
    if noted is not None and noted["id"] == described.id:
        if logger is not None:
            replay(logger, [row for row in run.history.read() if noted["after"] < row["epoch"] <= after])
        after = noted["after"]
    run.note_training({"id": described.id, "after": after, "to": to})


def end(run: RunDirectory) -> None:
    """Draw the losses and note that nothing is left to do; the loggers are finished by now."""
    run.figures_path.mkdir(parents=True, exist_ok=True)
    figure = loss_panels(run.history.read(), units=run.units(), known=metrics_of(run.config()))
    save_figure(figure, run.figures_path / "losses.png")
    run.note_training(None)


def mend(run: RunDirectory, config: Mapping[str, Any], key: str, start: Start) -> None:
    """End what a kill has left open: a training whose last checkpoint is there, and whose loggers do not know it.

    config, key  of the run as it is asked for now; a folder of another model is left alone
    start        the logger of `config`
    """
    state = run.state()
    noted = state.get("training")
    if noted is None or state.get("key") != key or not any(epoch >= noted["to"] for epoch, _ in run.checkpoints()):
        return
    rung = {**config, "trainer": {**config["trainer"], "max_epochs": noted["to"]}}
    rows = [row for row in run.history.read() if noted["after"] < row["epoch"] <= noted["to"]]
    with finishing(start(run.path, training_run(rung, key, resumed=True))) as logger:
        missing = 0 if logger is None else replay(logger, rows)
    if missing:
        print(f"logged    {missing} epochs that a kill had kept from the logger", flush=True)
    end(run)


def replay(logger: MediaLogger, rows: Sequence[Mapping[str, Any]]) -> int:
    """Log those of `rows` that a kill kept from the logger; returns how many.

    rows  of the run's history that belong to what `logger` follows; numbers alone: sounds are not in a history
    """
    logged = logger.logged_epochs()
    missing = [row for row in rows if row["epoch"] not in logged]
    for row in missing:
        values = {name: value for name, value in row.items() if name.startswith(_GROUPS) and value is not None}
        # as Lightning logs at the end of an epoch: the epoch counts from 0, the step is that of its last update
        logger.log_metrics({**values, "epoch": row["epoch"] - 1}, step=max(int(row.get("step", 1)) - 1, 0))
    return len(missing)
