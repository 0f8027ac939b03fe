"""What every `python -m syrinx_lab.X` shares: where conf/ lies, and how an error reaches the person."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

PACKAGE = Path(__file__).resolve().parent


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


def entry_point(task: Callable[[DictConfig], object], config_name: str = "config") -> None:
    """Compose `config_name`, run `task` on it, and end with one line and status 1 on bad input.

    The traceback is kept for programmers: SYRINX_TRACEBACK=1 shows it.
    """
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # else Hydra prints its own page and exits before we can shorten it
    show = os.environ.get("SYRINX_TRACEBACK", "0") not in ("", "0")
    try:
        run = hydra.main(version_base="1.3", config_path=str(config_directory()), config_name=config_name)(task)
        run()
    except (ValueError, OSError, HydraException, OmegaConfBaseException) as error:
        if show:
            raise
        fail(error)
    except KeyboardInterrupt:
        if show:
            raise
        print("interrupted: run the same command again to go on from the last checkpoint", file=sys.stderr)
        sys.exit(130)


def fail(error: BaseException) -> None:
    """Print the error as one line on stderr and exit with status 1."""
    logging.shutdown()
    print(f"error: {one_line(error)}", file=sys.stderr)
    sys.exit(1)


def one_line(error: BaseException) -> str:
    """The error's message, and its cause's where that says more, on a single line."""
    parts = [" ".join(str(error).split())]
    cause = error.__cause__
    if isinstance(cause, (OmegaConfBaseException, ValueError, OSError)) and str(cause).strip():
        text = " ".join(str(cause).split())
        if text not in parts[0]:
            parts.append(text)
    return " ".join(part for part in parts if part) or type(error).__name__
