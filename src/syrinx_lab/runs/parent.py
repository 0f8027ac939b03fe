"""A worker process that ends with the process which has started it, however that one dies."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .interruption import begin_ending, interruptible, signal_of

_PR_SET_PDEATHSIG = 1  # prctl(2), Linux
_WATCH_S = 1.0


def end_with(parent: int) -> None:
    """Let this process get SIGTERM when the process `parent`, which has started it, is no longer there.

    parent  its id. A process that was started by another one (on another machine of a cluster, by a service) is left
            as it is; one whose parent has died in the meantime ends at once

    Linux sends the signal itself (prctl, PR_SET_PDEATHSIG); elsewhere a thread looks once a second.
    """
    if os.getppid() != parent:
        known = multiprocessing.parent_process()
        if known is not None and known.pid == parent and not known.is_alive():
            os._exit(128 + signal.SIGTERM)
        return
    if signal_by_kernel():
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(128 + signal.SIGTERM)
        return
    if not any(thread.name == _watch.__name__ for thread in threading.enumerate()):
        threading.Thread(target=_watch, args=(parent,), name=_watch.__name__, daemon=True).start()


def signal_by_kernel() -> bool:
    """Ask Linux for SIGTERM at the parent's death; whether it will be sent."""
    if sys.platform != "linux":
        return False
    try:
        return ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def worker_of(parent: int) -> Iterator[None]:
    """Run the block as a job that the process `parent` hands out; in that process itself nothing is changed.

    A worker ends with its parent (`end_with`). A signal interrupts the job and then ends the worker: it would take the
    next job otherwise.
    """
    if os.getpid() == parent:
        yield
        return
    end_with(parent)
    with interruptible():
        try:
            yield
        except KeyboardInterrupt as error:
            begin_ending()
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(128 + signal_of(error))
