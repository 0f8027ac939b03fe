"""A logger at whose faults no training dies: the first one is said in a line, and then it is switched off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..runs.interruption import interrupted_by
from .media_logger import Captioned, MediaLogger

_OFF: set[Path] = set()  # folders of the runs whose logger has failed in this process: it is not started again


class GuardedLogger(MediaLogger):
    """What another logger is, until it raises: then a line names it and the method, and it gets nothing more.

    Only `end` is still called once, so that it closes what it holds open. What ends a process (KeyboardInterrupt and
    its like) passes through. Attributes that no logger of the lab has are those of the other one.

    inner      the logger
    directory  of the run that it follows; once it is off, `is_off` says so there
    """

    def __init__(self, inner: MediaLogger, directory: Path) -> None:
        super().__init__()
        self._inner, self._directory, self._off = inner, directory, False

    def takes(self, method: str) -> bool:
        """Nothing more once it is off."""
        return not self._off and self._inner.takes(method)

    @property
    def name(self) -> str | None:
        """As the logger says."""
        return self._got("name")

    @property
    def version(self) -> int | str | None:
        """As the logger says."""
        return self._got("version")

    @property
    def root_dir(self) -> str | None:
        """As the logger says."""
        return self._got("root_dir")

    @property
    def log_dir(self) -> str | None:
        """As the logger says."""
        return self._got("log_dir")

    @property
    def save_dir(self) -> str | None:
        """As the logger says."""
        return self._got("save_dir")

    @property
    def group_separator(self) -> str:
        """As the logger says."""
        return self._got("group_separator") or "/"

    def __getattr__(self, name: str) -> Any:
        """An attribute of the logger's own, as `experiment`, which Lightning asks every logger for."""
        if name in ("_inner", "_directory", "_off"):  # of a copy that is not initialised yet
            raise AttributeError(name)
        try:
            return getattr(self._inner, name)
        except AttributeError:
            raise
        except Exception as error:
            self._fail(name, error)
            return None

    def logged_epochs(self) -> set[int]:
        """As the logger says; none once it is off."""
        return self._tried("logged_epochs", lambda: {int(epoch) for epoch in self._inner.logged_epochs()}) or set()

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:  # type: ignore[override]
        """Numbers."""
        self._tried("log_metrics", lambda: self._inner.log_metrics(dict(metrics), step=step))

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """The configuration."""
        self._tried("log_hyperparams", lambda: self._inner.log_hyperparams(params, *args, **kwargs))

    def log_graph(self, *args: Any, **kwargs: Any) -> None:
        """What Lightning gives of the model."""
        self._tried("log_graph", lambda: self._inner.log_graph(*args, **kwargs))

    def log_sounds(self, name: str, sounds: Captioned, sample_rate: int, *, epoch: int) -> None:
        """Sounds."""
        self._tried("log_sounds", lambda: self._inner.log_sounds(name, sounds, sample_rate, epoch=epoch))

    def log_pictures(self, name: str, pictures: Captioned, *, epoch: int) -> None:
        """Pictures."""
        self._tried("log_pictures", lambda: self._inner.log_pictures(name, pictures, epoch=epoch))

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, epoch: int) -> None:
        """A table."""
        self._tried("log_table", lambda: self._inner.log_table(name, columns, rows, epoch=epoch))

    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """What Lightning's own checkpoints call."""
        self._tried("after_save_checkpoint", lambda: self._inner.after_save_checkpoint(checkpoint_callback))

    def save(self) -> None:
        """Called by Lightning after numbers."""
        self._tried("save", lambda: self._inner.save())

    def finalize(self, status: str) -> None:
        """Called by Lightning and by the run, maybe several times."""
        self._tried("finalize", lambda: self._inner.finalize(status))

    def end(self, *, failed: bool) -> None:
        """Close it, off or not."""
        try:
            self._inner.end(failed=failed)
        except Exception as error:
            self._fail("end", error)

    def _got(self, name: str) -> Any:
        return self._tried(name, lambda: getattr(self._inner, name))

    def _tried(self, method: str, call: Callable[[], Any]) -> Any:
        """What `call` gives; None where the logger is off, or is switched off because it raises."""
        if self._off:
            return None
        try:
            return call()
        except Exception as error:  # whatever a stranger's code can think of
            self._fail(method, error)
            return None

    def _fail(self, method: str, error: Exception) -> None:
        """Switch it off; only the first fault is said."""
        first, self._off = not self._off, True
        if first:
            switch_off(type(self._inner).__name__, method, error, self._directory)


def is_off(directory: Path) -> bool:
    """Whether the logger of the run in this folder has failed in this process."""
    return directory.resolve() in _OFF


def switch_off(name: str, method: str, error: Exception, directory: Path) -> None:
    """Say in one line that a logger has failed, and start it no more for this run; an interruption goes on its way."""
    if (interruption := interrupted_by(error)) is not None:
        raise interruption from None
    _OFF.add(directory.resolve())
    text = " ".join(str(error).split())[:200]
    reason = f"{type(error).__name__}{': ' * bool(text)}{text}"
    with suppress(OSError):  # of a terminal that was closed
        print(
            f"warning   the logger {name} raised in {method}: {reason}; it is switched off, and this run goes on "
            "without it",
            flush=True,
        )
