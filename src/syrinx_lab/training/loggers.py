"""The loggers beside the run's own history. W&B is imported here, when its logger is asked for, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger


def wandb_logger(
    *,
    directory: str | Path,
    key: str,
    run_name: str,
    resolved: Mapping[str, Any],
    mode: str = "offline",
    project: str = "syrinx_lab",
    entity: str | None = None,
    group: str | None = None,
) -> Logger:
    """W&B through Lightning's logger, offline unless told otherwise.

    Args:
        directory: the run's folder; W&B writes below directory/wandb.
        key: identity of the model, the id of the W&B run.
        run_name: what the dashboards call it.
        resolved: the plain resolved configuration.
        mode: offline, online or disabled.
        project, entity, group: as W&B names them.

    Raises:
        ValueError: an unknown mode.
    """
    if mode not in ("offline", "online", "disabled"):
        raise ValueError(f"logger.mode is {mode!r}: use offline, online or disabled")
    from lightning.pytorch.loggers import WandbLogger

    # not WandbLogger(offline=True): that would change the mode of the whole process
    logger = WandbLogger(
        name=run_name,
        save_dir=directory,
        id=key,
        project=project,
        entity=entity,
        group=group,
        mode=mode,
        job_type="train",
        config=dict(resolved),
        resume="allow" if mode == "online" else None,
    )
    experiment = logger.experiment
    experiment.define_metric("epoch")
    for pattern in ("loss/*", "train/*", "val/*"):
        experiment.define_metric(pattern, step_metric="epoch")
    return logger


def tensorboard_logger(*, directory: str | Path, key: str, run_name: str, resolved: Mapping[str, Any]) -> Logger:
    """TensorBoard event files below directory/tensorboard.

    Raises:
        ValueError: tensorboard is not installed.
    """
    from lightning.pytorch.loggers import TensorBoardLogger

    try:
        return TensorBoardLogger(save_dir=directory, name="tensorboard", version="")
    except ModuleNotFoundError as error:
        raise ValueError("logger=tensorboard needs the extra: pip install 'syrinx-lab[tensorboard]'") from error


def no_logger(*, directory: str | Path, key: str, run_name: str, resolved: Mapping[str, Any]) -> None:
    """Nothing beside the run's history."""
    return None


@contextmanager
def finishing(logger: Logger | None) -> Iterator[Logger | None]:
    """Finish a logger's run however the block ends, so that the next run of the process does not continue it."""
    failed = True
    try:
        yield logger
        failed = False
    finally:
        if logger is not None:
            logger.finalize("failed" if failed else "success")
            finish = getattr(getattr(logger, "experiment", None), "finish", None)
            if finish is not None:  # W&B's run; TensorBoard's writer has none
                finish(exit_code=int(failed))
