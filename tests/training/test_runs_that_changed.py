"""What is said of a run after its folder, its settings or its files have changed: never scores of something else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import torch
from forks import Forks

from syrinx_lab.runs.atomic import read_json, write_json_atomic
from syrinx_lab.runs.registry import Registry
from syrinx_lab.selected_model import load_selected

TINY = [
    *("debug=tiny", "data=folder", "logger=none", "trainer.accelerator=cpu", "run_dir=outputs/run", "loss=mse_accel"),
    *("data.root=song", "sampler.max_segments=4", "eval.max_audio=1", "eval.val_count=1", "eval.test_count=1"),
]

Command = Callable[..., str]


@pytest.fixture(scope="module")
def trained(forks: Forks, tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cwd = tmp_path_factory.mktemp("trained")
    shutil.copytree(tiny_song, cwd / "song")
    done = forks.completed(cwd, "train", *TINY)
    assert done.returncode == 0, done.stderr
    return cwd


@pytest.fixture
def here(trained: Path, tmp_path: Path) -> Path:
    """A working directory with the song and its finished run, to be changed."""
    return Path(shutil.copytree(trained, tmp_path / "here"))


@pytest.fixture
def command(forks: Forks, here: Path) -> Command:
    """What a command that succeeds prints."""

    def ask(module: str, *arguments: str) -> str:
        done = forks.completed(here, module, *(TINY if module == "train" else ["run=outputs/run"]), *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return ask


def manifest(cwd: Path) -> dict[str, Any]:
    found = read_json(cwd / "outputs" / "run" / "selected_model.json")
    return {key: value for key, value in found.items() if key != "created_at"}


def heard(scores: dict[str, Any]) -> set[str]:
    return {clip["recording"] for clip in scores["per_vocalisation"]}


def status(cwd: Path) -> set[str]:
    """As state.json and the registry say."""
    (row,) = Registry(cwd / "outputs").models()
    return {read_json(cwd / "outputs" / "run" / "state.json")["status"], row["status"]}


def add_recordings(song: Path, count: int) -> set[str]:
    """More recordings like the first one, with other noise."""
    samples, rate = sf.read(song / "song0.wav", dtype="float32")
    for number in range(count):
        noise = 1e-3 * np.random.default_rng(number).standard_normal(len(samples)).astype(np.float32)
        sf.write(song / f"a{number}.wav", samples + noise, rate, subtype="FLOAT")
        shutil.copy(song / "song0.txt", song / f"a{number}.txt")
    return {f"a{number}" for number in range(count)}


def test_a_grown_folder_is_scored_by_the_split_of_the_training(here: Path, command: Command) -> None:
    before, split = manifest(here), read_json(here / "outputs" / "run" / "split.json")
    assert heard(before["scores"]["test"]) <= split["test"].keys()
    assert before["scores"]["test"]["changes"] == []
    added = add_recordings(here / "song", 24)
    (here / "song" / "unheard.wav").write_bytes((here / "song" / "a0.wav").read_bytes())  # nobody annotated it
    said = command("evaluate", "split=test")
    assert "note: 24 recordings (a0, a1, a10, a11, a12, and 19 more) new since the training" in said
    assert manifest(here) == before, "nor the anchors"
    said = command("evaluate", "split=new")
    assert manifest(here) == before
    of_new = read_json(here / "outputs" / "run" / "evaluations" / "epoch00002-new.json")
    assert list(of_new["scores"]) == ["new"]
    assert heard(of_new["scores"]["new"]) <= added
    assert list((here / "outputs" / "run" / "evaluations" / "epoch00002-new" / "audio").glob("new-000-*-raw.wav"))
    (row,) = Registry(here / "outputs").models()
    assert row["test"]["tf_corr"] == before["scores"]["test"]["raw"]["tf_corr"]
    known = Registry(here / "outputs").evaluations(row["key"])
    assert [one["split"] for one in known if one["source"] == "other"] == ["new"]


def test_changed_and_missing_recordings_are_flagged(here: Path, command: Command, forks: Forks) -> None:
    (recording,) = heard(manifest(here)["scores"]["test"])
    annotation = here / "song" / f"{recording}.txt"
    annotation.write_text(annotation.read_text().splitlines()[0] + "\n")
    assert "changed since the training" in command("evaluate", "split=test")
    flag = f"test: 1 recording ({recording}) changed since the training (samples or annotation)"
    assert flag in manifest(here)["flags"]
    command("evaluate", "split=val")
    assert flag in manifest(here)["flags"], "what was said of test stays with test's scores"
    (here / "song" / f"{recording}.wav").unlink()
    before = manifest(here)
    done = forks.completed(here, "evaluate", "run=outputs/run", "split=test")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no recording of test is there")
    assert manifest(here) == before


def test_anchors_of_a_folder_that_has_lost_recordings_are_flagged_and_names_do_not_matter(
    here: Path, command: Command
) -> None:
    before, split = manifest(here), read_json(here / "outputs" / "run" / "split.json")
    assert before["anchors"]["rendition"]["pairs"] == 1, "drawn from several, in the order of their names"
    (renamed,) = split["test"]
    for ending in ("wav", "txt"):
        (here / "song" / f"{renamed}.{ending}").rename(here / "song" / f"zzz.{ending}")
    command("evaluate", "split=test")
    assert manifest(here) == before
    gone = min(split["train"])
    (here / "song" / f"{gone}.wav").unlink()
    (here / "song" / f"{gone}.txt").unlink()
    command("evaluate", "split=test")
    after = manifest(here)
    assert after["scores"] == before["scores"]
    assert after["anchors"]["rendition"] != before["anchors"]["rendition"]
    (flag,) = after["flags"]
    assert flag.startswith(f"anchors: 1 recording ({gone}) of the other splits missing since the training")
    command("evaluate", "split=val")
    assert flag in manifest(here)["flags"], "what was said of the anchors stays with them"


def test_scores_of_other_new_recordings_do_not_take_the_place_of_earlier_ones(here: Path, command: Command) -> None:
    folder = here / "outputs" / "run" / "evaluations"
    add_recordings(here / "song", 1)
    command("evaluate", "split=new")
    first = (folder / "epoch00002-new.json").read_bytes()
    for ending in ("wav", "txt"):
        (here / "song" / f"a0.{ending}").unlink()
    samples, rate = sf.read(here / "song" / "song1.wav", dtype="float32")
    sf.write(here / "song" / "b.wav", 0.5 * samples + 1e-3 * np.float32(np.sin(np.arange(len(samples)))), rate)
    shutil.copy(here / "song" / "song1.txt", here / "song" / "b.txt")
    for _ in range(2):  # the same again is no third
        command("evaluate", "split=new")
    assert (folder / "epoch00002-new.json").read_bytes() == first
    (second,) = [path for path in folder.glob("*.json") if path.name != "epoch00002-new.json"]
    assert second.name.startswith("epoch00002-new-")
    assert heard(read_json(second)["scores"]["new"]) == {"b"}
    (row,) = Registry(here / "outputs").models()
    (known,) = [one for one in Registry(here / "outputs").evaluations(row["key"]) if one["source"] == "other"]
    latest = read_json(second)["scores"]["new"]["raw"]["tf_corr"]
    assert (known["split"], known["scores"]["tf_corr"]) == ("new", latest)


def test_training_on_with_a_grown_folder_is_refused_or_another_model(
    here: Path, command: Command, forks: Forks
) -> None:
    add_recordings(here / "song", 1)
    before = manifest(here)
    done = forks.completed(here, "train", *TINY)
    assert done.returncode == 1
    assert "data_fingerprint" in done.stderr
    assert done.stderr.rstrip().endswith("(since that training: 1 recording (a0) new)")
    assert manifest(here) == before


def test_another_checkpoint_is_scored_beside_the_selected_one(here: Path, command: Command) -> None:
    before = manifest(here)
    files = {path: path.read_bytes() for path in (here / "outputs" / "run" / "audio").iterdir()}
    one = (here / "outputs" / "run" / "checkpoints" / "epoch00001.ckpt").absolute()
    said = command("evaluate", "split=test", f"checkpoint={one}")
    assert manifest(here) == before
    assert {path: path.read_bytes() for path in files} == files
    other = read_json(here / "outputs" / "run" / "evaluations" / "epoch00001-test.json")
    assert (other["epoch"], other["checkpoint"]) == (1, "checkpoints/epoch00001.ckpt")
    assert other["scores"]["test"]["raw"] != before["scores"]["test"]["raw"]
    assert "outputs/run/evaluations/epoch00001-test.json" in said
    (row,) = Registry(here / "outputs").models()
    assert row["test"]["tf_corr"] == before["scores"]["test"]["raw"]["tf_corr"]
    command("evaluate", "split=test", f"checkpoint={here}/outputs/run/checkpoints/epoch00002.ckpt")
    assert manifest(here) == before, "named in full it is the selected one all the same"


def foreign_checkpoint(here: Path, **oscillator: float) -> Path:
    """The run's first checkpoint as that of another run, trained with other settings of the oscillator."""
    content = torch.load(here / "outputs" / "run" / "checkpoints" / "epoch00001.ckpt", weights_only=True)
    config = json.loads(content["syrinx_lab_config"])
    config["oscillator"] |= oscillator
    path = here / "foreign.ckpt"
    torch.save(content | {"syrinx_lab_config": json.dumps(config)}, path)
    return path


