"""The loggers beside the run's own history: the configuration chooses how one is started, the run starts it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

from .guarded_logger import GuardedLogger, is_off, switch_off
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
    """What a configuration's `_target_` has made, as a start whose loggers are held to their contract, and guarded.

    What a logger does not take is printed when the first of its class starts. One that raises, also when it is started,
    is switched off, see `GuardedLogger`.

    Raises:
        ValueError: it cannot be called with a run's folder and a `LoggedRun`; it is a class that is no `MediaLogger` or
            lacks something. Of a function that makes a logger the latter is known when it is called.
    """
    maker = start.func if isinstance(start, partial) else start
    name = str(getattr(maker, "__name__", type(maker).__name__))
    if inspect.isclass(maker):
        _check_class(maker)
    try:
        inspect.signature(start).bind(Path(), None)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"logger: {name} cannot be started with (run folder, LoggedRun): {error}; a class that takes both is given "
            "with _partial_: true"
        ) from None

    def started(directory: Path, described: LoggedRun) -> MediaLogger | None:
        if is_off(directory):
            return None
        try:
            logger = start(directory, described)
        except Exception as error:  # whatever a stranger's code can think of
            switch_off(name, "__init__" if inspect.isclass(maker) else "its start", error, directory)
            return None
        if logger is None:
            return None
        _check_class(type(logger))
        if (line := logger.not_taken()) is not None:
            _say_once(line)
        return GuardedLogger(logger, directory)

    return started


def _check_class(kind: type) -> None:
    if not issubclass(kind, MediaLogger):
        raise ValueError(
            f"logger: {kind.__name__} is no MediaLogger: start a class Mine(MediaLogger, {kind.__name__}) with "
            f"logged_epochs, see {MediaLogger.__module__}"
        )
    try:
        kind.check_class()
    except ValueError as error:
        raise ValueError(f"logger: {error}") from None


@cache
def _say_once(line: str) -> None:
    print(line, flush=True)


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
