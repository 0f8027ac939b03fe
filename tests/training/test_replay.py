"""A kill keeps nothing from the loggers for good: the same command logs what they miss, and ends their runs."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from forks import Forks
from wandb_files import read_pieces

from syrinx_lab.runs.directory import RunDirectory

TINY = ["debug=tiny", "data=folder", "trainer.accelerator=cpu", "n_epochs=2", "run_dir=run", "eval.splits=[]"]
TINY += ["sampler.max_segments=4", "eval.val_count=1", "eval.max_audio=0"]
# the row of an epoch is in the history and its checkpoint on the disk, and no logger has got it
KILLED = """
import os, signal, time
from syrinx_lab.training.checkpoints import Checkpoints
save = Checkpoints.save
def save_and_die(self, trainer, epoch):
    save(self, trainer, epoch)
    if epoch == LAST:
        time.sleep(1.5)  # W&B writes what it has once a second
        os.kill(os.getpid(), signal.SIGKILL)
Checkpoints.save = save_and_die
"""


@pytest.fixture(scope="module")
def forks(offline_forks: Forks) -> Forks:
    """Commands without a W&B key."""
    return offline_forks


def killed(forks: Forks, cwd: Path, song: Path, *overrides: str, after: int) -> RunDirectory:
    """A run whose process dies as soon as the checkpoint of an epoch is there."""
    first = KILLED.replace("LAST", str(after))
    child = forks.start(cwd, "train", *TINY, f"data.root={song}", *overrides, first=first)
    assert forks.end(child) == -signal.SIGKILL, (cwd / "log.txt").read_text()
    return RunDirectory(cwd / "run")


def again(forks: Forks, cwd: Path, song: Path, *overrides: str) -> str:
    """What the same command prints when it is given again."""
    done = forks.completed(cwd, "train", *TINY, f"data.root={song}", *overrides)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_run_that_died_with_its_last_checkpoint_is_ended(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    run = killed(forks, tmp_path, tiny_song, "logger=wandb", after=2)
    (piece,) = read_pieces(run.path)
    assert ([row["epoch"] for row in piece.rows], piece.exit_code) == ([1], None)
    assert run.state()["training"] == {"id": piece.run["run_id"], "after": 0, "to": 2}
    empty = run.wandb_path / "offline-run-20260101_000000-died" / f"run-{piece.run['run_id']}.wandb"
    empty.parent.mkdir()
    empty.write_bytes(b":W&B\x9a\xb8\x00")  # of another attempt, which died as it began
    figure = run.figures_path / "losses.png"
    figure.write_text("of an earlier rung")
    assert "logged    1 epochs that a kill had kept from the logger\n" in again(
        forks, tmp_path, tiny_song, "logger=wandb"
    )
    pieces = read_pieces(run.path)
    assert [[row["epoch"] for row in piece.rows] for piece in pieces] == [[1], [2]]
    assert [piece.exit_code for piece in pieces] == [None, 0]
    assert (pieces[1].run["run_id"], pieces[1].run["resume"]) == (piece.run["run_id"], True)
    expected = run.history.read()[1]
    assert pieces[1].rows[0]["loss/total"] == pytest.approx(expected["loss/total"], rel=1e-6)
    assert pieces[1].rows[0]["val/tf_corr"] == pytest.approx(expected["val/tf_corr"], rel=1e-6)
    assert not empty.parent.exists()
    assert figure.read_text() != "of an earlier rung"
    assert "training" not in run.state()
    assert "kept from the logger" not in again(forks, tmp_path, tiny_song, "logger=wandb")
    assert len(read_pieces(run.path)) == 2


def test_a_run_that_goes_on_logs_what_was_not_written(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logged = {}
    for name in ("killed", "undisturbed"):
        (tmp_path / name).mkdir()
        if name == "killed":
            killed(forks, tmp_path / name, tiny_song, "logger=tensorboard", after=1)
        again(forks, tmp_path / name, tiny_song, "logger=tensorboard")
        events = EventAccumulator(str(tmp_path / name / "run" / "tensorboard")).Reload()
        logged[name] = [(e.step, e.value) for key in ("epoch", "loss/total") for e in events.Scalars(key)]
    assert logged["killed"] == logged["undisturbed"]
    assert [value for _, value in logged["killed"][:2]] == [0.0, 1.0]
