"""Where a model came from: the versions of what computed it, the commit of the code, the hour."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

# what can change a number or a file of a run, by distribution name
DISTRIBUTIONS: tuple[str, ...] = (
    "syrinx_lab",
    "torch",
    "torchaudio",
    "lightning",
    "hydra-core",
    "omegaconf",
    "numpy",
    "scipy",
    "numba",
    "soundfile",
    "pyworld",
    "crowsetta",
    "wandb",
    "mamba-ssm",
    "causal-conv1d",
)


def provenance() -> dict[str, Any]:
    """Of this process: `versions` (see there), `git` (see `git_state`) and `created_at` (UTC, ISO 8601)."""
    return {
        "versions": versions(),
        "git": git_state(Path(__file__)),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def versions() -> dict[str, str | None]:
    """Of Python, the platform and all `DISTRIBUTIONS`, from the installed metadata; None for what is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version(), "platform": platform.platform()}
    for name in DISTRIBUTIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def git_state(file: Path) -> dict[str, Any] | None:
    """The commit of the checkout that tracks `file`: {"commit": 40 hex digits, "dirty": whether tracked files differ}.

    None where no checkout tracks it (an installed wheel, even in somebody's checkout), without a commit, without git.
    """
    folder = file.resolve().parent
    if _git(folder, "ls-files", "--error-unmatch", file.name) is None:
        return None
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return None if commit is None or changed is None else {"commit": commit, "dirty": bool(changed)}


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, run in `folder`; None when it fails or is not there."""
    # within a git hook GIT_DIR and its like name another repository than the one of `folder`
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
