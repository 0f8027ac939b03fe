"""What every `python -m syrinx_lab.X` shares: where conf/ lies, and how an error reaches the person."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import hydra
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from .runs.interruption import interrupted_by, interruptible, signal_of
from .runs.parent import worker_of

PACKAGE = Path(__file__).resolve().parent
BAD_INPUT = (ValueError, OSError, HydraException, OmegaConfBaseException)


def config_directory() -> Path:
    """The absolute folder of the lab's YAML: SYRINX_CONF, else conf/ of the checkout, else the copy in the wheel.

    Raises ValueError when none of them exists.
    """
    return _configured("SYRINX_CONF", "conf")


def sweeps_parent() -> Path:
    """The absolute folder that holds sweeps/: the parent of SYRINX_SWEEPS, else the checkout, else the wheel's copy."""
    return _configured("SYRINX_SWEEPS", "sweeps").parent


def _configured(variable: str, name: str) -> Path:
    override = os.environ.get(variable)
    if override:
        candidates = [Path(override).expanduser().resolve()]
    else:
        checkout = PACKAGE.parents[1]
        candidates = [checkout / name] if (checkout / "pyproject.toml").is_file() else []
        candidates.append(PACKAGE / "_config" / name)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise ValueError(f"no folder {candidates[-1]}: set {variable} to the lab's {name}/ folder")


def entry_point(
    task: Callable[[DictConfig], object], config_name: str = "config", interrupted: str = "interrupted"
) -> None:
    """Compose `config_name`, run `task` on it, and end with one line and status 1 on bad input.

    `interrupted` is what Ctrl-C prints; the other signals of `interruptible` end the command in the same way, with
    status 128 + signal.
    The traceback is kept for programmers: SYRINX_TRACEBACK=1 shows it.
    """
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # else Hydra prints a page of its own and exits
    show = os.environ.get("SYRINX_TRACEBACK", "0") not in ("", "0")

    main = os.getpid()

    def told(cfg: DictConfig) -> object:
        try:
            with worker_of(main):
                return task(cfg)
        except BAD_INPUT as error:
            if show:
                raise
            if (interruption := interrupted_by(error)) is not None:  # its ending could not write to a closed terminal
                raise interruption from None
            fail(error)  # here and not below: Hydra would add a line of its own

    try:
        with interruptible():
            hydra.main(version_base="1.3", config_path=str(config_directory()), config_name=config_name)(told)()
    except BAD_INPUT as error:
        if show:
            raise
        fail(error)
    except KeyboardInterrupt as error:
        if show:
            raise
        by = signal_of(error)
        with suppress(OSError):  # of a terminal that was closed
            said = (
                interrupted if by == signal.SIGINT else interrupted.replace("interrupted", f"interrupted ({by.name})")
            )
            print(said, file=sys.stderr)
        sys.exit(128 + by)


def fail(error: BaseException) -> NoReturn:
    """Print the error as one line on stderr and exit with status 1."""
    print(f"error: {one_line(error)}", file=sys.stderr)
    sys.exit(1)


def one_line(error: BaseException) -> str:
    """What is wrong, on a single line: of a failed instantiation the reason, not Hydra's account of it."""
    while isinstance(error, InstantiationException) and error.__cause__ is not None:
        error = error.__cause__
    text = " ".join(str(error).split()) or type(error).__name__
    return text.replace("To append to your config use", "If it is meant to be a new key, use")
