"""What kills leave anywhere below the outputs is shown and removed; what a living process writes is not."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from made_runs import make_run

from syrinx_lab.runs.activity import being_trained
from syrinx_lab.runs.cleaning import clean
from syrinx_lab.runs.command import with_standing
from syrinx_lab.runs.progress import read_progress
from syrinx_lab.runs.registry import Registry

HEADER = b":W&B\x9a\xb8\x00"
PLACES = ("sweeps/q", "sweeps/q/loss=a/decisions", "sweeps/q/loss=a/s0", "sweeps/q/report", "check_data", "data/songs",
          "spectral_rollout-s1-0.001/rungs", "spectral_rollout-s1-0.001/synthesis")  # fmt: skip


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    registry = Registry(tmp_path / "outputs")
    registry.record(make_run(registry.outputs, 1))
    return registry.outputs


@pytest.fixture(scope="module")
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def put(folder: Path, name: str, age_s: float) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if name.endswith(".copy"):
        path.mkdir()
        (path / "clip.wav").write_text("half")
    else:
        path.write_text("half")
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def test_leftovers_of_kills_are_found_wherever_they_lie(
    outputs: Path, dead: int, capsys: pytest.CaptureFixture[str]
) -> None:
    names = (
        f".page.html.{dead}.tmp",
        f".scores.{dead}.tmp.png",
        ".epoch00020.json.0a1b2c3d.tmp",
        ".audio.12345678.copy",
    )
    left = [put(outputs / place, name, 100) for place in PLACES for name in names]
    kept = [
        put(outputs / "sweeps" / "q", f".plan.json.{os.getpid()}.tmp", 5),  # of a process that lives
        put(outputs / "sweeps" / "q", f".young.json.{dead}.tmp", 1),  # the number may be of another machine
        put(outputs / "sweeps" / "q", ".young.json.0a1b2c3d.tmp", 30),
        put(outputs / "sweeps" / "q", ".ahead.json.0a1b2c3d.tmp", -7200),
        put(outputs / "sweeps" / "q", "seed_cv.csv", 1e6),
        put(outputs / "sweeps" / "q", ".mine.tmp", 1e6),  # no name of ours
    ]
    registry = Registry(outputs)
    clean(registry, yes=True)
    printed = capsys.readouterr().out
    for path in left:
        assert f"left by a kill: {path}\n" in printed
        assert not path.exists()
    assert printed.count("left by a kill") == len(left)
    assert f"removed 0 rows, 0 folders and {len(left)} files" in printed
    assert all(path.exists() for path in kept)
    clean(registry, yes=True)
    assert capsys.readouterr().out == "nothing to clean\n"


def test_a_number_that_another_process_has_by_now_says_nothing(outputs: Path) -> None:
    old = put(outputs / "sweeps", f".plan.json.{os.getpid()}.tmp", 1e6)  # older than this process
    clean(Registry(outputs), yes=True)
    assert not old.exists()


def test_what_is_shown_stays_until_a_person_agrees(outputs: Path, dead: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = put(outputs / "sweeps", f".a.{dead}.tmp", 100)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    clean(Registry(outputs))
    assert left.exists()


def test_pieces_of_wandb_runs_that_hold_only_their_header_are_removed(outputs: Path) -> None:
    wandb = outputs / "spectral_rollout-s1-0.001" / "wandb"
    pieces = {}
    for name, content in (
        ("header", b":W&B\x9a\xb8\x00"),
        ("nothing", b""),
        ("record", b":W&B\x9a\xb8\x00" + b"x" * 9),
    ):
        pieces[name] = put(wandb / f"offline-run-20260101_000000-{name}", f"run-{name}.wandb", 100)
        pieces[name].write_bytes(content)
        os.utime(pieces[name], (time.time() - 100,) * 2)
    young = put(wandb / "offline-run-20260101_000000-young", "run-young.wandb", 0)
    young.write_bytes(b"")
    clean(Registry(outputs), yes=True)
    assert sorted(path.name.rpartition("-")[2] for path in wandb.iterdir()) == ["record", "young"]


def test_a_clock_ahead_gives_no_negative_ages(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(outputs, 7, status="running", evaluated=False)
    registry = Registry(outputs)
    key = registry.record(run)
    ahead = time.time() + 3 * 3600 + 20
    os.utime(run.history_path, (ahead, ahead))
    assert being_trained(run) == "its status is running and it last wrote 180 min ahead of this clock"
    row = next(row for row in registry.models() if row["key"] == key)
    assert with_standing(registry, row)["status"] == "running, clock ahead"
    assert read_progress(run).status == "running, its clock is 3 h 00 min ahead"
    os.utime(run.history_path, (time.time() + 30,) * 2)  # as clocks of two machines may differ
    assert being_trained(run) == "its status is running and it last wrote 0 min ago"
    assert read_progress(run).status == "running"
