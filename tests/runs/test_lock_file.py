"""Where a file system has no locks, a file stands for them: kept by who lives, taken over from who has died."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from syrinx_lab.runs import lock_file
from syrinx_lab.runs.lock import folder_lock, is_locked

OTHER = {"host": "another", "boot": "b", "pid": 1, "begun": "5"}


@pytest.fixture(autouse=True)
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "lockf", refuse)


def in_child(work: object) -> int:
    """What `work` returns, as the exit status of a process of its own."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(work())  # type: ignore[operator]
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def refused(folder: Path) -> str:
    """Why the lock of `folder` is not given; empty when it is."""
    try:
        with folder_lock(folder, busy="taken"):
            return ""
    except ValueError as error:
        return str(error)


def test_training_goes_on_with_a_line_and_others_are_kept_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with folder_lock(tmp_path, busy="taken"):
        line = f"note: no locks on the file system of {tmp_path}: .lock.held in it stands for one\n"
        assert capsys.readouterr().out == line
        message = f"taken ({tmp_path / lock_file.NAME} is held by process {os.getpid()} on {socket.gethostname()})"
        assert in_child(lambda: int(refused(tmp_path) == message)) == 1
        assert in_child(lambda: int(is_locked(tmp_path))) == 1
        with folder_lock(tmp_path, busy="taken"):
            pass  # twice within one process
        assert in_child(lambda: int(bool(refused(tmp_path)))) == 1
    assert not is_locked(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_file_of_a_process_that_was_killed_is_taken_over_at_once(tmp_path: Path) -> None:
    def die() -> int:
        with folder_lock(tmp_path, busy="taken"):
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    assert in_child(die) == -signal.SIGKILL
    assert (tmp_path / lock_file.NAME).exists()
    assert not is_locked(tmp_path)
    assert not refused(tmp_path)


@pytest.mark.parametrize("changed", [{"boot": "before the machine was started anew"}, {"begun": "3"}])
def test_a_process_that_has_the_number_of_a_dead_one_holds_nothing(tmp_path: Path, changed: dict[str, str]) -> None:
    (tmp_path / ".lock").touch()
    (tmp_path / lock_file.NAME).write_text(json.dumps(lock_file.process_record(os.getppid())))
    assert is_locked(tmp_path)
    (tmp_path / lock_file.NAME).write_text(json.dumps(lock_file.process_record(os.getppid()) | changed))
    assert not is_locked(tmp_path)


@pytest.mark.parametrize(("text", "age_s", "dead"), [(json.dumps(OTHER), 200, False), (json.dumps(OTHER), 400, True),
                                                      ("", 200, False), ("", 400, True)])  # fmt: skip
def test_on_another_machine_the_signs_of_life_count(tmp_path: Path, text: str, age_s: float, dead: bool) -> None:
    path = tmp_path / lock_file.NAME
    path.write_text(text)
    os.utime(path, (time.time() - age_s,) * 2)
    assert bool(refused(tmp_path)) is not dead
    assert path.exists() is not dead


def test_the_holder_renews_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_file, "_RENEWED_S", 0.01)
    renewed = threading.Event()
    monkeypatch.setattr(lock_file.os, "utime", lambda path: renewed.set())
    with folder_lock(tmp_path, busy="taken"):
        assert renewed.wait(30)


def test_a_file_that_was_made_anew_meanwhile_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / lock_file.NAME
    path.write_text("stale")
    original = os.rename

    def late(old: Path, new: Path) -> None:
        path.write_text("of another process")
        original(old, new)

    monkeypatch.setattr(lock_file.os, "rename", late)
    lock_file.remove_stale(path)
    assert path.read_text() == "of another process"
