"""Outputs that a group shares: the umask decides who may write, and whoever only reads writes nothing."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made_runs import make_run

from syrinx_lab.runs.lock import folder_lock
from syrinx_lab.runs.registry import Registry


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user of the machine can get at: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def with_umask(umask: int, work: Callable[[], object]) -> None:
    before = os.umask(umask)
    try:
        work()
    finally:
        os.umask(before)


def as_somebody_else(work: Callable[[], object]) -> str:
    """What `work` returns or raises in a process of another user, who is of no group of ours."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([65534])
            os.setgid(65534)
            os.setuid(65534)
            told = str(work())
        except BaseException as error:
            told = f"{type(error).__name__}: {error}"
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        return told.read()


root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another user")


@pytest.mark.parametrize(("umask", "mode"), [(0o002, 0o664), (0o022, 0o644), (0o077, 0o600)])
def test_the_umask_decides_who_may_write_to_the_registry(tmp_path: Path, umask: int, mode: int) -> None:
    run = make_run(tmp_path / "outputs", 1)
    registry = Registry(tmp_path / "outputs")
    with_umask(umask, lambda: registry.record(run))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "outputs").glob("registry.sqlite*")}
    assert set(modes.values()) == {mode}, modes


def test_a_registry_that_sqlite_made_is_opened_to_the_group_by_its_owner(tmp_path: Path) -> None:
    run = make_run(tmp_path, 1)
    registry = Registry(tmp_path)
    with_umask(0o022, lambda: registry.record(run))
    tmp_path.chmod(0o775)
    with_umask(0o022, lambda: registry.record(run))
    assert stat.S_IMODE((tmp_path / "registry.sqlite").stat().st_mode) == 0o644
    with_umask(0o002, lambda: registry.record(run))
    assert stat.S_IMODE((tmp_path / "registry.sqlite").stat().st_mode) == 0o664
    (tmp_path / "registry.sqlite").chmod(0o600)
    with_umask(0o002, lambda: registry.record(run))
    assert stat.S_IMODE((tmp_path / "registry.sqlite").stat().st_mode) == 0o600, "as its owner wants it"


@root
def test_a_refused_member_is_told_what_to_do(shared: Path) -> None:
    run = make_run(shared, 1)
    with_umask(0o022, lambda: Registry(shared).record(run))
    told = as_somebody_else(lambda: Registry(shared).record(run))
    assert told.startswith("ValueError: registry ")
    assert "its owner can share it with `chmod g+w`" in told
    assert "\n" not in told
    (shared / "registry.sqlite").chmod(0o666)
    assert as_somebody_else(lambda: Registry(shared).record(run)) == run.state()["key"]


@root
def test_the_lock_of_somebody_elses_folder_can_be_asked(shared: Path) -> None:
    from syrinx_lab.runs.activity import being_trained

    run = make_run(shared, 1)
    with folder_lock(run.path, busy=""):
        (run.path / ".lock").chmod(0o644)
        assert as_somebody_else(lambda: being_trained(run)) == "a process holds its lock"
    assert as_somebody_else(lambda: being_trained(run)) == "None"
