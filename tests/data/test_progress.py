"""A line about long work: none below a second, few in a log, one on a terminal."""

from __future__ import annotations

import io

from syrinx_lab.data.progress import Progress, tracked


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO, steps: int, each_s: float, total: int | None = 100) -> str:
    now = [0.0]
    progress = Progress("reading recordings", total, clock=lambda: now[0], stream=stream)
    for done in range(steps):
        progress.update(done)
        now[0] += each_s
    progress.close()
    return stream.getvalue()


def test_short_work_is_silent() -> None:
    assert told(io.StringIO(), 100, 0.0099) == ""
    assert told(Terminal(), 100, 0.0099) == ""


def test_a_log_gets_few_lines() -> None:
    lines = told(io.StringIO(), 100, 1.0).splitlines()
    assert lines == [f"reading recordings: {n} of 100" for n in (1, 2, 4, 8, 16, 32, 64)]
    assert told(io.StringIO(), 3, 1.0, None).splitlines() == ["reading recordings: 1", "reading recordings: 2"]


def test_a_terminal_keeps_one_line_and_loses_it_in_the_end() -> None:
    text = told(Terminal(), 5, 1.0)
    assert "\n" not in text
    parts = text.split("\r")
    assert parts[1:5] == [f"reading recordings: {n} of 100" for n in (1, 2, 3, 4)]
    assert parts[5:] == [" " * len(parts[4]), ""]


def test_items_pass_through(capsys) -> None:
    assert list(tracked([3, 1, 2], "reading")) == [3, 1, 2]
    assert capsys.readouterr().err == ""
