"""`python -m syrinx_lab.runs`: what a person sees, and what it removes."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from made_runs import make_run

from syrinx_lab.runs.__main__ import main
from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.lock import folder_lock
from syrinx_lab.runs.manifest import Manifest, SweepManifest
from syrinx_lab.runs.registry import Registry

OLD = 1_700_000_000


class Lab:
    """An outputs folder with three runs, and the command on it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.outputs, self.patch, self.capture = folder / "outputs", patch, capture
        patch.chdir(folder)
        for name in ("SYRINX_OUTPUTS", "SYRINX_REGISTRY"):
            patch.delenv(name, raising=False)
        for seed, tf_corr, bounded in ((0, 0.5, 1.0), (1, 0.7, 1.0), (2, 0.9, 0.5)):
            make_run(self.outputs, seed, tf_corr=tf_corr, bounded=bounded)
        self.registry = Registry("outputs")
        self.registry.scan()

    def __call__(self, *words: str, answer: str | None = None) -> str:
        """What the command prints; it must succeed."""

        def reply(question: str) -> str:
            print(question)
            if answer is None:
                raise EOFError
            return answer

        self.patch.setattr("sys.argv", ["runs", *words])
        self.patch.setattr("builtins.input", reply)
        main()
        return self.capture.readouterr().out

    def error(self, *words: str) -> str:
        """The one line on stderr of a command that must end with status 1."""
        self.capture.readouterr()
        self.patch.setattr("sys.argv", ["runs", *words])
        with pytest.raises(SystemExit) as caught:
            main()
        printed = self.capture.readouterr()
        assert caught.value.code == 1
        assert printed.err.startswith("error: ")
        assert printed.err.count("\n") == 1
        return printed.err

    def key(self, seed: int) -> str:
        return next(row["key"] for row in self.registry.models() if row["seed"] == seed)

    def make(self, seed: int, *, age_s: float = 1e6, **run: object) -> RunDirectory:
        """A run that nobody has recorded, all of whose files are `age_s` old."""
        made = make_run(self.outputs, seed, **run)  # type: ignore[arg-type]
        for path in (*made.path.rglob("*"), made.path):
            os.utime(path, (time.time() - age_s,) * 2)
        return made


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lab:
    return Lab(tmp_path, monkeypatch, capsys)


def table(text: str) -> list[list[str]]:
    """The cells of the lines above the footer, the rule left out."""
    return [line.split() for line in text.splitlines() if line and "─" not in line]


def test_list_shows_the_keys_that_vary_and_the_scores(lab: Lab) -> None:
    make_run(lab.outputs, 1, "mse_accel", tf_corr=0.2, status="failed")
    assert "4 models of 4 folders" in lab("scan")
    lines = table(lab("list"))
    assert lines[0] == ["key", "loss.name", "seed", "status", "epochs", *(["val.tf_corr", "val.autonomy"]),
                        "val.bounded_frac", "val.wrong_partial"]  # fmt: skip
    printed = [line[1:] for line in lines[1:5]]
    assert printed == [
        ["mse_accel", "1", "failed", "10", "0.200", "-1.000", "1.000", "-"],
        ["spectral_rollout", "0", "finished", "10", "0.500", "-1.000", "1.000", "-"],
        ["spectral_rollout", "1", "finished", "10", "0.700", "-1.000", "1.000", "-"],
        ["spectral_rollout", "2", "finished", "10", "0.900", "-1.000", "0.500", "-"],
    ]
    assert "these vary too: loss.terms.spec.weight, loss.terms.spec.loss._target_" in lab("list")
    some = lab("list", "where", "loss.name=spectral_rollout", "and", "val.tf_corr>0.6")
    assert [line[1] for line in table(some)[1:3]] == ["1", "2"]
    assert "2 models of outputs/registry.sqlite" in some
    assert "loss.name" not in some
    assert lab("list", "where", "seed=7") == "no model matches seed=7: seed is 0, 1, 2\n"
    assert all(len(line) <= 120 for line in lab("list").splitlines())


def test_list_reads_again_what_was_under_way(lab: Lab) -> None:
    run = make_run(lab.outputs, 5, status="running", epochs=5, evaluated=False)
    lab.registry.record(run)
    run.checkpoint_path(8).write_bytes(b"")
    run.set_status("failed", message="disk full")
    line = next(line for line in table(lab("list")) if "5" in line[1:2])
    assert line[2:4] == ["failed", "8"]
    assert "failed: disk full" in lab("show", "where", "seed=5")


