"""The loggers beside the run's own history: the configuration chooses how one is started, the run starts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lightning.pytorch.loggers import Logger

from .logged_run import LoggedRun
from .wandb_key import require_key

MODES = ("offline", "online", "disabled")

# from the run's folder and what is done there to the logger that follows it, None where nothing does
Start = Callable[[Path, LoggedRun], Logger | None]


def wandb_logger(
    *, mode: str = "offline", project: str = "syrinx_lab", entity: str | None = None, group: str | None = None
) -> Start:
    """W&B, offline unless told otherwise.

    Args:
        mode: offline, online or disabled.
        project, entity, group: as W&B names them; without a group the pieces of a model lie together.

    Raises:
        ValueError: an unknown mode, or online without a key.
    """
    if mode not in MODES:
        raise ValueError(f"logger.mode is {mode!r}: use {', '.join(MODES[:-1])} or {MODES[-1]}")
    if mode == "online":
        require_key("logger.mode=online", ", or use logger.mode=offline")

    def start(directory: Path, described: LoggedRun) -> Logger:
        from .replay import remove_empty_pieces
        from .wandb_run import WandbRun

        remove_empty_pieces(directory, described.id if described.job_type == "train" else None)
        return WandbRun(directory, described, mode=mode, project=project, entity=entity, group=group)

    return start


def tensorboard_logger() -> Start:
    """TensorBoard event files below directory/tensorboard, those of evaluations in folders of their own.

    Raises:
        ValueError: tensorboard is not installed.
    """
    from lightning.pytorch.loggers import TensorBoardLogger

    try:
        import tensorboard  # noqa: F401  Lightning asks for it late, when the run's folder is claimed already
    except ModuleNotFoundError as error:
        raise ValueError("logger=tensorboard needs the extra: pip install 'syrinx-lab[tensorboard]'") from error

    def start(directory: Path, described: LoggedRun) -> Logger:
        own = "" if described.job_type == "train" else described.id
        return TensorBoardLogger(save_dir=directory, name="tensorboard", version=own)

    return start


def no_logger() -> Start:
    """Nothing beside the run's history."""
    return lambda directory, described: None


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