def test_a_checkpoint_of_other_settings_is_not_scored_or_sung_under_those_of_the_run(here: Path, forks: Forks) -> None:
    foreign, before = foreign_checkpoint(here, tau=5e-5, clamp_x=0.3), manifest(here)
    done = forks.completed(here, "evaluate", "run=outputs/run", "split=test", f"checkpoint={foreign}")
    assert done.returncode == 1
    assert "another model: oscillator.clamp_x=0.3 oscillator.tau=5e-05; give the run that it is of" in done.stderr
    assert not (here / "outputs" / "run" / "evaluations").exists()
    assert manifest(here) == before
    shutil.copy(foreign, here / "outputs" / "run" / "checkpoints" / "epoch00002.ckpt")
    with pytest.raises(ValueError, match=r"epoch00002\.ckpt: trained with other settings than this run"):
        load_selected(here / "outputs" / "run")


def test_another_runs_checkpoint_says_its_epoch_and_is_no_epoch_of_this_run(here: Path, command: Command) -> None:
    foreign_checkpoint(here)
    said = command("evaluate", "split=test", "checkpoint=foreign.ckpt")
    assert "cold-start scores after epoch 1," in said
    (written,) = (here / "outputs" / "run" / "evaluations").glob("foreign-*-test.json")
    other = read_json(written)
    assert (other["epoch"], other["checkpoint"]) == (1, str(here / "foreign.ckpt"))
    (row,) = Registry(here / "outputs").models()
    assert not [one for one in Registry(here / "outputs").evaluations(row["key"]) if one["source"] == "other"]


