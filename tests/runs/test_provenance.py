"""Versions and the commit of the code."""

from __future__ import annotations

import platform
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import pytest

from syrinx_lab.runs.provenance import DISTRIBUTIONS, git_state, provenance, versions

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set where the tests run in a git hook
        monkeypatch.delenv(variable, raising=False)
    identity = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "core.hooksPath=/dev/null",
    ]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_versions_are_those_of_the_installed_packages() -> None:
    found = versions()
    assert found["python"] == platform.python_version()
    assert found["numpy"] == metadata.version("numpy")
    assert found["torch"] == metadata.version("torch")
    assert set(found) == {"python", "platform", *DISTRIBUTIONS}


def test_a_package_that_is_not_installed_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syrinx_lab.runs.provenance.DISTRIBUTIONS", ("numpy", "no-such-package-here"))
    assert versions()["no-such-package-here"] is None


@needs_git
def test_git_state_is_the_commit_and_whether_it_was_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "package" / "module.py"
    file.parent.mkdir()
    file.write_text("a = 1\n")
    git(tmp_path, "init", "-q", monkeypatch=monkeypatch)
    assert git_state(file) is None
    git(tmp_path, "add", ".", monkeypatch=monkeypatch)
    assert git_state(file) is None  # no commit yet
    git(tmp_path, "commit", "-q", "-m", "a", monkeypatch=monkeypatch)
    commit = git(tmp_path, "rev-parse", "HEAD", monkeypatch=monkeypatch)
    (tmp_path / "untracked.txt").write_text("")  # as an installed copy in somebody's checkout is
    assert git_state(file) == {"commit": commit, "dirty": False}
    assert git_state(tmp_path / "untracked.txt") is None
    file.write_text("a = 2\n")
    assert git_state(file) == {"commit": commit, "dirty": True}
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another"))
    assert git_state(file) == {"commit": commit, "dirty": True}


def test_no_git_and_no_checkout_are_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module.py").write_text("")
    assert git_state(tmp_path / "module.py") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(Path(__file__)) is None


def test_provenance_is_dated_in_utc() -> None:
    found = provenance()
    assert set(found) == {"versions", "git", "created_at"}
    created = datetime.fromisoformat(found["created_at"])
    assert created.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)