def test_a_run_that_was_killed_is_said_to_be_silent(lab: Lab) -> None:
    for seed, age_s in ((8, 60.0), (9, 3 * 3600.0)):
        lab.registry.record(lab.make(seed, status="running", evaluated=False, age_s=age_s))
    printed = {line[1]: line[2:4] for line in table(lab("list", "where", "status=running"))[1:3]}
    assert printed == {"8": ["running", "10"], "9": ["running,", "silent"]}


def test_best_is_the_best_bounded_one(lab: Lab) -> None:
    printed = lab("best")
    assert f"{lab.key(1)}, 0.700 after epoch 10" in printed
    assert "outputs/spectral_rollout-s1-0.001" in printed
    assert [line[:3] for line in table(printed)[-3:]] == [
        [str(n + 1), lab.key(s), str(s)] for n, s in enumerate((1, 0, 2))
    ]
    assert lab.key(0) in lab("best", "where", "seed!=1", "--by", "tf_corr").splitlines()[0]
    assert lab.key(0) in lab("best", "--by", "val.tf_corr", "where", "seed!=1").splitlines()[0]
    assert lab("best", "--by", "val/tf_corr").splitlines()[0] == lab("best", "--by", "val.tf_corr").splitlines()[0]
    assert "None" not in lab("best", "--by", "val/tf_corr")
    assert " -" not in lab("best", "--by", "val/tf_corr").splitlines()[0]
    assert "test is read once" in lab.error("best", "--by", "test.tf_corr")
    assert "no model has the score val.shine; there are" in lab.error("best", "--by", "shine")


def test_best_does_not_rank_scores_of_other_recordings(lab: Lab) -> None:
    other = make_run(lab.outputs, 0, fingerprint="beef", name="other")
    lab.registry.record(other)
    assert "not of the same clips" in lab.error("best")
    assert "settle it with data_fingerprint (beef, f00d)" in lab.error("best")
    assert lab.key(1) in lab("best", "where", "data_fingerprint=f00d")


def test_best_says_which_runs_were_not_trained_to_the_end(lab: Lab) -> None:
    assert "not trained to the end" not in lab("best")
    lab.registry.record(make_run(lab.outputs, 5, tf_corr=0.95, epochs=4, status="paused"))
    printed = lab("best")
    assert f"note: not trained to the end, as seeds that a sweep has culled: {lab.key(5)};" in printed
    assert "not trained to the end" not in lab("best", "where", "status=finished")


def test_labels_that_are_the_same_are_ranked_together(lab: Lab) -> None:
    for seed, label in ((5, "a"), (6, ["a"]), (7, ["a", "a"])):
        run = make_run(lab.outputs, seed, tf_corr=0.1 * seed)
        config = run.config()
        config["data"]["label"] = label
        run.config_path.write_text(yaml.safe_dump(config))
        lab.registry.record(run)
    assert lab.key(7) in lab("best", "where", "seed>4").splitlines()[0]
    assert "not of the same clips" in lab.error("best", "where", "seed>1")


def test_a_run_whose_folder_was_removed_is_listed_as_such(lab: Lab) -> None:
    shutil.rmtree(lab.outputs / "spectral_rollout-s1-0.001")
    printed = {line[1]: line[2:5] for line in table(lab("list", "where", "seed=0,1"))[1:3]}
    assert printed["1"] == ["finished,", "folder", "gone"]
    assert printed["0"][0] == "finished"


def test_a_question_that_no_model_meets_is_answered_with_the_values_that_there_are(lab: Lab) -> None:
    make_run(lab.outputs, 1, "mse_accel", tf_corr=0.2, status="failed")
    lab("scan")
    line = "no model matches loss=mse_acel: loss.name is mse_accel, spectral_rollout"
    assert lab("list", "where", "loss=mse_acel") == f"{line}\n"
    for command in ("best", "show"):
        assert line in lab.error(command, "where", "loss=mse_acel"), command
    printed = lab("list", "where", "seed=0", "and", "status=trained")
    assert printed == "no model matches status=trained: status is failed, finished\n"
    assert "val.tf_corr is 0.2, 0.5, 0.7, 0.9" in lab("list", "where", "val.tf_corr>1")
    printed = lab("list", "where", "seed=0", "and", "status=failed")
    assert printed == "no model matches: each condition is met by some, all together by none\n"


