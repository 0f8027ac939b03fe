"""The loggers beside the run's own history: the configuration chooses how one is started, the run starts it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from .media_logger import LoggedRun, MediaLogger, Start
from .tensorboard_run import TensorBoardRun
from .wandb_pieces import remove_empty_pieces
from .wandb_run import WandbRun, require_key

MODES = ("offline", "online", "disabled")


def wandb_logger(
    *, mode: str = "offline", project: str = "syrinx_lab", entity: str | None = None, group: str | None = None
) -> Start:
    """W&B, offline unless the configuration says otherwise.

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

    def start(directory: Path, described: LoggedRun) -> MediaLogger:
        remove_empty_pieces(directory, described.id if described.job_type == "train" else None)
        return WandbRun(directory, described, mode=mode, project=project, entity=entity, group=group)

    return start


def tensorboard_logger() -> Start:
    """TensorBoard event files below directory/tensorboard, those of evaluations in folders of their own.

    Raises:
        ValueError: tensorboard is not installed.
    """
    try:
        import tensorboard  # noqa: F401  Lightning asks for it late, when the run's folder is claimed already
    except ModuleNotFoundError as error:
        raise ValueError("logger=tensorboard needs the extra: pip install 'syrinx-lab[tensorboard]'") from error
    return TensorBoardRun


def no_logger() -> Start:
    """Nothing beside the run's history."""
    return lambda directory, described: None


def checked(start: Any) -> Start:
    """What a configuration's `_target_` has made, as a start whose loggers are held to their contract.

    What a logger does not take is printed when the first of its class starts.

    Raises:
        ValueError: it cannot be called with a run's folder and a `LoggedRun`; when it is called, it makes no
            `MediaLogger`.
    """
    try:
        inspect.signature(start).bind(Path(), None)
    except TypeError as error:
        raise ValueError(
            f"logger: {_named(start)} must be what starts a logger from (run folder, LoggedRun), and {error}; "
            "a class is given with _partial_: true"
        ) from None

    def started(directory: Path, described: LoggedRun) -> MediaLogger | None:
        logger = start(directory, described)
        if logger is None:
            return None
        if not isinstance(logger, MediaLogger):
            name = type(logger).__name__
            raise ValueError(
                f"logger: {name} is no MediaLogger: start a class Mine(MediaLogger, {name}) with logged_epochs, "
                f"see {MediaLogger.__module__}"
            )
        if (line := logger.not_taken()) is not None:
            _say_once(line)
        return logger

    return started


@cache
def _say_once(line: str) -> None:
    print(line, flush=True)


def _named(thing: Any) -> str:
    return str(getattr(thing, "__name__", type(thing).__name__))


@contextmanager
def finishing(logger: MediaLogger | None) -> Iterator[MediaLogger | None]:
    """Finish a logger's run however the block ends, so that the next run of the process does not continue it."""
    failed = True
    try:
        yield logger
        failed = False
    finally:
        if logger is not None:
            logger.finalize("failed" if failed else "success")
            logger.end(failed=failed)
