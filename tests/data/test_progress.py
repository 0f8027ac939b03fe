"""A line about long work: none below a second, few in a log, one on a terminal."""

from __future__ import annotations

import io
from functools import partial

import pytest

from syrinx_lab.data.progress import Progress, tracked


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(stream: io.StringIO, steps: int, each_s: float, total: int | None = 100) -> str:
    now = [0.0]
    progress = Progress("reading recordings", total, clock=lambda: now[0], stream=stream)
    for done in range(steps):
        progress.update(done)
        now[0] += each_s
    progress.close()
    return stream.getvalue()


def test_short_work_is_silent() -> None:
    assert printed(io.StringIO(), 100, 0.0099) == ""
    assert printed(Terminal(), 100, 0.0099) == ""


def test_a_log_gets_few_lines() -> None:
    lines = printed(io.StringIO(), 100, 1.0).splitlines()
    assert lines == [f"reading recordings: {n} of 100" for n in (1, 2, 4, 8, 16, 32, 64)]
    # work that comes in large pieces is not reported in a burst after each
    assert printed(io.StringIO(), 4, 10.0).splitlines() == [
        "reading recordings: 1 of 100",
        "reading recordings: 2 of 100",
    ]
    assert printed(io.StringIO(), 3, 1.0, None).splitlines() == ["reading recordings: 1", "reading recordings: 2"]


def test_a_terminal_keeps_one_line_and_loses_it_in_the_end() -> None:
    text = printed(Terminal(), 5, 1.0)
    assert "\n" not in text
    parts = text.split("\r")
    assert parts[1:5] == [f"reading recordings: {n} of 100" for n in (1, 2, 3, 4)]
    assert parts[5:] == [" " * len(parts[4]), ""]


def test_a_shorter_line_covers_a_longer_one() -> None:
    now, stream = [2.0], Terminal()
    progress = Progress("exchanges", clock=lambda: now[0], stream=stream)
    for now[0], done in ((4.0, 100), (6.0, 7)):
        progress.update(done)
    assert stream.getvalue().split("\r")[1:] == ["exchanges: 100", "exchanges: 7  "]
    for _ in range(2):
        progress.close()
    assert stream.getvalue().split("\r")[3:] == [" " * 12, ""]


def test_items_pass_through_and_are_counted(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(tracked([3, 1, 2], "reading")) == [3, 1, 2]
    assert capsys.readouterr().err == ""
    now, stream = [0.0], Terminal()
    slow = partial(Progress, clock=lambda: now[0], stream=stream)
    monkeypatch.setattr("syrinx_lab.data.progress.Progress", slow)
    for item in tracked("abc", "reading"):
        now[0] += 1.0
        if item == "c":
            break
    gone = " " * len("reading: 1 of 3")
    assert stream.getvalue().split("\r")[1:] == ["reading: 1 of 3", "reading: 2 of 3", gone, ""]
