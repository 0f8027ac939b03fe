"""Whether somebody is at work in a run's folder; in doubt, somebody is."""

from __future__ import annotations

import time

from .directory import RunDirectory
from .lock import LOCK_NAME, is_locked

UNDER_WAY = ("claimed", "running")
_UNLOCKED_S = 3600.0  # without a lock to ask, so long a silence means that the run was killed
_LOCKED_S = 60.0  # with one that is free; not every cluster's disk shows a lock to other machines
_PAUSED_S = 86400.0  # a seed waits for the others of its sweep
_CLOCKS_S = 60.0  # by which the clocks of two machines may differ
_EPOCHS = 10  # but never less than so many of the run's longest epochs


def being_trained(run: RunDirectory) -> str | None:
    """Why the folder of `run` must be left alone; None when nobody works in it.

    A process that holds its lock says so. So does a status of claimed or running whose last sign of life is younger
    than an hour (a minute, where there is a lock and it is free) and than ten of the run's longest epochs, and a status
    of paused for a day. Not to be asked by the process that holds the lock.
    """
    try:
        if is_locked(run.path):
            return "a process holds its lock"
    except OSError as error:
        return f"its lock cannot be asked: {error.strerror}"
    try:
        status, seconds = run.state().get("status"), [float(row.get("seconds") or 0.0) for row in run.history.read()]
    except ValueError:
        status, seconds = "running", []
    patience = _LOCKED_S if seconds and (run.path / LOCK_NAME).exists() else _UNLOCKED_S
    patience = _PAUSED_S if status == "paused" else patience
    silent, ahead = time.time() - last_sign(run), ahead_s(run)
    if status in (*UNDER_WAY, "paused") and silent < max([patience, *(_EPOCHS * s for s in seconds)]):
        when = f"{max(silent, 0.0) / 60:.0f} min ago" if not ahead else f"{ahead / 60:.0f} min ahead of this clock"
        return f"its status is {status} and it last wrote {when}"
    return None


def ahead_s(run: RunDirectory) -> float:
    """Seconds by which the run's last sign of life is ahead of this machine's clock, 0 for less than a minute.

    One of the two clocks is wrong then, and nobody can say for how long the run has been silent.
    """
    ahead = last_sign(run) - time.time()
    return ahead if ahead > _CLOCKS_S else 0.0


def last_sign(run: RunDirectory) -> float:
    """When anything in the run's folder was last written, in seconds since 1970; 0 when there is no folder."""
    times = [0.0]
    for path in (run.path, run.checkpoints_path, *run.path.glob("[!.]*"), *run.checkpoints_path.glob("*")):
        try:
            times.append(path.stat().st_mtime)
        except FileNotFoundError:  # renamed meanwhile
            continue
    return max(times)