def test_show_finds_one_model_by_key_name_path_or_condition(lab: Lab) -> None:
    wanted = f"key         {lab.key(1)}\n"
    folder = "outputs/spectral_rollout-s1-0.001"
    places = [folder, f"{folder}/config.yaml", f"{folder}/checkpoints"]
    for text in (lab.key(1), lab.key(1)[:6], *places, "spectral_rollout-s1-0.001", "s1-", "seed=1"):
        assert lab("show", text).startswith(wanted), text
    assert lab("show", "where", "val.tf_corr>0.6", "and", "seed<2").startswith(wanted)
    sweep = lab.outputs / "sweeps" / "q"
    sweep.mkdir(parents=True)
    manifest = Manifest.read(lab.outputs / "spectral_rollout-s1-0.001" / "selected_model.json")
    swept = SweepManifest.of(manifest, run="../../spectral_rollout-s1-0.001", sweep_name="q", overrides=())
    swept.write(sweep / "selected_model.json")
    assert lab("show", "outputs/sweeps/q").startswith(wanted)
    printed = lab("show", "seed=1")
    assert ["tf_corr", "0.700", "0.800", "0.450", "0.700"] in table(printed)
    assert "recordings" not in printed, "a run from before its counts were stored"
    counts = {"train": {"recordings": 6, "vocalisations": 24, "windows": {"onset": 20}}}
    (lab.outputs / "spectral_rollout-s1-0.001" / "split.json").write_text(json.dumps({"counts": counts}))
    assert "\ntrain       6 recordings, 24 vocalisations, windows 20 onset\n" in lab("show", "seed=1")
    assert "figures/test-001-a-b-drives.png" in printed
    assert "  name: spectral_rollout" in printed


def test_an_ambiguous_query_says_what_would_settle_it(lab: Lab) -> None:
    printed = lab.error("show", "where", "loss.name=spectral_rollout")
    assert "means 3 models" in printed
    assert "settle it with seed (0, 1, 2)" in printed
    make_run(lab.outputs, 1, "mse_accel")
    lab("scan")
    assert "settle it with loss.name (mse_accel, spectral_rollout)" in lab.error("show", "where", "seed=1")
    printed = lab.error("diff", "status=finished", lab.key(2))
    assert "settle it with seed (0, 1, 2) and loss.name (mse_accel, spectral_rollout)" in printed
    assert "no model is meant by 'zzz'" in lab.error("show", "zzz")


def test_diff_names_the_keys_with_both_values(lab: Lab) -> None:
    run = make_run(lab.outputs, 1, lr=0.01, tf_corr=0.1)
    config = run.config()
    config["paths"]["outputs"] = "/elsewhere"
    run.claim(config, "f00d")
    lab("scan")
    decisive, rest, stand = lab("diff", lab.key(0), "optim.optimizer.lr=0.01").split("\n\n")
    assert [line.split() for line in decisive.splitlines()[3:]] == [
        ["optim.optimizer.lr", "0.001", "0.01"],
        ["seed", "0", "1"],
    ]
    assert [line.split() for line in rest.splitlines()[3:]] == [["paths.outputs", "outputs", "/elsewhere"]]
    assert ["val.tf_corr", "0.5", "0.1"] in table(stand)
    assert "they are one model" in lab("diff", lab.key(0), "seed=0")


def test_errors_are_one_line(lab: Lab) -> None:
    assert "close to it: loss.name" in lab.error("list", "where", "los.name=3")
    assert "is not a condition" in lab.error("list", "where", "seed")
    assert "invalid choice" in lab.error("lst")
    assert "no registry at" in lab.error("--outputs", "nowhere", "list")
    assert "no folder nowhere" in lab.error("clean", "--outputs", "nowhere")
    (lab.outputs / "broken").mkdir()
    (lab.outputs / "broken" / "config.yaml").write_text("a: [")
    (lab.outputs / "broken" / "state.json").write_text("{}")
    lab.patch.setattr("sys.argv", ["runs", "scan"])
    with pytest.raises(SystemExit):
        main()
    assert "not recorded: outputs/broken" in lab.capture.readouterr().err


def test_the_module_runs_piped_and_without_torch(lab: Lab) -> None:
    code = "import sys; from syrinx_lab.runs.__main__ import run; run(['list']); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert lab.key(2) in done.stdout
    assert "\x1b" not in done.stdout
    command = f"{sys.executable} -m syrinx_lab.runs show seed=1 | head -1"
    piped = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert (piped.stdout, piped.stderr) == (f"key         {lab.key(1)}\n", "")


