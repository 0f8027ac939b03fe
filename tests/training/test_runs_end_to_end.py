"""Whole runs on a tiny song: what they write, how they stop, resume, refuse and repeat themselves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch
from forks import Forks

from syrinx_lab.runs.history import History

TINY = ["debug=tiny", "data=folder", "logger=none", "trainer.accelerator=cpu"]


Train = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def train(forks: Forks) -> Train:
    """What `train` says to a root, a working directory and overrides."""
    return lambda root, cwd, *overrides: forks.completed(cwd, "train", *TINY, f"data.root={root}", *overrides)


def process(module: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """As from a terminal; one thread, as in the forks, because sums round by their number."""
    environment = {k: v for k, v in os.environ.items() if k != "SYRINX_TRACEBACK"} | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"syrinx_lab.{module}", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, timeout=300)


def wait_for(file: Path) -> None:
    limit = time.monotonic() + 120
    while not file.exists():
        assert time.monotonic() < limit, f"there is still no {file}"
        time.sleep(0.01)


def weights(run: Path, epoch: int) -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints" / f"epoch{epoch:05d}.ckpt", weights_only=True)["state_dict"]


@pytest.fixture(scope="module")
def finished(tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cwd = tmp_path_factory.mktemp("work")
    done = process("train", *TINY, f"data.root={tiny_song}", "run_dir=run", "optim=adam_cosine", cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert "epoch 2/2" in done.stdout
    assert "cold-start scores" in done.stdout
    return cwd / "run"


def test_a_run_leaves_what_it_promises(finished: Path) -> None:
    manifest = json.loads((finished / "selected_model.json").read_text())
    for split in ("val", "test"):
        for which in ("raw", "rescaled"):
            scores = manifest["scores"][split][which]
            assert {"tf_corr", "autonomy", "spec_corr", "bounded_frac", "ignition_rate", "oscillator_share"} <= set(
                scores
            )
        assert manifest["scores"][split]["count"] == 2
        assert len(manifest["scores"][split]["per_vocalisation"]) == 2
    assert 0.5 < manifest["anchors"]["rendition"]["tf_corr"] <= 1.0
    assert manifest["epoch"] == 2
    assert manifest["config"]["loss"]["name"] == "spectral_rollout"
    assert manifest["versions"]["torch"].startswith(torch.__version__.split("+")[0])
    triples = sorted((finished / "audio").glob("test-000-*.wav"))
    assert [t.stem.split("-")[-1] for t in triples] == ["raw", "rescaled", "target"]
    audio = [sf.read(t) for t in triples]
    assert {(len(x), rate) for x, rate in audio} == {(len(audio[0][0]), 44100)}
    assert {sf.info(t).subtype for t in triples} == {"FLOAT"}
    raw, rescaled, target = (x for x, _ in audio)
    if raw.std() > 1e-9:
        assert np.sqrt((rescaled**2).mean()) == pytest.approx(np.sqrt((target**2).mean()), rel=1e-3)
    for figure in ("losses", "test-spectrograms", "test-000-a-comparison", "test-000-a-drives"):
        assert (finished / "figures" / f"{figure}.png").stat().st_size > 5000


def test_history_has_the_logged_names(finished: Path) -> None:
    rows = [json.loads(line) for line in (finished / "history.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2]
    for name in (
        "loss/total",
        "loss/spec",
        "loss/accel",
        "loss/nan_skip",
        "train/horizon",
        "train/lam_spec",
        "train/lr",
    ):
        assert name in rows[-1]
    assert rows[0]["train/lam_spec"] == 0.0
    assert rows[1]["train/lam_spec"] == pytest.approx(0.2)
    assert rows[1]["train/lr"] < rows[0]["train/lr"] == pytest.approx(1e-3)
    assert {"val/tf_corr", "val/autonomy", "val/rescaled_autonomy", "val/accel_r2"} <= set(rows[-1])


def test_the_same_command_again_does_nothing(train: Train, finished: Path, tiny_song: Path) -> None:
    before = (finished / "checkpoints" / "epoch00002.ckpt").stat().st_mtime_ns
    done = train(tiny_song, finished.parent, "run_dir=run", "optim=adam_cosine")
    assert done.returncode == 0, done.stderr
    assert "already trained" in done.stdout
    assert (finished / "checkpoints" / "epoch00002.ckpt").stat().st_mtime_ns == before


def test_resumed_equals_uninterrupted_bit_for_bit(train: Train, finished: Path, tiny_song: Path) -> None:
    cwd = finished.parent
    first = train(tiny_song, cwd, "run_dir=split", "optim=adam_cosine", "trainer.max_epochs=1")
    assert first.returncode == 0, first.stderr
    second = train(tiny_song, cwd, "run_dir=split", "optim=adam_cosine")
    assert second.returncode == 0, second.stderr
    assert "going on after epoch 1 of 2" in second.stdout
    straight, resumed = weights(finished, 2), weights(cwd / "split", 2)
    assert straight.keys() == resumed.keys()
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)
    assert any(not torch.equal(straight[n], weights(finished, 1)[n]) for n in straight), "training moves weights"
    rows, straight_rows = (History(run / "history.jsonl").read() for run in (cwd / "split", finished))
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[-1]["loss/total"] == straight_rows[-1]["loss/total"]


def test_number_of_workers_changes_nothing(train: Train, finished: Path, tiny_song: Path) -> None:
    done = train(tiny_song, finished.parent, "run_dir=workers", "optim=adam_cosine", "data.num_workers=2", "n_epochs=2")
    assert done.returncode == 0, done.stderr
    a, b = weights(finished, 2), weights(finished.parent / "workers", 2)
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_killed_while_training_then_resumed(train: Train, forks: Forks, finished: Path, tiny_song: Path) -> None:
    cwd = finished.parent
    child = forks.start(cwd, "train", *TINY, f"data.root={tiny_song}", "run_dir=killed", "optim=adam_cosine")
    wait_for(cwd / "killed" / "checkpoints" / "epoch00001.ckpt")
    os.kill(child, signal.SIGKILL)
    assert forks.end(child) == -signal.SIGKILL
    done = train(tiny_song, cwd, "run_dir=killed", "optim=adam_cosine")
    assert done.returncode == 0, done.stderr
    a, b = weights(finished, 2), weights(cwd / "killed", 2)
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_interrupted_is_said_and_noted(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    arguments = [*TINY, f"data.root={tiny_song}", "run_dir=stopped", "n_epochs=500"]
    child = forks.start(tmp_path, "train", *arguments, err="err.txt")
    wait_for(tmp_path / "stopped" / "checkpoints" / "epoch00001.ckpt")
    os.kill(child, signal.SIGINT)
    assert forks.end(child) == 130
    said = (tmp_path / "err.txt").read_text()
    assert said.startswith("interrupted: ")
    assert said.count("\n") == 1
    assert json.loads((tmp_path / "stopped" / "state.json").read_text())["status"] == "interrupted"


def test_another_configuration_is_refused(train: Train, finished: Path, tiny_song: Path) -> None:
    before = sorted(p.name for p in finished.rglob("*"))
    done = train(tiny_song, finished.parent, "run_dir=run", "optim=adam_cosine", "loss.terms.spec.weight=0.5")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "loss.terms.spec.weight" in done.stderr
    forced = train(
        tiny_song, finished.parent, "run_dir=run", "optim=adam_cosine", "loss.terms.spec.weight=0.5", "force=true"
    )
    assert forced.returncode == 1
    assert sorted(p.name for p in finished.rglob("*")) == before, "force does not take another run's folder either"


def test_evaluate_scores_a_split_again(finished: Path) -> None:
    before = json.loads((finished / "selected_model.json").read_text())
    done = process("evaluate", "run=run", "split=test", cwd=finished.parent)
    assert done.returncode == 0, done.stderr
    after = json.loads((finished / "selected_model.json").read_text())
    assert after["scores"] == before["scores"], "the cold starts are seeded, so the scores repeat"
    assert "tf_corr" in done.stdout


@pytest.fixture(scope="module")
def begun(train: Train, finished: Path, tiny_song: Path) -> Path:
    """A run by accelerations alone that begins with the finished one's weights, and keeps them."""
    frozen = ["optim.optimizer.lr=1e-30", "n_epochs=1", "run_dir=from", f"init_from={finished}"]
    done = train(tiny_song, finished.parent, "loss=mse_accel", *frozen)
    assert done.returncode == 0, done.stderr
    return finished.parent / "from"


def test_init_from_starts_with_another_runs_weights(finished: Path, begun: Path) -> None:
    start, there = weights(begun, 1), weights(finished, 2)
    assert all(torch.equal(start[n], there[n]) for n in start if n.startswith("model."))
    state, manifest = (json.loads((begun / n).read_text()) for n in ("state.json", "selected_model.json"))
    assert manifest["key"] == state["key"], "the first weights are part of the identity"
    assert "init_weights" in manifest["config"]


def test_mse_accel_needs_no_rollout(begun: Path) -> None:
    rows = (begun / "history.jsonl").read_text().splitlines()
    row = json.loads(rows[-1])
    assert row["train/horizon"] == 0
    assert "loss/spec" not in row


def test_keep_prunes_old_checkpoints(train: Train, tiny_song: Path, tmp_path: Path) -> None:
    done = train(tiny_song, tmp_path, "run_dir=kept", "trainer.keep_checkpoints=1", "n_epochs=2")
    assert done.returncode == 0, done.stderr
    assert [p.name for p in (tmp_path / "kept" / "checkpoints").iterdir()] == ["epoch00002.ckpt"]
