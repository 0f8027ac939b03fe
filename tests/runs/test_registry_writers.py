"""Many processes write one registry at once, some are killed, and nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from made_runs import make_run

from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.registry import Registry

WRITERS, EACH = 8, 5

HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM models")
print("held", flush=True)
time.sleep(60)
"""


def write(outputs: str, number: int, barrier: multiprocessing.synchronize.Barrier) -> None:
    """Record own runs and, between them, the one that all share."""
    registry = Registry(outputs, timeout_s=60.0)
    barrier.wait()
    for k in range(EACH):
        registry.record(RunDirectory(Path(outputs) / f"run{number}-{k}"))
        registry.record(RunDirectory(Path(outputs) / "shared"))


def write_from_eight_processes(folder: Path) -> None:
    for number in range(WRITERS):
        for k in range(EACH):
            make_run(folder, seed=100 * number + k, name=f"run{number}-{k}", tf_corr=number / 10)
    make_run(folder, seed=9999, name="shared")
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(WRITERS)
    processes = [context.Process(target=write, args=(str(folder), n, barrier)) for n in range(WRITERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    assert [process.exitcode for process in processes] == [0] * WRITERS


def test_eight_processes_lose_nothing_on_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = os.environ.get("SYRINX_TEST_DATABASE")
    if url is None:
        pytest.skip("no server: set SYRINX_TEST_DATABASE to the SQLAlchemy URL of an empty database, as of PostgreSQL")
    monkeypatch.setenv("SYRINX_REGISTRY", url)
    write_from_eight_processes(tmp_path)
    ours = list(Registry(tmp_path).models())
    assert sorted(row["seed"] for row in ours) == sorted(
        [*(100 * n + k for n in range(WRITERS) for k in range(EACH)), 9999]
    )
    assert {row["val"]["tf_corr"] for row in ours if row["seed"] < 9999} == {n / 10 for n in range(WRITERS)}


def test_eight_processes_lose_nothing(tmp_path: Path) -> None:
    write_from_eight_processes(tmp_path)
    registry = Registry(tmp_path)
    rows = {row["seed"]: row for row in registry.models()}
    assert set(rows) == {100 * n + k for n in range(WRITERS) for k in range(EACH)} | {9999}
    assert rows[304]["val"]["tf_corr"] == 0.3
    with sqlite3.connect(tmp_path / "registry.sqlite") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        # 2 on the way, val and test of the selected model; 4 pictures
        for table in ("evaluations", "figures"):
            counts = connection.execute(f"SELECT count(*) FROM {table} GROUP BY model_key").fetchall()
            assert counts == [(4,)] * (WRITERS * EACH + 1)


def test_a_writer_that_is_killed_takes_nothing_with_it_and_holds_nobody_up(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    registry.record(make_run(tmp_path, seed=0))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "registry.sqlite")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
    finally:
        holder.kill()
        holder.wait()
    registry.record(make_run(tmp_path, seed=1))
    assert [row["seed"] for row in sorted(registry.models(), key=lambda row: row["seed"])] == [0, 1]