def test_clean_shows_asks_and_removes_after_a_yes(lab: Lab) -> None:
    assert lab("clean") == "nothing to clean\n"
    gone = lab.key(0)
    (lab.outputs / "spectral_rollout-s0-0.001").rename(lab.outputs.parent / "away")
    unknown = lab.make(7, evaluated=False, status="failed")
    partial = lab.outputs / "spectral_rollout-s1-0.001" / "checkpoints" / "epoch00015.partial"
    partial.write_bytes(b"")
    for answer in ("n", "", None):
        printed = lab("clean", answer=answer)
        assert f"row without folder: {gone} spectral_rollout-s0-0.001" in printed
        assert "folder without row: outputs/spectral_rollout-s7-0.001 (2 checkpoints)" in printed
        assert f"left by a kill: outputs/{partial.relative_to(lab.outputs)}" in printed
        assert "nothing was removed" in printed
        assert len(lab.registry.models()) == 3
        assert unknown.path.is_dir()
        assert partial.exists()
    assert "removed 1 rows, 1 folders and 1 files" in lab("clean", answer="yes")
    assert sorted(row["seed"] for row in lab.registry.models()) == [1, 2]
    assert not unknown.path.exists()
    assert not partial.exists()
    assert len(RunDirectory(partial.parents[1]).checkpoints()) == 2
    assert lab("clean") == "nothing to clean\n"


def hold(path: str, ready: multiprocessing.synchronize.Event) -> None:
    """Hold the lock of a folder until killed."""
    with folder_lock(path, busy="busy"):
        ready.set()
        time.sleep(60)


def test_clean_never_removes_what_is_being_trained(lab: Lab) -> None:
    young = lab.make(11, status="running", evaluated=False, age_s=50 * 60)
    started = lab.make(12, status="claimed", evaluated=False, epochs=0, age_s=50 * 60)
    held = lab.make(13, status="running", evaluated=False)
    dead = lab.make(14, status="running", evaluated=False, age_s=70 * 60)
    (young.checkpoints_path / "epoch00015.partial").write_bytes(b"")
    os.utime(young.checkpoints_path, (OLD, OLD))
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=hold, args=(str(held.path), ready))
    process.start()
    try:
        assert ready.wait(60)
        printed = lab("clean", "--yes")
        assert printed.count("in use, left alone") == 3
        assert f"{held.path.relative_to(lab.outputs.parent)} (a process holds its lock)" in printed
        assert "removed 0 rows, 1 folders and 0 files" in printed
        assert all(run.state_path.exists() for run in (young, started, held))
        assert not dead.path.exists()
    finally:
        process.kill()
        process.join()
    for path in (*held.path.rglob("*"), held.path):
        os.utime(path, (OLD, OLD))
    assert lab("clean", "--yes").count("in use, left alone") == 2
    assert not held.path.exists()  # its lock went with its holder, and it is silent for long


def test_a_lock_that_is_free_shortens_the_wait_but_not_below_ten_epochs(lab: Lab) -> None:
    quick, slow = (lab.make(seed, status="running", evaluated=False, age_s=120) for seed in (21, 22))
    slow.history.append({"epoch": 10, "seconds": 13.0})
    for run in (quick, slow):
        (run.path / ".lock").write_text("")
        for path in (*run.path.rglob("*"), run.path):
            os.utime(path, (time.time() - 120,) * 2)
    printed = lab("clean", "--yes")
    assert not quick.path.exists()
    assert slow.path.exists()
    assert "it last wrote 2 min ago" in printed


def test_clean_keeps_models_of_worth(lab: Lab) -> None:
    good = lab.make(7)
    copy = lab.make(1, name="copy")
    printed = lab("clean", "--yes")
    assert "evaluated, left alone: outputs/spectral_rollout-s7-0.001" in printed
    assert "copy, left alone: outputs/copy" in printed
    assert good.path.exists()
    assert copy.path.exists()
    assert "1 of the folders hold evaluated models: `runs scan` records them instead" in lab("clean", answer="n")
    for file in lab.outputs.glob("registry.sqlite*"):
        file.unlink()
    assert "no registry" in lab.error("clean")
    Registry("outputs").forget([])
    assert "run `python -m syrinx_lab.runs scan` first" in lab.error("clean")
