"""Whole runs on a tiny song: what they write, how they stop, resume, refuse and repeat themselves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch

from syrinx_lab.runs.history import History

TINY = ["debug=tiny", "data=folder", "logger=none", "trainer.accelerator=cpu"]


def launch(module: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "SYRINX_TRACEBACK"}
    command = [sys.executable, "-m", f"syrinx_lab.{module}", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, timeout=300)


def train(root: Path, cwd: Path, *overrides: str) -> subprocess.CompletedProcess[str]:
    return launch("train", *TINY, f"data.root={root}", *overrides, cwd=cwd)


def weights(run: Path, epoch: int) -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints" / f"epoch{epoch:05d}.ckpt", weights_only=True)["state_dict"]


@pytest.fixture(scope="module")
def finished(tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cwd = tmp_path_factory.mktemp("work")
    done = train(tiny_song, cwd, "run_dir=run", "optim=adam_cosine")
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
    for name in ("loss/total", "loss/spec", "loss/tf", "loss/nan_skip", "train/horizon", "train/lam_spec", "train/lr"):
        assert name in rows[-1]
    assert rows[0]["train/lam_spec"] == 0.0
    assert rows[1]["train/lam_spec"] == pytest.approx(0.2)
    assert rows[1]["train/lr"] < rows[0]["train/lr"] == pytest.approx(1e-3)
    assert {"val/tf_corr", "val/autonomy", "val/rescaled_autonomy", "val/accel_r2"} <= set(rows[-1])


def test_the_same_command_again_does_nothing(finished: Path, tiny_song: Path) -> None:
    before = (finished / "checkpoints" / "epoch00002.ckpt").stat().st_mtime_ns
    done = train(tiny_song, finished.parent, "run_dir=run", "optim=adam_cosine")
    assert done.returncode == 0, done.stderr
    assert "already trained" in done.stdout
    assert (finished / "checkpoints" / "epoch00002.ckpt").stat().st_mtime_ns == before


def test_resumed_equals_uninterrupted_bit_for_bit(finished: Path, tiny_song: Path) -> None:
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


def test_number_of_workers_changes_nothing(finished: Path, tiny_song: Path) -> None:
    done = train(tiny_song, finished.parent, "run_dir=workers", "optim=adam_cosine", "data.num_workers=2", "n_epochs=2")
    assert done.returncode == 0, done.stderr
    a, b = weights(finished, 2), weights(finished.parent / "workers", 2)
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_killed_while_training_then_resumed(finished: Path, tiny_song: Path) -> None:
    cwd = finished.parent
    arguments = [*TINY, f"data.root={tiny_song}", "run_dir=killed", "optim=adam_cosine"]
    process = subprocess.Popen(
        [sys.executable, "-m", "syrinx_lab.train", *arguments], cwd=cwd, stdout=subprocess.DEVNULL
    )
    first = cwd / "killed" / "checkpoints" / "epoch00001.ckpt"
    while not first.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = train(tiny_song, cwd, "run_dir=killed", "optim=adam_cosine")
    assert done.returncode == 0, done.stderr
    a, b = weights(finished, 2), weights(cwd / "killed", 2)
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_interrupted_is_said_and_noted(finished: Path, tiny_song: Path) -> None:
    cwd = finished.parent
    command = [
        sys.executable,
        "-m",
        "syrinx_lab.train",
        *TINY,
        f"data.root={tiny_song}",
        "run_dir=stopped",
        "n_epochs=500",
    ]
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job would ignore it
    )
    first = cwd / "stopped" / "checkpoints" / "epoch00001.ckpt"
    while not first.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.startswith("interrupted: ")
    assert said.count("\n") == 1
    assert json.loads((cwd / "stopped" / "state.json").read_text())["status"] == "interrupted"


def test_another_configuration_is_refused(finished: Path, tiny_song: Path) -> None:
    before = sorted(p.name for p in finished.rglob("*"))
    done = train(tiny_song, finished.parent, "run_dir=run", "optim=adam_cosine", "loss.lam_spec=0.5")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "loss.lam_spec" in done.stderr
    forced = train(tiny_song, finished.parent, "run_dir=run", "optim=adam_cosine", "loss.lam_spec=0.5", "force=true")
    assert forced.returncode == 1
    assert sorted(p.name for p in finished.rglob("*")) == before, "force does not take another run's folder either"


def test_evaluate_scores_a_split_again(finished: Path) -> None:
    before = json.loads((finished / "selected_model.json").read_text())
    done = launch("evaluate", "run=run", "split=test", cwd=finished.parent)
    assert done.returncode == 0, done.stderr
    after = json.loads((finished / "selected_model.json").read_text())
    assert after["scores"] == before["scores"], "the cold starts are seeded, so the scores repeat"
    assert "tf_corr" in done.stdout


def test_init_from_starts_with_another_runs_weights(finished: Path, tiny_song: Path) -> None:
    frozen = ["optim.optimizer.lr=0.0", "n_epochs=1", "run_dir=from", f"init_from={finished}"]
    done = train(tiny_song, finished.parent, "loss=mse_accel", *frozen)
    assert done.returncode == 0, done.stderr
    start, there = weights(finished.parent / "from", 1), weights(finished, 2)
    assert all(torch.equal(start[n], there[n]) for n in start if n.startswith("model."))
    state, manifest = (
        json.loads((finished.parent / "from" / n).read_text()) for n in ("state.json", "selected_model.json")
    )
    assert manifest["key"] == state["key"], "the first weights are part of the identity"
    assert "init_weights" in manifest["config"]


def test_mse_accel_needs_no_rollout(finished: Path, tiny_song: Path) -> None:
    rows = (finished.parent / "from" / "history.jsonl").read_text().splitlines()
    row = json.loads(rows[-1])
    assert row["train/horizon"] == 0
    assert "loss/spec" not in row


def test_keep_prunes_old_checkpoints(tiny_song: Path, tmp_path: Path) -> None:
    done = train(tiny_song, tmp_path, "run_dir=kept", "callbacks.checkpoints.keep=1", "n_epochs=2")
    assert done.returncode == 0, done.stderr
    assert [p.name for p in (tmp_path / "kept" / "checkpoints").iterdir()] == ["epoch00002.ckpt"]