@pytest.mark.parametrize("given", ["checkpoints/epoch00001.ckpt", "epoch00001.ckpt"])
def test_a_checkpoint_is_found_as_the_run_names_it(here: Path, given: str) -> None:
    loaded = load_selected(here / "outputs" / "run", given)
    assert loaded.checkpoint == here / "outputs" / "run" / "checkpoints" / "epoch00001.ckpt"
    assert (loaded.epoch, loaded.selected) == (1, False)


def test_scores_of_an_earlier_epoch_are_not_those_of_a_run_that_went_on(here: Path, command: Command) -> None:
    """As after a kill between the last checkpoint and its scores."""
    expected = manifest(here)
    run = here / "outputs" / "run"
    (run / "checkpoints" / "epoch00002.ckpt").rename(here / "later.ckpt")
    (run / "selected_model.json").unlink()
    command("train", "trainer.max_epochs=1")
    assert manifest(here)["epoch"] == 1
    (here / "later.ckpt").rename(run / "checkpoints" / "epoch00002.ckpt")
    write_json_atomic(run / "state.json", {**read_json(run / "state.json"), "status": "running"})
    said = command("train")
    assert "scored by another checkpoint, metric or evaluation" in said
    assert manifest(here) == expected
    assert status(here) == {"finished"}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (["eval.test_count=2"], lambda m: m["scores"]["test"]["count"] == 2),
        (["eval.lead_in=500"], lambda m: m["config"]["eval"]["lead_in"] == 500),
        (
            ["checkpoint=best", "checkpoint.metric=f0_cents"],
            lambda m: m["config"]["checkpoint"]["metric"] == "f0_cents",
        ),
    ],
    ids=["count", "lead_in", "selection"],
)
def test_a_finished_run_asked_for_other_scores_gets_them(
    here: Path, command: Command, change: list[str], found: Callable[[dict[str, Any]], bool]
) -> None:
    before = manifest(here)
    assert not found(before)
    assert "nothing to do" not in command("train", *change)
    after = manifest(here)
    assert found(after)
    assert set(after["scores"]) == {"val", "test"}
    assert "nothing to do" in command("train", *change)
    assert manifest(here) == after


