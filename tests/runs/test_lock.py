"""A lock keeps other processes out and goes with its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from syrinx_lab.runs.lock import folder_lock, is_locked

HOLD = """
import os, sys, time
from syrinx_lab.runs.lock import folder_lock
with folder_lock(sys.argv[1], busy="busy"):
    child = os.fork()          # what outlives the holder holds nothing
    if child: print(child, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process
    process.kill()
    process.wait()
    os.kill(child, signal.SIGKILL)


def test_another_process_is_refused_until_the_holder_is_killed(holder: subprocess.Popen, tmp_path: Path) -> None:
    assert is_locked(tmp_path)
    with pytest.raises(ValueError, match="taken"), folder_lock(tmp_path, busy="taken"):
        pass
    assert is_locked(tmp_path), "to ask does not release it"
    holder.kill()
    holder.wait()
    assert not is_locked(tmp_path)
    with folder_lock(tmp_path, busy="taken"):
        pass


def test_waiting_lasts_until_the_holder_is_killed(
    holder: subprocess.Popen, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.Popen(["sh", "-c", f"sleep 0.5; touch {tmp_path}/killed; kill -9 {holder.pid}"])
    with folder_lock(tmp_path, busy="waiting", wait=True):
        assert (tmp_path / "killed").exists()
    assert capsys.readouterr().out == "waiting\n"


def test_a_free_folder_is_made_and_taken(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "new")
    with folder_lock(tmp_path / "new", busy="taken"):
        assert (tmp_path / "new").is_dir()


def test_whoever_only_asks_needs_no_right_to_write(holder: subprocess.Popen, tmp_path: Path) -> None:
    opened: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        original = os.open
        patch.setattr(os, "open", lambda path, flags, *rest: opened.append(flags) or original(path, flags, *rest))
        assert is_locked(tmp_path)
    assert opened == [os.O_RDONLY]
