"""What an interrupted sweep notes of the runs that its workers were training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .activity import UNDER_WAY
from .directory import RunDirectory
from .interruption import begin_ending
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


def note_interrupted(run: RunDirectory) -> None:
    """Set the status of a run that is under way to interrupted, with the epoch that it goes on from."""
    if run.state().get("status") in UNDER_WAY:
        run.set_status("interrupted", epoch=max((epoch for epoch, _ in run.checkpoints()), default=0))
