"""A lock for file systems that have none: a file that only one process can make, and that it renews while it lives."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAME = ".lock.held"
_RENEWED_S = 20.0  # s between two signs of life of the holder
_STALE_S = 300.0  # so long without one: the holder has died on another machine
_WAIT_S = 1.0


@contextmanager
def held(folder: Path, *, busy: str, wait: bool = False) -> Iterator[None]:
    """Hold the file `NAME` in `folder` while the block runs; the arguments are those of `folder_lock`.

    The file says who holds it: host, boot, process and when that process began. One left by a process that died is
    taken over: at once on the same host (after a reboot too), elsewhere after five minutes without a sign of life.
    """
    path, said = folder / NAME, False
    while not _made(path):
        if _is_ours(path):  # taken twice within one process
            yield
            return
        if _is_stale(path):
            remove_stale(path)
            continue
        if not wait:
            raise ValueError(f"{busy} ({path} is held by {_holder(path)})")
        if not said:
            print(busy, flush=True)
            said = True
        time.sleep(_WAIT_S)
    over = threading.Event()
    renewing = threading.Thread(target=_renew, args=(path, over), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        over.set()
        renewing.join()
        path.unlink(missing_ok=True)


def is_held(folder: Path) -> bool:
    """Whether a process that lives holds the file in `folder`."""
    path = folder / NAME
    return path.exists() and not _is_stale(path)


def _made(path: Path) -> bool:
    """Make the file; False when it is there."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(file, "w") as opened:
        json.dump(process_record(os.getpid()), opened)
    return True


def process_record(pid: int) -> dict[str, str | int]:
    """What distinguishes a process from all others: host, boot, pid and when it began."""
    return {"host": socket.gethostname(), "boot": _boot(), "pid": pid, "begun": _begun(pid)}


def _is_stale(path: Path) -> bool:
    """Whether the holder of the file has died."""
    try:
        text = path.read_text()
        age_s = _clock(path.parent) - path.stat().st_mtime
    except FileNotFoundError:
        return False  # it has just been released: try again
    try:
        there = json.loads(text)
        here = there["host"] == socket.gethostname()
    except (ValueError, KeyError, TypeError):  # its maker has not written it yet, or died before
        return age_s > _STALE_S
    if here:
        return there != process_record(int(there["pid"]))
    return age_s > _STALE_S


def _is_ours(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text()) == process_record(os.getpid()))
    except (OSError, ValueError):
        return False


def remove_stale(path: Path) -> None:
    """Remove a stale file, but not one that somebody has made in its place meanwhile."""
    text = path.read_text() if path.exists() else ""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    with suppress(FileNotFoundError):
        os.rename(path, aside)
        if aside.read_text() != text:
            with suppress(FileExistsError):
                os.link(aside, path)
        aside.unlink()


def _clock(folder: Path) -> float:
    """The time of the file system, which need not be this machine's; of this machine where nothing can be written."""
    probe = folder / f".clock.{secrets.token_hex(4)}.tmp"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def _renew(path: Path, over: threading.Event) -> None:
    while not over.wait(_RENEWED_S):
        with suppress(OSError):
            os.utime(path)


def _holder(path: Path) -> str:
    try:
        there = json.loads(path.read_text())
        return f"process {there['pid']} on {there['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "a process that has just begun"


def _boot() -> str:
    """What changes when the machine is started anew; empty where nobody says."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _begun(pid: int) -> str:
    """When the process `pid` began; empty where there is no such process, `running` where only that can be known."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]
    except OSError:
        pass
    if os.path.isdir("/proc/self"):
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "running"