def test_a_kill_after_the_scores_leaves_no_false_status(here: Path, command: Command) -> None:
    run = here / "outputs" / "run"
    for false in ("running", "claimed", "interrupted"):
        write_json_atomic(run / "state.json", {**read_json(run / "state.json"), "status": false})
        assert "nothing to do" in command("train")
        assert status(here) == {"finished"}


def test_a_kill_while_it_is_scored_changes_nothing_in_the_end(here: Path, command: Command, forks: Forks) -> None:
    expected, run = manifest(here), here / "outputs" / "run"
    (run / "selected_model.json").unlink()
    shutil.rmtree(run / "audio")
    child = forks.start(here, "train", *TINY)
    limit = time.monotonic() + 60
    while not list(run.glob("audio/*.wav")):
        assert time.monotonic() < limit
        time.sleep(0.002)
    os.kill(child, signal.SIGINT)
    assert forks.end(child) == 130
    assert status(here) == {"interrupted"}
    command("train")
    assert manifest(here) == expected
    assert status(here) == {"finished"}


def test_a_failure_after_the_claim_is_a_status(here: Path, forks: Forks) -> None:
    run = here / "outputs" / "run"
    (run / "selected_model.json").unlink()
    (run / "selected_model.json").mkdir()
    done = forks.completed(here, "train", *TINY)
    assert done.returncode == 1
    assert status(here) == {"failed"}


def test_a_selected_checkpoint_that_was_removed_is_replaced_by_no_other(
    here: Path, command: Command, forks: Forks
) -> None:
    best = ["checkpoint=best", "callbacks.evaluation.eval_every=1"]
    command("train", *best)
    chosen = manifest(here)
    path = here / "outputs" / "run" / chosen["checkpoint"]
    weights = torch.load(path, weights_only=True)["state_dict"]
    path.unlink()
    done = forks.completed(here, "evaluate", "run=outputs/run", "split=test")
    assert done.returncode == 1
    assert "the selected checkpoint is gone" in done.stderr
    if chosen["epoch"] == 2:  # then the run is one epoch short, and goes on
        return
    said = command("train", *best)
    assert "the checkpoint after epoch 1 is gone: training it again" in said
    assert "nothing to do" in said
    assert manifest(here) == chosen
    path.unlink()
    assert "training it again" in command("train", *best, "eval.test_count=2")
    again = torch.load(path, weights_only=True)["state_dict"]
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert manifest(here)["checkpoint"] == chosen["checkpoint"]
    assert not (here / "outputs" / "run" / "rungs").exists()
    assert not list((here / "outputs" / "run").glob(".again*"))
    assert json.loads((here / "outputs" / "run" / "state.json").read_text())["status"] == "finished"


def test_an_epoch_that_the_run_has_passed_gives_the_model_of_that_epoch(here: Path, command: Command) -> None:
    """Trained to 2, asked for 1 with its checkpoint there, then without: what a training to 1 alone gives."""
    run = here / "outputs" / "run"
    weights = torch.load(run / "checkpoints" / "epoch00001.ckpt", weights_only=True)["state_dict"]
    best = ["checkpoint=best", "callbacks.evaluation.eval_every=0"]  # scored on val after the last epoch alone
    whole = manifest(here)
    assert whole["epoch"] == 2
    said = command("train", "trainer.max_epochs=1")
    assert "already trained to epoch 2, beyond epoch 1 of this command" in said
    first = manifest(here)
    assert (first["epoch"], first["checkpoint"]) == (1, "checkpoints/epoch00001.ckpt")
    assert "nothing to do" in command("train", "trainer.max_epochs=1")
    command("evaluate", "split=test")  # the selected one, as the manifest says
    assert manifest(here)["scores"]["test"] == first["scores"]["test"]
    assert manifest(here)["epoch"] == 1
    (run / "checkpoints" / "epoch00001.ckpt").unlink()
    command("train", "trainer.max_epochs=1", *best)
    assert manifest(here)["scores"] == first["scores"]
    again = torch.load(run / "checkpoints" / "epoch00001.ckpt", weights_only=True)["state_dict"]
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    command("train")
    assert manifest(here)["scores"] == whole["scores"]
    assert manifest(here)["epoch"] == 2
