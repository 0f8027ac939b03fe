"""What an interrupted sweep notes of the runs that its workers were training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .interruption import begin_ending, note_interrupted
from .lock import is_locked
from .sweep_folder import SweepFolder
from .watching import watched


@contextmanager
def noting_interruptions(folder: SweepFolder) -> Iterator[None]:
    """When the block is interrupted, note it in the state of every run of the sweep that nobody trains any more.

    A launcher kills its workers as soon as the sweep is interrupted; jobs that a cluster goes on with hold their locks.
    """
    try:
        yield
    except KeyboardInterrupt:
        begin_ending()
        with suppress(ValueError, OSError):  # the interruption is what counts
            for run in watched([folder.path]):
                if not is_locked(run.path):
                    note_interrupted(run)
        raise
