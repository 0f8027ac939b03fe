"""Bad input ends with one clear line and a non-zero exit, and leaves nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch
import yaml
from forks import Forks

TINY = ["debug=tiny", "data=folder", "logger=none", "trainer.accelerator=cpu"]


def process(module: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """As from a terminal, where imports may complain as well."""
    environment = {k: v for k, v in os.environ.items() if k != "SYRINX_TRACEBACK"}
    command = [sys.executable, "-m", f"syrinx_lab.{module}", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, timeout=300)


def truncate(song: Path) -> None:
    file = song / "song0.wav"
    file.write_bytes(file.read_bytes()[:50_000])


def not_a_number(song: Path) -> None:
    samples, rate = sf.read(song / "song1.wav", dtype="float32")
    samples[1234] = np.nan
    sf.write(song / "song1.wav", samples, rate, subtype="FLOAT")


def silent(song: Path) -> None:
    samples, rate = sf.read(song / "song1.wav", dtype="float32")
    sf.write(song / "song1.wav", 0 * samples, rate, subtype="FLOAT")


def swapped(song: Path) -> None:
    (song / "song2.txt").write_text("0.10 0.20 a\n0.40 0.30 b\n")


def beyond(song: Path) -> None:
    (song / "song2.txt").write_text("0.10 0.20 a\n0.40 9.30 b\n")


def orphan_wav(song: Path) -> None:
    (song / "song3.txt").unlink()


def orphan_text(song: Path) -> None:
    (song / "song3.wav").unlink()


def empty(song: Path) -> None:
    shutil.rmtree(song)
    song.mkdir()


def missing(song: Path) -> None:
    shutil.rmtree(song)


def nothing(song: Path) -> None:
    pass


CASES: list[tuple[str, Callable[[Path], None], list[str], list[str]]] = [
    ("missing root", missing, [], ["song"]),
    ("empty root", empty, [], ["song"]),
    ("truncated wav", truncate, [], ["song0.wav", "truncated"]),
    ("NaN samples", not_a_number, [], ["song1.wav", "1234"]),
    ("silent file", silent, [], ["song1.wav", "silent"]),
    ("offset before onset", swapped, [], ["song2.txt", "line 2"]),
    ("time beyond the end", beyond, [], ["song2.txt", "line 2"]),
    ("wav without annotation", orphan_wav, [], ["song3"]),
    ("annotation without wav", orphan_text, [], ["song3"]),
    ("unknown label", nothing, ["data.label=zz"], ["zz", "a", "b"]),
    ("no segment long enough", nothing, ["data.context_s=0.9"], ["context_s"]),
    ("horizon beyond the segments", nothing, ["horizon.max=4096"], ["4096", "2205"]),
    ("unknown key", nothing, ["loss.terms.spek.weight=1"], ["spek"]),
    ("unknown choice", nothing, ["loss=nonsense"], ["nonsense"]),
    ("negative warm-up", nothing, ["loss.terms.spec.warmup_epochs=-1"], ["-1"]),
    ("unknown backend", nothing, ["backend.name=warp"], ["warp"]),
    ("no thread", nothing, ["trainer.threads=0"], ["trainer.threads is 0"]),
    ("unknown species", nothing, ["oscillator=syrinx", "oscillator.species=dodo"], ["dodo", "canary"]),
    ("unknown checkpoint", nothing, ["init_from=nowhere.ckpt"], ["nowhere.ckpt"]),
    ("swept seeds in brackets", nothing, ["-m", "seed=[0,1,2]"], ["seed=[0,1,2]", "as seed=0,1,2"]),
    ("no seeds", nothing, ["seed=[]"], ["seed is []"]),
    ("no swept seeds", nothing, ["-m", "seed=[]"], ["seed=[]", "whole numbers"]),
    ("an empty seed", nothing, ["seed="], ["seed is empty"]),
    ("an empty swept seed", nothing, ["-m", "seed="], ["seed=", "whole numbers"]),
    ("an empty range", nothing, ["-m", "seed=range(0)"], ["seed has no value to compare"]),
    ("a range for one", nothing, ["seed=range(0)"], ["seed=range(0)", "--multirun"]),
    ("no seed", nothing, ["seed=null"], ["seed is null"]),
    ("no seed to sweep", nothing, ["-m", "seed=null"], ["seed=null"]),
    ("half a seed", nothing, ["seed=1.5"], ["seed is 1.5"]),
    ("a swept half", nothing, ["-m", "seed=0,1.5"], ["seed=0,1.5"]),
    ("a seed in powers of ten", nothing, ["seed=1e3"], ["seed is 1000.0"]),
    ("a negative seed", nothing, ["seed=-1"], ["seed is -1", "from 0"]),
    ("epochs in words", nothing, ["n_epochs=abc"], ["n_epochs is 'abc'"]),
    ("no epoch", nothing, ["n_epochs=0"], ["n_epochs is 0", "from 1"]),
    ("half epochs", nothing, ["n_epochs=2.5"], ["n_epochs is 2.5"]),
    ("a swept word", nothing, ["-m", "n_epochs=2,abc", "seed=0"], ["n_epochs is 'abc'"]),
    ("a rate in words", nothing, ["optim.optimizer.lr=abc"], ["optim.optimizer.lr is 'abc'", "number above 0"]),
    ("a rate of nan", nothing, ["optim.optimizer.lr=nan"], ["optim.optimizer.lr is nan"]),
    ("threads in words", nothing, ["trainer.threads=abc"], ["trainer.threads is 'abc'"]),
    ("no such device", nothing, ["trainer.accelerator=quantum"], ["trainer.accelerator is 'quantum'", "mps"]),
    ("an unknown split", nothing, ["eval.splits=vall"], ["eval.splits is 'vall'", "val or test"]),
    ("no batch", nothing, ["data.batch_size=0"], ["data.batch_size is 0"]),
    ("a root of digits", nothing, ["data.root=2024"], ["2024"]),
    ("an unknown mode", nothing, ["logger=wandb", "logger.mode=wrong"], ["logger.mode is 'wrong'", "offline"]),
    ("a label that looks like a number", nothing, ["data.label=1e3"], ["no syllable is labelled 1e3;"]),
    ("labels that look like others", nothing, ["data.label=[007,nan,true]"], ["labelled 007, nan, true;"]),
    ("a sign in a path", nothing, ["data.root=/a/b=c"], ["""'data.root="/a/b=c"'"""]),
    ("several values for one", nothing, ["data.label=a,b"], ["'data.label=[a,b]' is a list"]),
    ("an unknown option", nothing, ["--quick"], ["--quick", "--help"]),
    ("an unknown number of a choice", nothing, ["optim=5"], ["optim/5", "adam_cosine"]),
    ("a run among the recordings", nothing, ["run_dir=song"], ["run_dir=song holds the recordings in song"]),
    ("a run in a file", nothing, ["run_dir=song/song0.wav/run"], ["song/song0.wav is no folder", "another run_dir"]),
    ("outputs in a file", nothing, ["paths.outputs=song/song0.wav"], ["song0.wav is no folder", "SYRINX_OUTPUTS"]),
    ("a sweep in a file", nothing, ["-m", "seed=0,1", "paths.outputs=song/song0.wav"], ["song0.wav is no folder"]),
    ("a registry of no kind", nothing, ["paths.registry=foo://bar"], ["no driver for foo", "paths.registry"]),
    ("a sweep's registry", nothing, ["-m", "seed=0,1", "paths.registry=song"], ["song is a folder"]),
    ("a reference to nothing", nothing, ["data.root=${nothing}"], ["data.root", "nothing"]),
]


@pytest.mark.parametrize(("damage", "overrides", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_one_clear_line(
    damage: Callable[[Path], None], overrides: list[str], said: list[str], forks: Forks, tiny_song: Path, tmp_path: Path
) -> None:
    song = tmp_path / "song"
    shutil.copytree(tiny_song, song)
    damage(song)
    done = forks.completed(tmp_path, "train", *TINY, "data.root=song", "paths.outputs=out", *overrides)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    for word in said:
        assert word in lines[0]
    assert not (tmp_path / "out").exists(), "nothing half-written"


@pytest.mark.skipif(torch.cuda.is_available() or torch.backends.mps.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    arguments = ["debug=tiny", "data=folder", "logger=none", f"data.root={tiny_song}", "paths.outputs=out"]
    done = forks.completed(tmp_path, "train", *arguments, "trainer.accelerator=gpu")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: trainer.accelerator is gpu, and torch finds none here: use auto or cpu\n"
    assert not (tmp_path / "out").exists()


def test_labels_are_what_was_typed_in_runs_sweeps_and_their_evaluation(
    forks: Forks, tiny_song: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_song, tmp_path / "song")
    for file in (tmp_path / "song").glob("*.txt"):
        rows = [line.split() for line in file.read_text().splitlines() if line.strip()]
        lines = [" ".join([*row[:2], {"a": "1.0", "b": "1e3"}.get(row[2], row[2])]) for row in rows]
        file.write_text("\n".join(lines) + "\n")
    common = [*TINY, "data.root=song", "n_epochs=1", "loss=mse_accel", "eval.val_count=1", "eval.test_count=1"]
    single = forks.completed(tmp_path, "train", *common, "data.label=[1.0,1e3]", "run_dir=2024", "eval.splits=val")
    assert single.returncode == 0, single.stderr
    stored = (tmp_path / "2024" / "config.yaml").read_text()
    assert yaml.safe_load(stored)["data"]["label"] == ["1.0", "1e3"]
    assert yaml.safe_load(stored)["eval"]["splits"] == ["val"]
    manifest = json.loads((tmp_path / "2024" / "selected_model.json").read_text())
    assert {row["label"] for row in manifest["scores"]["val"]["per_vocalisation"]} <= {"1.0", "1e3"}
    again = forks.completed(tmp_path, "evaluate", "run=2024", "split=val")
    assert again.returncode == 0, again.stderr
    swept = forks.completed(tmp_path, "train", "-m", *common, "data.label=1.0,[1e3]", "seed=0", "sweep_name=7")
    jobs = sorted((tmp_path / "outputs" / "sweeps" / "7").glob("*/s0/*/config.yaml")) + sorted(
        (tmp_path / "outputs").rglob("config.yaml")
    )
    labels = {str(yaml.safe_load(path.read_text())["data"]["label"]) for path in jobs}
    assert labels == {"1.0", "1e3"}, swept.stdout + swept.stderr


def test_other_sample_rates_are_no_error(tiny_song: Path, tmp_path: Path) -> None:
    song = tmp_path / "song"
    shutil.copytree(tiny_song, song)
    samples, _ = sf.read(song / "song0.wav")
    sf.write(song / "song0.wav", samples[::2], 22050)
    done = process("check_data", "data=folder", "data.root=song", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "22050" in done.stdout.replace(",", "").replace(" ", "") or "22.05" in done.stdout


def test_corrupt_and_foreign_checkpoints(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_song, tmp_path / "song")
    done = forks.completed(tmp_path, "train", *TINY, "data.root=song", "run_dir=run", "n_epochs=1", "loss=mse_accel")
    assert done.returncode == 0, done.stderr
    checkpoint = tmp_path / "run" / "checkpoints" / "epoch00001.ckpt"
    arguments = [*TINY, "data.root=song", "run_dir=next", f"init_from={checkpoint}", "n_epochs=1"]
    other = forks.completed(tmp_path, "train", *arguments, "oscillator.degree=2")
    assert other.returncode == 1
    assert "another model" in other.stderr
    assert "Traceback" not in other.stderr
    checkpoint.write_bytes(checkpoint.read_bytes()[:3000])
    for command in (["evaluate", "run=run"], ["train", *arguments]):
        corrupt = process(*command, cwd=tmp_path)
        assert corrupt.returncode == 1
        assert "not a readable checkpoint" in corrupt.stderr
        assert len(corrupt.stderr.strip().splitlines()) == 1


def test_disk_full(tiny_song: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_song, tmp_path / "song")
    limited = "import resource, runpy, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
    limited += "sys.argv = ['train', *sys.argv[1:]]; runpy.run_module('syrinx_lab.train', run_name='__main__')"
    plain = ["backend=eager", "encoder.backend=parallel", "loss=mse_accel"]  # nothing compiled, so no cache to write
    plain += ["callbacks.evaluation.eval_every=0"]  # nothing sung: the loop in Python takes its time
    command = [sys.executable, "-c", limited, *TINY, "data.root=song", "run_dir=run", "n_epochs=1", *plain]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert "epoch00001.ckpt" in done.stderr
    checkpoints = list((tmp_path / "run" / "checkpoints").iterdir())
    assert checkpoints == [], "no half checkpoint"
