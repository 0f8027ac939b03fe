"""Where the registry lies, and transactions that many processes can write at once."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from .permission import refuse_unwritable
from .registry_tables import METADATA

VARIABLE = "SYRINX_REGISTRY"
FILE_NAME = "registry.sqlite"
_CORRECT = f"correct paths.registry or {VARIABLE}"

_T = TypeVar("_T")
_PASSING = ("locked", "busy", "already exists", "deadlock", "serialize", "unique constraint", "duplicate key")
# what the drivers say of a database that is not ours, and what to do then
_ADVICE = (
    (
        r"no such column|has no column|column .* does not exist",
        "another version of the lab made it: move it away and `runs scan`",
    ),
    (r"no such table|relation .* does not exist", "nothing was ever recorded there: `runs scan`"),
    (
        r"readonly database|unable to open database",
        "its owner can share it with `chmod g+w` on its folder, it, and -wal and -shm beside it, or name another one "
        "in SYRINX_REGISTRY",
    ),
)


def registry_url(outputs: str | Path, given: str | None = None) -> URL:
    """The SQLAlchemy URL of the registry: `given`, else SYRINX_REGISTRY, else registry.sqlite in `outputs`.

    given  a URL (postgresql+psycopg://host/lab) or the name of an SQLite file
    Raises ValueError for what is no URL, or that of a database in memory.
    """
    text = given or os.environ.get(VARIABLE, "").strip() or str(Path(outputs) / FILE_NAME)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser()))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise ValueError(f"the registry's address is no SQLAlchemy URL ({error}): {_CORRECT}") from None
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError(f"the registry's address {text} names no file: {_CORRECT}")
    return url


def refuse_registry(outputs: str | Path, given: str | None = None) -> None:
    """Raise ValueError with one line for an address where no registry can be, see `registry_url`.

    That is: no URL, a database without a driver here, a folder, or a file that is named and cannot be made. A server
    that is down, or somebody else's file, is found out when it is written to.
    """
    file = Database(registry_url(outputs, given)).file
    if file is not None and file.is_dir():
        raise ValueError(f"the registry {file} is a folder: {_CORRECT}")
    named = given or os.environ.get(VARIABLE, "").strip()
    if file is not None and named and not file.exists():
        refuse_unwritable(file.parent, f"the registry cannot be made in it, {_CORRECT}")


class Database:
    """A database that holds the tables of the registry.

    url        see `registry_url`
    timeout_s  how long a transaction waits for other writers before it gives up

    SQLite is kept in WAL condition: readers never wait. WAL needs a disk of this machine; processes on several machines
    share a server's database (Postgres) instead. No connection outlives a transaction, so that processes may fork.
    """

    def __init__(self, url: URL, timeout_s: float = 30.0) -> None:
        self.url, self.timeout_s = url, timeout_s
        self.file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        self._engine = self._make_engine()

    def __str__(self) -> str:
        return str(self.file) if self.file is not None else self.url.render_as_string(hide_password=True)

    def write(self, work: Callable[[Connection], _T]) -> _T:
        """What `work` returns, run in one transaction that holds or leaves no trace; tried again when others write.

        Raises ValueError with one line when the database cannot be written, or not within `timeout_s`.
        """
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            _share(self.file)

        def with_tables(connection: Connection) -> _T:
            METADATA.create_all(
                connection
            )  # where they are there it asks three times, and may have been lost meanwhile
            return work(connection)

        return self._patiently(lambda: self._within("BEGIN IMMEDIATE", with_tables))

    def read(self, work: Callable[[Connection], _T]) -> _T:
        """What `work` returns, run in one transaction. Raises ValueError with one line when there is no registry."""
        if self.file is not None and not self.file.is_file():
            raise ValueError(f"no registry at {self}: train a model, or run `python -m syrinx_lab.runs scan`")
        return self._patiently(lambda: self._within("BEGIN", work))

    def _make_engine(self) -> Engine:
        """The engine, with the SQLite connections set up."""
        try:
            if self.file is None:
                return create_engine(self.url, poolclass=NullPool)
            engine = create_engine("sqlite://", creator=self._connect_sqlite, poolclass=NullPool)
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise ValueError(f"no driver for {self.url.drivername} ({error}): install it, or {_CORRECT}") from None
        # sqlite3's own transactions begin too late to be safe: SQLAlchemy's BEGIN is said aloud instead
        event.listen(engine, "begin", _begin)
        return engine

    def _connect_sqlite(self) -> sqlite3.Connection:
        """A connection in WAL condition that waits for other writers and checks foreign keys."""
        assert self.file is not None, "called for SQLite alone"
        if self.file.exists() and not all(os.access(path, os.W_OK) for path in (self.file, self.file.parent)):
            return _connect_to_read(self.file)
        connection = sqlite3.connect(self.file, timeout=self.timeout_s, isolation_level=None)
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def _within(self, begin_with: str, work: Callable[[Connection], _T]) -> _T:
        """`work` in one transaction."""
        engine: Any = self._engine.execution_options(begin_with=begin_with)
        with engine.begin() as connection:
            return work(connection)

    def _patiently(self, attempt: Callable[[], _T]) -> _T:
        """What `attempt` returns, tried again while another writer is the reason that it fails."""
        deadline, pause = time.monotonic() + self.timeout_s, 0.01
        while True:
            try:
                return attempt()
            except (DBAPIError, sqlite3.Error) as error:
                reason = str(getattr(error, "orig", error)).strip().split("\n")[0]
                if any(word in reason.lower() for word in _PASSING) and time.monotonic() < deadline:
                    time.sleep(pause * random.random())
                    pause = min(2 * pause, 0.5)
                    continue
                advice = "".join(f"; {text}" for sign, text in _ADVICE if re.search(sign, reason))
                raise ValueError(f"registry {self}: {reason}{advice}") from error


def _connect_to_read(file: Path) -> sqlite3.Connection:
    """A connection to somebody else's database that makes no file beside it: its owner could not write to ours.

    What was written last may stand in a log, while somebody writes and after a kill; without one SQLite takes the
    database for a file that never changes.
    """
    how = "condition=ro&readonly_shm=1" if file.with_name(f"{file.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True, isolation_level=None)


def _share(file: Path) -> None:
    """Let the umask say who may write to the database: SQLite makes 0644 of it, and its other files after it."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
    except FileExistsError:
        found = file.stat()
        made_by_sqlite = stat.S_IMODE(found.st_mode) == 0o644 and found.st_uid == os.geteuid()
        if made_by_sqlite and (wider := _permitted(file.parent)) is not None:
            for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
                with suppress(OSError):
                    file.with_name(name).chmod(wider)
    except OSError:
        return  # SQLite says why


def _permitted(folder: Path) -> int | None:
    """The condition of a file that the umask gives the group to write to; None where it, or the folder, does not."""
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask if folder.stat().st_mode & stat.S_IWGRP and not umask & stat.S_IWGRP else None


def _begin(connection: Connection) -> None:
    """Open a transaction as the work in it asks for: a writer takes the lock at once."""
    connection.exec_driver_sql(connection.get_execution_options().get("begin_with", "BEGIN"))
