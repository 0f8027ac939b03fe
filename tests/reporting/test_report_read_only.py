"""A report on somebody else's sweep, whose folders and locks can only be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from another_user import as_another_user
from made_sweeps import MadeSweep

from syrinx_lab.reporting.page import write_report
from syrinx_lab.runs.sweep_study import read_sweep


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
    assert as_another_user(lambda: write_report(read_sweep(sweep), out)) == str(out / "report.html")
    assert (out / "report.html").stat().st_uid == 65534
    assert {path: path.stat().st_mtime_ns for path in (shared / "outputs", *(shared / "outputs").rglob("*"))} == before
