"""A line about work that takes longer than a second: what is done, how many of how many."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO, TypeVar

Item = TypeVar("Item")

FIRST_S = 1.0  # before that nothing is said
_TERMINAL_S = 0.2  # between lines on a terminal, which are written over each other


class Progress:
    """Counts on stderr: on a terminal a line that is written over, elsewhere a line after 1, 2, 4, 8, ... seconds.

    what    such as "reading recordings"
    total   how many there are; None where nobody knows
    clock   seconds
    stream  None: stderr
    """

    def __init__(
        self,
        what: str,
        total: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        stream: TextIO | None = None,
    ) -> None:
        self.what = what
        self.total = total
        self.clock = clock
        self.stream = sys.stderr if stream is None else stream
        self.terminal = self.stream.isatty()
        self.begun = clock()
        self.due = FIRST_S
        self.shown = 0

    def update(self, done: int) -> None:
        """Say that so many are done, where it is time for a line."""
        elapsed = self.clock() - self.begun
        if elapsed < self.due:
            return
        self.due = elapsed + _TERMINAL_S if self.terminal else 2 * elapsed
        line = f"{self.what}: {done}" + ("" if self.total is None else f" of {self.total}")
        if self.terminal:
            self.stream.write(f"\r{line:<{self.shown}}")
            self.shown = len(line)
        else:
            self.stream.write(f"{line}\n")
        self.stream.flush()

    def close(self) -> None:
        """Remove the line from a terminal."""
        if self.shown:
            self.stream.write(f"\r{'':<{self.shown}}\r")
            self.stream.flush()
            self.shown = 0


def tracked(items: Sequence[Item], what: str) -> Iterator[Item]:
    """The items one by one, with their count on stderr where all together take longer than a second."""
    progress = Progress(what, len(items))
    try:
        for number, item in enumerate(items):
            progress.update(number)
            yield item
    finally:
        progress.close()
