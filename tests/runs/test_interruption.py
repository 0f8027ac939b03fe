"""A signal interrupts once, and leaves the ending and other people's handlers alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_runs import make_run

from syrinx_lab.runs import interruption
from syrinx_lab.runs.interruption import (
    SIGNALS,
    Interrupted,
    begin_ending,
    interrupted_by,
    interruptible,
)
from syrinx_lab.runs.sweep_interruption import note_interrupted


@pytest.fixture
def defaults() -> Iterator[None]:
    """Nobody handles a signal, as in a shell's foreground: under nohup, or in the background, some are ignored."""
    before = {signum: signal.signal(signum, signal.SIG_DFL) for signum in SIGNALS}
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


@pytest.mark.usefixtures("defaults")
@pytest.mark.parametrize("signum", SIGNALS)
def test_every_signal_interrupts_and_its_handler_comes_back(signum: signal.Signals) -> None:
    before = signal.getsignal(signum)
    with pytest.raises(Interrupted, match=signum.name), interruptible():
        os.kill(os.getpid(), signum)
    assert signal.getsignal(signum) == before


def test_what_somebody_else_ignores_or_handles_stays_theirs() -> None:
    heard: list[int] = []
    before = {signal.SIGHUP: signal.SIG_IGN, signal.SIGUSR2: lambda number, frame: heard.append(number)}
    kept = {signum: signal.signal(signum, handler) for signum, handler in before.items()}
    try:
        with interruptible():
            for signum in before:
                os.kill(os.getpid(), signum)
    finally:
        for signum, handler in kept.items():
            signal.signal(signum, handler)
    assert heard == [signal.SIGUSR2]


@pytest.mark.usefixtures("defaults")
def test_the_ending_is_not_disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(interruption.os, "_exit", ended.append)
    with interruptible():
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)  # the same press
        monkeypatch.setattr(interruption, "_ONE_PRESS_S", 0.0)
        with pytest.raises(Interrupted):  # the first one was lost: nobody has begun to end
            os.kill(os.getpid(), signal.SIGTERM)
        assert begin_ending() == signal.SIGTERM
        os.kill(os.getpid(), signal.SIGTERM)
        assert ended == []
        os.kill(os.getpid(), signal.SIGINT)
        assert ended == [130]


def test_an_error_of_the_ending_is_the_interruption() -> None:
    try:
        try:
            raise Interrupted(signal.SIGHUP)
        except KeyboardInterrupt:
            raise OSError(5, "Input/output error")  # noqa: B904  a teardown that prints to a closed terminal
    except OSError as error:
        found = interrupted_by(error)
    assert isinstance(found, Interrupted)
    assert found.signum == signal.SIGHUP
    assert interrupted_by(ValueError("bad input")) is None


@pytest.mark.parametrize(("status", "noted"), [("running", "interrupted"), ("claimed", "interrupted"), ("paused",) * 2])
def test_a_run_that_is_under_way_is_noted_as_interrupted(tmp_path: Path, status: str, noted: str) -> None:
    run = make_run(tmp_path, 1, status=status)
    note_interrupted(run)
    assert run.state()["status"] == noted
    assert noted == status or run.state()["epoch"] == 10


ORPHAN = """
import os, sys, time
from syrinx_lab.runs import parent
if sys.argv[1] == "watch":
    parent.signal_by_kernel = lambda: False
    parent._WATCH_S = 0.05
above = os.getpid()
if os.fork() == 0:
    parent.end_with(above)
    print(os.getpid(), flush=True)
    time.sleep(60)
time.sleep(60)
"""


@pytest.mark.parametrize("how", ["kernel", "watch"])
def test_a_worker_ends_with_its_parent(how: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", ORPHAN, how], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    assert process.stdout.read() == ""  # it ends when the worker, which holds its other end, has ended
    process.wait()
