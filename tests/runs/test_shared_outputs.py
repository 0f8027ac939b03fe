"""Outputs that a group shares: the umask decides who may write, and whoever only reads writes nothing."""

from __future__ import annotations

import io
import os
import sqlite3
import stat
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from another_user import as_another_user
from made_runs import make_run

from syrinx_lab.runs.cleaning import clean
from syrinx_lab.runs.leftovers import find_leftovers
from syrinx_lab.runs.lock import folder_lock
from syrinx_lab.runs.permission import refuse_unwritable
from syrinx_lab.runs.registry import Registry
from syrinx_lab.runs.watching import watched


def with_umask(umask: int, work: Callable[[], object]) -> None:
    before = os.umask(umask)
    try:
        work()
    finally:
        os.umask(before)


root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another user")


@pytest.mark.parametrize(("umask", "permissions"), [(0o002, 0o664), (0o022, 0o644), (0o077, 0o600)])
def test_the_umask_decides_who_may_write_to_the_registry(tmp_path: Path, umask: int, permissions: int) -> None:
    run = make_run(tmp_path / "outputs", 1)
    registry = Registry(tmp_path / "outputs")
    with_umask(umask, lambda: registry.record(run))
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "outputs").glob("registry.sqlite*")}
    assert set(found.values()) == {permissions}, found


def test_a_registry_that_sqlite_made_is_opened_to_the_group_by_its_owner(tmp_path: Path) -> None:
    run = make_run(tmp_path, 1)
    registry = Registry(tmp_path)
    with_umask(0o022, lambda: registry.record(run))
    tmp_path.chmod(0o755)
    with_umask(0o002, lambda: registry.record(run))
    assert stat.S_IMODE((tmp_path / "registry.sqlite").stat().st_mode) == 0o644, "the folder is its owner's alone"
    tmp_path.chmod(0o775)
    with_umask(0o022, lambda: registry.record(run))
    assert stat.S_IMODE((tmp_path / "registry.sqlite").stat().st_mode) == 0o644
    with_umask(0o002, lambda: registry.record(run))
    assert stat.S_IMODE((tmp_path / "registry.sqlite").stat().st_mode) == 0o664
    (tmp_path / "registry.sqlite").chmod(0o600)
    with_umask(0o002, lambda: registry.record(run))
    assert stat.S_IMODE((tmp_path / "registry.sqlite").stat().st_mode) == 0o600, "as its owner wants it"


@root
def test_a_refused_member_reads_what_to_do(shared: Path) -> None:
    run = make_run(shared, 1)
    with_umask(0o022, lambda: Registry(shared).record(run))
    outcome = as_another_user(lambda: Registry(shared).record(run))
    assert outcome.startswith("ValueError: registry ")
    assert "its owner can share it with `chmod g+w`" in outcome
    assert "\n" not in outcome
    (shared / "registry.sqlite").chmod(0o666)
    assert as_another_user(lambda: Registry(shared).record(run)) == run.state()["key"]


@root
def test_the_lock_of_somebody_elses_folder_can_be_asked(shared: Path) -> None:
    from syrinx_lab.runs.activity import being_trained

    run = make_run(shared, 1)
    with folder_lock(run.path, busy=""):
        (run.path / ".lock").chmod(0o644)
        assert as_another_user(lambda: being_trained(run)) == "a process holds its lock"
    assert as_another_user(lambda: being_trained(run)) == "None"


@root
@pytest.mark.parametrize("log", [False, True], ids=["at rest", "killed as it wrote"])
@pytest.mark.parametrize(("folder", "file"), [(0o777, 0o644), (0o755, 0o666)])
def test_who_only_reads_a_registry_makes_no_file_that_its_owner_could_not_write_to(
    shared: Path, log: bool, folder: int, file: int
) -> None:
    run = make_run(shared, 1)
    with_umask(0o022, lambda: Registry(shared).record(run))
    if log:
        _write_and_die(shared / "registry.sqlite")
    (shared / "registry.sqlite").chmod(file)
    shared.chmod(folder)
    before = {path.name: (path.stat().st_uid, path.read_bytes()) for path in shared.glob("registry.sqlite*")}
    assert as_another_user(lambda: [row["status"] for row in Registry(shared).models()]) == str(
        ["rewritten" if log else run.state()["status"]]
    )
    assert {path.name: (path.stat().st_uid, path.read_bytes()) for path in shared.glob("registry.sqlite*")} == before


