"""The registry: one row a model, made of the run folders and always to be made again from them."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from .directory import RunDirectory
from .registry_database import FILE_NAME, Database, registry_url
from .registry_record import SELECTED, RunRecord, read_record, utc
from .registry_tables import EVALUATIONS, FIGURES, MODELS

Row = dict[str, Any]


class Registry:
    """What is known of all models, in a database.

    outputs    the folder below which runs lie
    url        see `registry_url`
    timeout_s  how long to wait for other writers

    Nothing is written before the first `record`. Any number of processes may use one registry at once.
    """

    def __init__(self, outputs: str | Path = "outputs", url: str | None = None, timeout_s: float = 30.0) -> None:
        self.outputs = Path(outputs)
        self.database = Database(registry_url(outputs, url), timeout_s)
        file = self.database.file
        own = file is not None and file.name == FILE_NAME and file.parent.resolve() == self.outputs.resolve()
        self._outputs_named = None if own else str(self.outputs.resolve())

    def record(self, run: RunDirectory) -> str:
        """Write what the folder of `run` holds over what was known of its model; returns the model's key.

        The folder is read within the transaction: of two processes that record one run, the later saw all. Where two
        folders hold one model, the row names the one with test scores, else with more epochs, else the first by name.
        Raises ValueError with one line when the folder is no run, a file in it is broken, or the database refuses.
        """

        def work(connection: Connection) -> str:
            found = read_record(run)
            return self._upsert(connection, run, found)

        return self.database.write(work)

    def models(self) -> list[Row]:
        """All rows of the table models, by key."""
        return self._read(select(MODELS).order_by(MODELS.c.key))

    def evaluations(self, key: str) -> list[Row]:
        """What the model `key` scored, in the order of epochs."""
        table = EVALUATIONS
        return self._read(select(table).where(table.c.model_key == key).order_by(table.c.epoch, table.c.id))

    def figures(self, key: str) -> list[Row]:
        """What was drawn of the model `key`."""
        return self._read(select(FIGURES).where(FIGURES.c.model_key == key).order_by(FIGURES.c.path))

    def forget(self, keys: Iterable[str]) -> None:
        """Remove the rows of the models `keys`, with their evaluations and figures; no file is touched."""
        doomed = list(keys)

        def work(connection: Connection) -> None:
            for table, column in ((FIGURES, FIGURES.c.model_key), (EVALUATIONS, EVALUATIONS.c.model_key)):
                connection.execute(delete(table).where(column.in_(doomed)))
            connection.execute(delete(MODELS).where(MODELS.c.key.in_(doomed)))

        self.database.write(work)

    def scan(self) -> tuple[list[str], list[str]]:
        """Record every run below `outputs`; returns the keys, and one line for every folder that cannot be read."""
        keys, faults = [], []
        closed: list[OSError] = []
        for run in run_folders(self.outputs, closed.append):
            try:
                read_record(run)
            except (ValueError, OSError, KeyError, TypeError) as error:
                faults.append(f"{run.path}: {error!s}")
                continue
            keys.append(self.record(run))
        return keys, faults + [f"{error.filename}: {error.strerror}" for error in closed]

    def folder(self, row: Row) -> Path | None:
        """Where the model of `row` lies; None when it lies below the outputs of somebody else."""
        path = Path(row["path"])
        if path.is_absolute():
            return path
        return self.outputs / path if row["outputs"] == self._outputs_named else None

    def _read(self, query: Any) -> list[Row]:
        """The rows of a query."""
        return self.database.read(lambda connection: [dict(row) for row in connection.execute(query).mappings()])

    def _place(self, run: RunDirectory) -> Row:
        """The columns that say where `run` lies."""
        path, outputs = run.path.resolve(), self.outputs.resolve()
        if path.is_relative_to(outputs):
            return {"path": path.relative_to(outputs).as_posix(), "outputs": self._outputs_named}
        return {"path": str(path), "outputs": None}

    def _upsert(self, connection: Connection, run: RunDirectory, found: RunRecord) -> str:
        """Put the rows of one run in the place of those that are there."""
        key = found.model["key"]
        new = {**found.model, **self._place(run), "recorded_at": utc(time.time())}
        query = select(MODELS).where(MODELS.c.key == key).with_for_update()
        old = connection.execute(query).mappings().one_or_none()
        if old is not None and not self._takes_over(dict(old), new):
            return key
        if old is None:
            connection.execute(insert(MODELS).values(new))
        else:
            connection.execute(update(MODELS).where(MODELS.c.key == key).values(new))
        for table in (FIGURES, EVALUATIONS):
            connection.execute(delete(table).where(table.c.model_key == key))
        ids = {}
        for evaluation in found.evaluations:
            done = connection.execute(insert(EVALUATIONS).values(model_key=key, **evaluation))
            assert done.inserted_primary_key is not None, "an insert of one row returns its id"
            if evaluation["source"] == SELECTED:
                ids[evaluation["split"]] = done.inserted_primary_key[0]
        if found.figures:
            rows = [{**figure, "model_key": key, "evaluation_id": ids.get(figure["split"])} for figure in found.figures]
            connection.execute(insert(FIGURES), rows)
        return key

    def _takes_over(self, old: Row, new: Row) -> bool:
        """Whether the folder of `new` is to stand in the row: it does already, or it is the better of two copies."""
        if (old["path"], old["outputs"]) == (new["path"], new["outputs"]):
            return True
        there = self.folder(old)
        if there is not None and not RunDirectory(there).state_path.is_file():
            return True
        return _worth(new) < _worth(old)


def record_quietly(run: RunDirectory, outputs: str | Path, url: str | None = None, timeout_s: float = 15.0) -> None:
    """Record `run`, and warn in one line where that fails: no training ends for the sake of its registry.

    outputs  the folder below which runs lie. A run that lies elsewhere, below a folder with a registry of its own, is
             recorded there: it may be evaluated from any working directory
    """
    try:
        Registry(_home(run, Path(outputs)), url, timeout_s).record(run)
    except Exception as error:  # whatever a database's driver can think of
        text = " ".join(str(error).split()) or type(error).__name__
        warnings.warn(f"not in the registry: {text}; later: python -m syrinx_lab.runs scan", stacklevel=2)


@contextmanager
def recorded(run: RunDirectory, outputs: str | Path, url: str | None = None) -> Iterator[None]:
    """Record `run`, as `record_quietly` does it, when the block ends, in whatever way it ends."""
    try:
        yield
    finally:
        if run.state_path.exists():  # else nothing was begun
            record_quietly(run, outputs, url)


def run_folders(outputs: str | Path, closed: Callable[[OSError], object] | None = None) -> Iterator[RunDirectory]:
    """The run folders below `outputs`, by name; links to folders are not followed, and a run holds no other run.

    closed  takes the error of a folder that cannot be looked into; None warns
    """
    for folder, below, files in os.walk(outputs, onerror=closed or _warn):
        if "config.yaml" in files and "state.json" in files:
            below.clear()
            yield RunDirectory(folder)
        below[:] = sorted(name for name in below if not name.startswith("."))


def _warn(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # removed meanwhile
        warnings.warn(f"{error.filename} is left out: {error.strerror}", stacklevel=2)


def _home(run: RunDirectory, outputs: Path) -> Path:
    """The outputs folder whose registry is to know `run`."""
    folder = run.path.resolve()
    if folder.is_relative_to(outputs.resolve()):
        return outputs
    return next((parent for parent in folder.parents if (parent / FILE_NAME).is_file()), outputs)


def _worth(row: Row) -> tuple[Any, ...]:
    """Sort key of two folders of one model: smaller is better."""
    return not row["test"], -row["epochs"], row["path"], row["outputs"] or ""
