"""What every `python -m syrinx_lab.X` shares: where conf/ lies, and how an error reaches the person."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from .command_line import choices_of_groups, in_full, of_hydra, unreadable, with_names, with_text
from .debug_settings import leave_out_untaken
from .runs.interruption import interrupted_by, interruptible, signal_of
from .runs.parent import worker_of
from .schema import EXAMPLES, PLACES, TABLES, TYPED, checked, texts_of
from .training.schedules import at_rate
from .voices.finding import shipped_voices

PACKAGE = Path(__file__).resolve().parent
_FULL = (errno.ENOSPC, errno.EDQUOT)
BAD_INPUT = (ValueError, OSError, HydraException, OmegaConfBaseException)

OmegaConf.register_new_resolver("at_rate", at_rate, replace=True)  # ${at_rate:SAMPLES,RATE} in conf/
# ${packaged:FOLDER}: what travels with the lab
OmegaConf.register_new_resolver("packaged", lambda folder: str(PACKAGE / folder), replace=True)
# ${shipped_voices:}: their names, for the help
OmegaConf.register_new_resolver("shipped_voices", lambda: ", ".join(shipped_voices()), replace=True)


def config_directory() -> Path:
    """The absolute folder of the lab's YAML: SYRINX_CONF, else conf/ of the checkout, else the copy in the wheel.

    Raises ValueError when none of them exists.
    """
    return _configured("SYRINX_CONF", "conf")


def sweeps_directory() -> Path:
    """The absolute folder of the sweeps: SYRINX_SWEEPS, else sweeps/ of the checkout, else the copy in the wheel."""
    return _configured("SYRINX_SWEEPS", "sweeps")


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

    def guarded(cfg: DictConfig) -> object:
        try:
            leave_out_untaken(cfg, HydraConfig.get())
            check(cfg, config_name)
            with worker_of(main):
                return task(cfg)
        except BAD_INPUT as error:
            if show:
                raise
            if (interruption := interrupted_by(error)) is not None:  # its ending could not write to a closed terminal
                raise interruption from None
            fail(error, config_name)  # here and not below: Hydra would add a line of its own

    warnings.formatwarning = as_line
    logging.raiseExceptions = False  # a package whose log finds no space prints a page
    try:
        _read_command_line(config_name)
        with interruptible():
            hydra.main(version_base="1.3", config_path=str(config_directory()), config_name=config_name)(guarded)()
    except BAD_INPUT as error:
        if show:
            raise
        fail(error, config_name)
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


def as_line(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """A warning of the lab as one line for its user; one of another package as Python shows it."""
    if Path(filename).is_relative_to(PACKAGE):
        return f"warning: {' '.join(str(message).split())}\n"
    return _PYTHONS(message, category, filename, lineno, line)


_PYTHONS = warnings.formatwarning


def answer_early(config_name: str = "config") -> None:
    """Print the help or the configuration, or refuse a command line that cannot be read, and exit; else return.

    For the top of a command whose imports take seconds.
    """
    arguments = _options()
    if any((arguments.help, arguments.hydra_help, arguments.cfg, arguments.info, arguments.shell_completion)):
        entry_point(lambda cfg: None, config_name)
        sys.exit(0)
    swept = arguments.multirun
    wrong = next(filter(None, (unreadable(argument, swept=swept) for argument in arguments.overrides)), None)
    if wrong is not None:
        fail(ValueError(wrong))


def check(cfg: DictConfig, command: str = "config") -> None:
    """Raise ValueError with one line for a key of `cfg` that is missing or holds what it may not; see `schema`.

    A name where a list of names is wanted becomes a list.
    """
    raw: Any = OmegaConf.to_container(cfg, resolve=False)
    resolved: Any = OmegaConf.to_container(cfg, resolve=True)
    for key, value in checked(command, raw, resolved).items():
        OmegaConf.update(cfg, key, value, merge=False)
    missing = sorted(OmegaConf.missing_keys(cfg))
    if missing:
        example = EXAMPLES.get(missing[0], "VALUE")
        raise ValueError(f"{missing[0]} is not set: give it on the command line, as {missing[0]}={example}")


def _options() -> argparse.Namespace:
    """The command line as Hydra's options and the settings; an unknown option ends with one line."""
    parser = get_args_parser()
    vars(parser)["error"] = lambda message: fail(ValueError(f"{message} (see --help)"))
    return parser.parse_intermixed_args()


def _read_command_line(config_name: str) -> None:
    """Check it, and put it into sys.argv as Hydra takes it; raises ValueError for what cannot be read."""
    forget_empty_variables()
    arguments = _options()
    for argument in arguments.overrides:
        if (wrong := unreadable(argument, swept=arguments.multirun)) is not None:
            raise ValueError(wrong)
    options = sys.argv[1:]
    for argument in arguments.overrides:
        options.remove(argument)
    # settings first: those that follow an option Hydra does not see
    typed = {name: short for name, short in TYPED.items() if name in TABLES.get(config_name, {})}
    settings = with_text(in_full(arguments.overrides, typed), texts_of(config_name))
    settings = with_names(choices_of_groups(settings, PLACES), config_name)
    sys.argv[1:] = [*settings, *options]


def forget_empty_variables() -> None:
    """Take a variable of the lab that is set to nothing as one that is not set."""
    for name in [name for name, value in os.environ.items() if name.startswith("SYRINX_") and not value.strip()]:
        del os.environ[name]


def fail(error: BaseException, command: str = "config") -> NoReturn:
    """Print the error of a command as one line on stderr and exit with status 1."""
    print(f"error: {one_line(error, command)}", file=sys.stderr)
    sys.exit(1)


def one_line(error: BaseException, command: str = "config") -> str:
    """What is wrong, on a single line: of a failed instantiation the reason, not Hydra's account of it.

    command  whose configuration it was: the stem of its file in conf/
    """
    while isinstance(error, InstantiationException) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, HydraException) and (line := of_hydra(error, command)) is not None:
        return line
    where = getattr(error, "full_key", None) if isinstance(error, OmegaConfBaseException) else None
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, OSError) and error.errno in _FULL and "free space" not in text:
        text += "; free space, and give the same command again"
    if where and where not in text:
        text = f"{where}: {text}"
    text = text.split(" Config search path:")[0]  # where Hydra looked, behind the choices that there are
    return text.replace(
        "To append to your config use",
        "--cfg job prints the keys that there are; to give a class one more, use",
    )
