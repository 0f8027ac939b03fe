"""Whole sweeps on a tiny song: what they leave, and that no kill changes it."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import soundfile as sf
import torch
from forks import Forks

from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.lock import folder_lock

SMALL = [
    *("debug=tiny", "data=folder", "logger=none", "trainer.accelerator=cpu", "n_epochs=3", "sweep_name=question"),
    *("sampler.max_segments=4", "eval.val_count=1", "eval.test_count=1", "eval.max_audio=1"),
]
COMPARED = ["seed=range(3)", "loss=mse_accel,spectral_rollout", "search.cull_frac=0.3", "search.cull_keep=1"]
KILLS = 20


def sweep(forks: Forks, cwd: Path, song: Path, *arguments: str) -> int:
    return forks.run(cwd, "train", "-m", *SMALL, f"data.root={song}", *arguments)


def said(cwd: Path) -> str:
    """What the commands in a folder have printed."""
    return (cwd / "log.txt").read_text()


def table(cwd: Path, name: str = "question") -> list[dict[str, str]]:
    with open(cwd / "outputs" / "sweeps" / name / "seed_cv.csv", newline="") as file:
        return [{key: value for key, value in row.items() if key != "wall_s"} for row in csv.DictReader(file)]


def selected(folder: Path) -> dict[str, Any]:
    manifest = json.loads((folder / "selected_model.json").read_text())
    return {key: value for key, value in manifest.items() if key != "created_at"}


def weights(run: Path, epoch: int) -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints" / f"epoch{epoch:05d}.ckpt", weights_only=True)["state_dict"]


@pytest.fixture(scope="module")
def undisturbed(forks: Forks, tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cwd = tmp_path_factory.mktemp("undisturbed")
    assert sweep(forks, cwd, tiny_song, *COMPARED) == 0, said(cwd)
    return cwd


def test_a_sweep_leaves_what_it_promises(undisturbed: Path) -> None:
    folder = undisturbed / "outputs" / "sweeps" / "question"
    rows = table(undisturbed)
    assert [(row["condition"], row["epochs"], row["seed"]) for row in rows[:3]] == [
        ("loss=mse_accel", "1", seed) for seed in "012"
    ]
    assert len(rows) == 8
    assert {row["status"] for row in rows} == {"trained"}
    for loss in ("mse_accel", "spectral_rollout"):
        own = [row for row in rows if row["condition"] == f"loss={loss}"]
        first = sorted((row for row in own if row["epochs"] == "1"), key=lambda row: int(row["rank"]))
        scores = [(float(row["val/bounded_frac"]) >= 0.9, float(row["val/tf_corr"])) for row in first]
        assert scores == sorted(scores, reverse=True)
        assert [row["culled_at"] for row in first] == ["", "1", "1"]
        assert [row["seed"] for row in own if row["epochs"] == "3"] == [first[0]["seed"]]
        manifest = selected(folder / f"loss={loss}")
        assert (manifest["seed"], manifest["epoch"]) == (int(first[0]["seed"]), 3)
        assert set(manifest["scores"]) == {"val", "test"}
        last = next(row for row in own if row["epochs"] == "3")
        assert manifest["scores"]["val"]["raw"]["tf_corr"] == float(last["val/tf_corr"])
        assert (folder / f"loss={loss}" / manifest["run"]).resolve().name == last["run"]
        assert len(list((folder / f"loss={loss}" / "audio").glob("test-*.wav"))) == 3
        assert list((folder / f"loss={loss}" / "figures").glob("test-*-comparison.png"))
    losers = {row["run"] for row in rows if row["culled_at"]}
    assert len(losers) == 4
    for run in losers:
        assert not (undisturbed / "outputs" / run / "selected_model.json").exists(), (
            "test is read for the selected alone"
        )
        assert json.loads((undisturbed / "outputs" / run / "state.json").read_text())["status"] == "paused"
    best = selected(folder)
    finals = [row for row in rows if row["epochs"] == "3"]
    assert best["scores"]["val"]["raw"]["tf_corr"] == max(float(row["val/tf_corr"]) for row in finals)


def test_culled_and_resumed_ends_with_the_weights_of_one_trained_straight(
    forks: Forks, undisturbed: Path, tiny_song: Path, tmp_path: Path
) -> None:
    rows = table(undisturbed)
    last = next(row for row in rows if row["epochs"] == "3" and row["condition"] == "loss=spectral_rollout")
    assert "going on after epoch 1 of 3" in said(undisturbed)
    assert forks.run(tmp_path, "train", *SMALL, f"data.root={tiny_song}", f"seed={last['seed']}") == 0, said(tmp_path)
    straight, resumed = (weights(cwd / "outputs" / last["run"], 3) for cwd in (tmp_path, undisturbed))
    assert straight.keys() == resumed.keys()
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)


def test_the_same_command_again_repeats_nothing(forks: Forks, undisturbed: Path, tiny_song: Path) -> None:
    def times() -> dict[Path, int]:
        files = (undisturbed / "outputs").rglob("*")
        return {path: path.stat().st_mtime_ns for path in files if path.is_file() and path.suffix != ".csv"}

    before, rows = times(), table(undisturbed)
    assert sweep(forks, undisturbed, tiny_song, *COMPARED) == 0
    assert times() == before
    assert table(undisturbed) == rows


def test_another_configuration_is_refused_and_named(forks: Forks, undisturbed: Path, tiny_song: Path) -> None:
    before = len(said(undisturbed))
    assert sweep(forks, undisturbed, tiny_song, *COMPARED, "loss.terms.accel.weight=2") == 1
    message = said(undisturbed)[before:].splitlines()[-1]
    assert message.startswith("error: ")
    assert "loss.terms.accel.weight (there 1, now 2)" in message


def test_evaluate_finds_the_selection(forks: Forks, undisturbed: Path, tmp_path: Path) -> None:
    folder = undisturbed / "outputs" / "sweeps" / "question"
    before = len(said(undisturbed))
    assert forks.run(undisturbed, "evaluate", f"run={folder}", "split=val") == 0, said(undisturbed)
    assert (folder / selected(folder)["run"]).resolve().name in said(undisturbed)[before:]


def test_moved_outputs_and_recordings_go_on_and_changed_ones_do_not(
    forks: Forks, undisturbed: Path, tiny_song: Path, tmp_path: Path
) -> None:
    shutil.copytree(undisturbed / "outputs", tmp_path / "results" / "outputs")
    song = Path(shutil.copytree(tiny_song, tmp_path / "song"))
    place = f"paths.outputs={tmp_path / 'results' / 'outputs'}"
    folder = tmp_path / "results" / "outputs" / "sweeps" / "question"
    before = {path: path.stat().st_mtime_ns for path in folder.parents[1].glob("*-s*/checkpoints/*")}
    assert sweep(forks, tmp_path, song, place, *COMPARED) == 0, said(tmp_path)
    assert selected(folder) == selected(undisturbed / "outputs" / "sweeps" / "question")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert forks.run(tmp_path, "evaluate", f"run={folder}", "split=val", f"data_root={song}") == 0, said(tmp_path)
    annotation = song / "song0.txt"
    annotation.write_text("".join(annotation.read_text().splitlines(keepends=True)[:-1]))
    shutil.move(song, tmp_path / "other")
    assert sweep(forks, tmp_path, tmp_path / "other", place, *COMPARED) == 1
    assert "holds another sweep: data_fingerprint (there " in said(tmp_path).splitlines()[-1]


def test_recordings_that_change_between_two_rungs_are_not_mixed(
    forks: Forks, undisturbed: Path, tiny_song: Path, tmp_path: Path
) -> None:
    """As after a kill in the second rung, and with a folder that has grown since."""
    shutil.copytree(undisturbed / "outputs", tmp_path / "outputs")
    folder = tmp_path / "outputs" / "sweeps" / "question"
    song = Path(shutil.copytree(tiny_song, tmp_path / "song"))
    plan = json.loads((folder / "plan.json").read_text())
    for condition in plan["conditions"].values():
        condition["config"]["data"]["root"] = str(song)  # as it was begun
    (folder / "plan.json").write_text(json.dumps(plan))
    for path in (*folder.glob("*/decisions/epoch00003.json"), *folder.glob("*/s*/epoch00003.json"),
                 *folder.glob("*/s*/selected.json"), *folder.glob("**/selected_model.json")):  # fmt: skip
        path.unlink()
    samples, rate = sf.read(song / "song0.wav", dtype="float32")
    sf.write(song / "new.wav", samples[::-1], rate, subtype="FLOAT")
    shutil.copy(song / "song0.txt", song / "new.txt")
    runs = sorted(path.name for path in (tmp_path / "outputs").iterdir())
    assert sweep(forks, tmp_path, song, *COMPARED) == 1
    assert "the recordings changed while the sweep ran: data_fingerprint was " in said(tmp_path)
    assert sorted(path.name for path in (tmp_path / "outputs").iterdir()) == runs, "nothing was trained on the others"


def test_a_ranked_checkpoint_that_was_removed_is_trained_again(
    forks: Forks, undisturbed: Path, tiny_song: Path, tmp_path: Path
) -> None:
    """The best of the winner is evaluated, not the best of those that are left."""
    shutil.copytree(undisturbed / "outputs", tmp_path / "outputs")
    folder = tmp_path / "outputs" / "sweeps" / "question"
    name, job = "loss=spectral_rollout", next(folder.glob("loss=spectral_rollout/s*/selected.json"))
    expected, ranked = selected(folder / name), json.loads((job.parent / "epoch00003.json").read_text())
    run = tmp_path / "outputs" / ranked["run"]
    before = weights(run, 3)
    for path in (
        *folder.glob("**/selected_model.json"),
        run / "selected_model.json",
        run / ranked["score"]["checkpoint"],
        job,
    ):
        path.unlink()
    assert sweep(forks, tmp_path, tiny_song, *COMPARED) == 0, said(tmp_path)
    assert "the checkpoint after epoch 3 is gone: training it again" in said(tmp_path)
    assert selected(folder / name) == expected
    assert all(torch.equal(before[key], value) for key, value in weights(run, 3).items())
    assert json.loads((run / "state.json").read_text())["status"] == "finished"
    rows = [{**row, "seconds": 0} for row in RunDirectory(run).history.read()]
    shutil.rmtree(run)
    assert sweep(forks, tmp_path, tiny_song, *COMPARED) == 0, said(tmp_path)
    assert selected(folder / name) == expected
    assert all(torch.equal(before[key], value) for key, value in weights(run, 3).items())
    assert [{**row, "seconds": 0} for row in RunDirectory(run).history.read()] == rows


def test_a_sweep_over_labels_has_a_model_for_each(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    arguments = ["data.label=[a],[b]", "seed=0,1", "loss=mse_accel", "n_epochs=1"]
    assert sweep(forks, tmp_path, tiny_song, *arguments) == 0, said(tmp_path)
    folder = tmp_path / "outputs" / "sweeps" / "question"
    found = json.loads((folder / "selected_models.json").read_text())
    assert len(found["selected"]) == 2
    assert not (folder / "selected_model.json").exists()
    lines = said(tmp_path).splitlines()
    assert sum(line.startswith("selected  data.label=") for line in lines) == 2
    one = folder / found["selected"][0]["condition"]
    assert {clip["label"] for clip in selected(one)["scores"]["val"]["per_vocalisation"]} == {"a"}
    assert forks.run(tmp_path, "evaluate", f"run={folder}", "split=val") == 1
    assert "no best model of all" in said(tmp_path).splitlines()[-1]
    assert forks.run(tmp_path, "evaluate", f'run="{one}"', "split=val") == 0, said(tmp_path)


def test_a_model_that_exists_is_shared_even_beyond_the_rung(
    forks: Forks, undisturbed: Path, tiny_song: Path, tmp_path: Path
) -> None:
    """Seed 0 was trained by itself, and holds no checkpoint where the sweep compares: its past is found again."""
    before = ["seed=0", "loss=mse_accel", "trainer.save_every=3", "callbacks.evaluation.eval_every=0"]
    assert forks.run(tmp_path, "train", *SMALL, f"data.root={tiny_song}", *before) == 0, said(tmp_path)
    history = next((tmp_path / "outputs").glob("*-s0-*/history.jsonl"))
    text = history.read_text()
    assert sweep(forks, tmp_path, tiny_song, *COMPARED[:1], "loss=mse_accel", *COMPARED[2:]) == 0, said(tmp_path)
    assert history.read_text() == text, "the run's own history is left alone"
    expected = [row for row in table(undisturbed) if row["condition"] == "loss=mse_accel"]
    assert table(tmp_path) == [{**row, "condition": ""} for row in expected]


def test_a_failed_seed_is_a_status_with_its_reason(
    forks: Forks, undisturbed: Path, tiny_song: Path, tmp_path: Path
) -> None:
    run = next(row["run"] for row in table(undisturbed) if row["condition"] == "loss=mse_accel" and row["rank"] == "1")
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / run).write_text("no folder")
    assert sweep(forks, tmp_path, tiny_song, "seed=0,1,2", "loss=mse_accel", *COMPARED[2:]) == 0, said(tmp_path)
    last = max(table(tmp_path), key=lambda row: (row["epochs"], row["rank"]))
    failed = [row for row in table(tmp_path) if row["status"] == "failed"]
    assert [(row["rank"], row["epochs"], row["culled_at"]) for row in failed] == [("3", "1", "1")]
    assert run in failed[0]["reason"]
    assert last["status"] == "trained"
    assert selected(tmp_path / "outputs" / "sweeps" / "question")["seed"] == int(last["seed"])


def test_no_surviving_seed_ends_with_the_reasons(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    assert sweep(forks, tmp_path, tiny_song, "seed=0,1", "horizon.max=100000") == 1
    lines = said(tmp_path).splitlines()
    reasons = [line for line in lines if line.startswith(("  1.  seed 0  failed", "  2.  seed 1  failed"))]
    assert len(reasons) == 2
    assert all("100000" in line for line in reasons)
    assert lines[-1].startswith("error: no seed came through")


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("search=all,halving", "search cannot be swept"),
        ("hydra.sweep.dir=a,b", "Sweeping over Hydra's configuration is not supported"),
        ("run_dir=here", "run_dir would put all jobs into one folder"),
        ("+trainer.strategy=ddp", "trainer.strategy=ddp would run the whole sweep in every process"),
        ("trainer.max_epochs=1", "decided by the rungs"),
        ("sweep_job=train", "sweep_job is what a sweep gives its jobs: leave it out"),
        ("eval.splits=[]", "would leave the selected models without scores"),
        ("seed=interval(0,4)", "an interval has no values"),
        ("eval.lead_in=1000,2000", "changes search, checkpoint, eval"),
        ("data.num_workers=0,1", "are the same model"),
        ("loss.terms.accel.wait=1,2", "wait"),
        ("sweep_name=a/b", "use a plain name"),
        ("search.cull_keep=0", "search.cull_keep is 0: use a whole number from 1"),
    ],
)
def test_what_a_sweep_cannot_do_is_one_line(
    forks: Forks, tiny_song: Path, tmp_path: Path, argument: str, reason: str
) -> None:
    assert sweep(forks, tmp_path, tiny_song, "seed=0,1", argument) == 1
    (line,) = said(tmp_path).splitlines()
    assert line.startswith("error: ")
    assert reason in line
    assert [path.name for path in tmp_path.iterdir()] == ["log.txt"]


def test_two_processes_do_not_train_one_model_nor_run_one_sweep(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    run, question = tmp_path / "run", tmp_path / "outputs" / "sweeps" / "question"
    with folder_lock(run, busy=""), folder_lock(question, busy=""):
        assert forks.run(tmp_path, "train", *SMALL, f"data.root={tiny_song}", "run_dir=run") == 1
        assert sweep(forks, tmp_path, tiny_song, "seed=0,1") == 1
    alone, swept = (line for line in said(tmp_path).splitlines() if line.startswith("error"))
    assert alone.startswith("error: another process trains run")
    assert swept.startswith(f"error: another process runs the sweep {question}")
    assert [path.name for path in run.iterdir()] == [path.name for path in question.iterdir()] == [".lock"]


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_as_if_it_had_not_been(
    forks: Forks, undisturbed: Path, tiny_song: Path, tmp_path: Path
) -> None:
    draw = random.Random(4)
    for number in range(KILLS):
        child = forks.start(tmp_path, "train", "-m", *SMALL, f"data.root={tiny_song}", *COMPARED)
        time.sleep(draw.uniform(0.2, 2.2))
        os.kill(child, signal.SIGKILL)
        assert forks.end(child) == -signal.SIGKILL, f"the sweep was over after {number} kills: kill sooner"
    assert sweep(forks, tmp_path, tiny_song, *COMPARED) == 0, said(tmp_path)[-3000:]
    assert table(tmp_path) == table(undisturbed)
    for name in ("", "loss=mse_accel", "loss=spectral_rollout"):
        folders = [cwd / "outputs" / "sweeps" / "question" / name for cwd in (tmp_path, undisturbed)]
        assert selected(folders[0]) == selected(folders[1])
        for wav in sorted((folders[0] / "audio").iterdir()):
            assert wav.read_bytes() == (folders[1] / "audio" / wav.name).read_bytes()
    assert list((tmp_path / "outputs" / "sweeps").rglob("*.copy")) == []


@pytest.mark.slow
@pytest.mark.skipif(find_spec("hydra_plugins.hydra_joblib_launcher") is None, reason="needs hydra-joblib-launcher")
def test_a_killed_worker_is_replaced(forks: Forks, undisturbed: Path, tiny_song: Path, tmp_path: Path) -> None:
    arguments = ["loss=mse_accel", *COMPARED[2:], "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    child = forks.start(tmp_path, "train", "-m", *SMALL, f"data.root={tiny_song}", "seed=0,1,2", *arguments)
    while not (held := [pid for lock in (tmp_path / "outputs").glob("*-s1-*/.lock") for pid in holders(lock)]):
        time.sleep(0.02)
    assert held[0] != child
    os.kill(held[0], signal.SIGKILL)
    assert forks.end(child) == 0, said(tmp_path)[-3000:]
    assert "left no record" in said(tmp_path)
    expected = [row for row in table(undisturbed) if row["condition"] == "loss=mse_accel"]
    assert table(tmp_path) == [{**row, "condition": ""} for row in expected]


def holders(lock: Path) -> list[int]:
    """The processes that hold a record lock on a file."""
    inode = str(lock.stat().st_ino)
    fields = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return [int(line[4]) for line in fields if line[1] == "POSIX" and line[5].split(":")[-1] == inode]
