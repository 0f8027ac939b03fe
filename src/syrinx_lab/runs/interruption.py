"""Signals that ask a command to stop: they interrupt it as Ctrl-C does, so that it ends cleanly and can be resumed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# of Ctrl-C, `kill` and a cluster's time limit, a closed terminal, and the warnings that clusters can be asked for
SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU")
    if hasattr(signal, name)
)
_DEFAULT = (signal.SIG_DFL, signal.default_int_handler)
_ONE_PRESS_S = 1.0  # shells and wrappers pass one Ctrl-C on more than once


class Interrupted(KeyboardInterrupt):
    """What a signal raises in the main thread; `signum` says which one it was."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


class _Received:
    """The first signal since `interruptible` began: its number, when it came, and whether the ending has begun."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.signum: int | None = None
        self.at_s = 0.0
        self.ending = False

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        """The handler: the first signal interrupts, the next ones do not disturb the ending."""
        if os.getpid() != self.owner:  # a child that was forked off: its ending is not this command's
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
            return
        now = time.monotonic()
        if self.signum is not None and now - self.at_s < _ONE_PRESS_S:
            return
        if self.ending and signum == signal.SIGINT:  # a person who does not want to wait
            os._exit(128 + signum)
        if not self.ending:  # also when the first one was lost, in a destructor for instance
            self.signum, self.at_s = signum, now
            raise Interrupted(signum)


_received = _Received()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let every signal of `SIGNALS` raise `Interrupted` while the block runs.

    A signal that somebody else handles or ignores (nohup, a cluster's launcher) stays theirs. A second Ctrl-C, more
    than a second later, ends the process at once; other signals wait for the ending that the first one began. Outside
    the main thread nothing is changed.
    """
    global _received
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before, outer = {}, _received
    _received = _Received()
    for signum in SIGNALS:
        if (handler := signal.getsignal(signum)) in _DEFAULT:
            before[signum] = handler
            signal.signal(signum, _received)
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        _received = outer


def begin_ending() -> int | None:
    """The signal that has interrupted this command, None when there was none; from here on its ending is left alone."""
    _received.ending = _received.signum is not None
    return _received.signum


def interrupted_by(error: BaseException) -> KeyboardInterrupt | None:
    """The interruption that `error` is, or that it was raised for; None when it is an error of its own."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KeyboardInterrupt):
            return seen
        seen = seen.__cause__ or seen.__context__
    signum = begin_ending()
    return None if signum is None else Interrupted(signum)


def signal_of(error: KeyboardInterrupt) -> signal.Signals:
    """The signal behind an interruption; that of Ctrl-C where it does not say."""
    return signal.Signals(getattr(error, "signum", signal.SIGINT))
