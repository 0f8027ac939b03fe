"""A report on somebody else's sweep, whose folders and locks can only be read."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_sweeps import MadeSweep

from syrinx_lab.reporting.page import write_report
from syrinx_lab.runs.sweep_study import read_sweep


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user of the machine can look into."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another user")
def test_a_report_with_out_writes_into_that_folder_alone(shared: Path) -> None:
    MadeSweep(shared, losses=("mse_accel",), sounds=0).sweep()
    sweep, out = shared / "outputs" / "sweeps" / "question", shared / "out"
    out.mkdir()
    out.chmod(0o777)
    for folder in (sweep, *(run for run in (shared / "outputs").iterdir() if run.name != "sweeps")):
        (folder / ".lock").touch(0o644)
    before = {path: path.stat().st_mtime_ns for path in (shared / "outputs", *(shared / "outputs").rglob("*"))}
    write_report(read_sweep(sweep), shared / "first")  # all is imported by now: Python itself may be root's alone
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgid(65534)
            os.setuid(65534)
            write_report(read_sweep(sweep), out)
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (out / "report.html").stat().st_uid == 65534
    assert {path: path.stat().st_mtime_ns for path in (shared / "outputs", *(shared / "outputs").rglob("*"))} == before