def _write_and_die(database: Path) -> None:
    """Leave what was written last in SQLite's log, as a kill does."""
    child = os.fork()
    if child == 0:
        connection = sqlite3.connect(database, isolation_level=None)
        connection.execute("UPDATE models SET status = 'rewritten'")
        os._exit(0)  # without closing it
    os.waitpid(child, 0)
    assert database.with_name(f"{database.name}-wal").stat().st_size > 0


@root
def test_runs_that_somebody_keeps_to_himself_are_named_by_scan_and_left_alone_by_clean(shared: Path) -> None:
    runs = [make_run(shared, seed) for seed in (1, 2)]
    for run in runs:
        Registry(shared).record(run)
    for file in shared.glob("registry.sqlite*"):
        file.chmod(0o666)
    runs[0].path.chmod(0o700)
    assert as_another_user(lambda: Registry(shared).scan()) == str(
        ([runs[1].state()["key"]], [f"{runs[0].path}: Permission denied"])
    )
    assert as_another_user(lambda: bool(find_leftovers(Registry(shared)))) == "False"
    assert as_another_user(lambda: _warned(lambda: watched([shared]))) == (
        f"[RunDirectory('{runs[1].path}')] ['{runs[0].path} is left out: Permission denied']"
    )


def _warned(work: Callable[[], object]) -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        done = work()
    return f"{done} {[str(one.message) for one in caught]}"


@root
def test_what_somebody_else_owns_is_not_removed_and_said(shared: Path) -> None:
    known = make_run(shared, 1)
    Registry(shared).record(known)
    unknown = make_run(shared, 2, evaluated=False)
    debris = known.rungs_path / ".epoch00020.json.0a1b2c3d.tmp"
    debris.parent.mkdir(exist_ok=True)
    debris.touch()
    os.utime(debris, (time.time() - 100,) * 2)
    for file in shared.glob("registry.sqlite*"):
        file.chmod(0o666)
    outcome = as_another_user(lambda: _printed(lambda: clean(Registry(shared), yes=True)))
    assert f"left alone: {debris} (Permission denied)" in outcome
    assert f"left alone: {unknown.path} ({unknown.path} cannot be written to (Permission denied)" in outcome
    assert "removed 0 rows, 1 folders and 1 files, less these 2" in outcome
    assert debris.exists()
    assert unknown.config_path.exists()


def _printed(work: Callable[[], object]) -> str:
    with redirect_stdout(io.StringIO()) as text:
        work()
    return text.getvalue()


@root
def test_a_folder_that_cannot_be_written_to_is_refused_with_what_to_do(shared: Path) -> None:
    shared.chmod(0o755)
    run = make_run(shared, 1)

    def refused(folder: Path) -> None:
        outcome = as_another_user(lambda: _locked(folder))
        assert outcome.startswith(f"ValueError: {folder} cannot be written to (Permission denied): ")
        assert "SYRINX_OUTPUTS" in outcome
        advised = as_another_user(lambda: refuse_unwritable(folder / "report", "give out=FOLDER"))
        assert advised.startswith(f"ValueError: {folder}/report cannot be written to")
        assert advised.endswith(": give out=FOLDER")

    refused(run.path)
    refused(shared / "new")
    assert not (shared / "new").exists()
    refuse_unwritable(shared / "new" / "report", "nobody reads this")


def _locked(folder: Path) -> None:
    with folder_lock(folder, busy=""):
        pass
