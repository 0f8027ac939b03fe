"""The floors of the house hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def test_import_contracts() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_wandb_is_imported_by_its_logger_alone_and_late() -> None:
    source = REPOSITORY / "src" / "syrinx_lab"
    importing = re.compile(r"^( *)(?:import wandb\b|from wandb\b)", re.MULTILINE)
    found = {p.relative_to(source).as_posix(): importing.findall(p.read_text()) for p in source.rglob("*.py")}
    importers = {name: indents for name, indents in found.items() if indents}
    assert importers.keys() <= {"training/wandb_run.py", "workspace/saving.py"}
    assert all(all(indents) for indents in importers.values()), "in functions: who logs nothing waits for no wandb"


def test_no_module_is_too_long() -> None:
    lengths = {p.name: len(p.read_text().splitlines()) for p in (REPOSITORY / "src").rglob("*.py")}
    assert {name: n for name, n in lengths.items() if n > 300} == {}
