"""The registry on the command line: `python -m syrinx_lab.runs list where loss.name=mse_accel`."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Sequence
from typing import NoReturn

from . import command
from .cleaning import clean
from .registry import Registry

_EXPRESSION = (
    "EXPR is one condition or several joined by `and`: KEY, one of = != < <= > >= ~ (contains), and a value as YAML "
    "writes it. KEY is any key of the config (loss.name, optim.optimizer.lr; loss means loss.name), val.METRIC or "
    "test.METRIC, or status, epochs, seed, created_at, ... Values with commas between them, as seed=0,1, mean any of "
    "them. Quote it: a shell takes < and > for its own."
)
_PAGE = f"""examples:
  python -m syrinx_lab.runs list where loss.name=spectral_rollout and 'val.tf_corr>0.2'
  python -m syrinx_lab.runs best --by val.autonomy where seed=0,1,2
  python -m syrinx_lab.runs diff outputs/A outputs/B

{textwrap.fill(_EXPRESSION, 100)}

Documentation: README.md ("What has been trained")."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with status 1, as those of the other entry points are."""

    def error(self, message: str) -> NoReturn:
        print(f"error: {message}; see {self.prog} --help", file=sys.stderr)
        sys.exit(1)


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    common = _Parser(add_help=False)
    outputs = os.environ.get("SYRINX_OUTPUTS", "").strip() or "outputs"
    common.add_argument("--outputs", default=argparse.SUPPRESS, help=f"folder below which runs lie (here {outputs})")
    common.add_argument(
        "--registry",
        default=argparse.SUPPRESS,
        help="SQLAlchemy URL or SQLite file (SYRINX_REGISTRY, else registry.sqlite in the outputs folder)",
    )
    top = _Parser(
        prog="python -m syrinx_lab.runs",
        description="List, rank, compare and clean up the models that the registry holds.",
        epilog=_PAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, epilog=_EXPRESSION, parents=[common])

    add("list", "a line a model").add_argument("words", nargs="*", metavar="where EXPR")
    one = add("show", "all that is known of one model")
    one.add_argument("words", nargs="+", metavar="KEY|PATH|where EXPR")
    best = add("best", "the model that ranks first on val")
    best.add_argument("--by", default="val.tf_corr", metavar="SCORE", help="score to rank by (val.tf_corr)")
    best.add_argument("words", nargs="*", metavar="where EXPR")
    two = add("diff", "the keys that distinguish two models")
    two.add_argument("a", metavar="A", help="KEY, PATH or quoted EXPR")
    two.add_argument("b", metavar="B", help="KEY, PATH or quoted EXPR")
    add("scan", "record every run below the outputs folder")
    cleaner = add("clean", "find rows without folders, folders without rows and what kills left; asks first")
    cleaner.add_argument("--yes", action="store_true", help="do not ask")
    return top


def run(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says; raises ValueError and OSError for bad input."""
    given = parser().parse_args(arguments)
    outputs = getattr(given, "outputs", (os.environ.get("SYRINX_OUTPUTS", "").strip() or "outputs"))
    registry = Registry(outputs, getattr(given, "registry", None))
    if given.command == "list":
        command.list_models(registry, given.words)
    elif given.command == "show":
        command.show(registry, given.words)
    elif given.command == "best":
        command.show_best(registry, given.words, given.by)
    elif given.command == "diff":
        command.diff(registry, given.a, given.b)
    elif given.command == "scan":
        command.scan(registry)
    else:
        clean(registry, given.yes)


def main() -> None:
    """The console entry: errors are one line, with status 1."""
    try:
        run()
        sys.stdout.flush()
    except BrokenPipeError:  # a reader like `head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
