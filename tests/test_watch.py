"""`python -m syrinx_lab.watch`: what it says of runs that train."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from syrinx_lab.metrics.facts import MetricFacts, headline, with_metric_facts
from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.events import events_between
from syrinx_lab.runs.identity import identity
from syrinx_lab.runs.listing import table_width
from syrinx_lab.runs.plan import Condition, SweepPlan
from syrinx_lab.runs.progress import Progress, read_progress, refuse_unlogged
from syrinx_lab.runs.watching import as_text, is_open_sweep, names_of, watched
from syrinx_lab.watch import fitting, ranking, table_columns

CONFIG: dict[str, Any] = {
    "seed": 0,
    "n_epochs": 50,
    "loss": {"name": "spectral_rollout", "lam_spec": 1.0},
    "trainer": {"max_epochs": 20},
    "checkpoint": {"metric": "tf_corr"},
}


def begin(folder: Path, seed: int = 0, loss: str = "spectral_rollout") -> RunDirectory:
    run = RunDirectory(folder)
    run.claim({**CONFIG, "seed": seed, "loss": {"name": loss, "lam_spec": float(loss == "spectral_rollout")}}, "f00d")
    run.set_status("running")
    return run


def epochs(run: RunDirectory, first: int, last: int, seconds: float = 2.0) -> None:
    """Train: tf_corr rises by 0.05 an epoch until epoch 4 and then no more."""
    for epoch in range(first, last + 1):
        row: dict[str, Any] = {
            **{"epoch": epoch, "seconds": seconds, "loss/total": 2.0 / epoch, "loss/spec": 1.5, "loss/env": 0.0},
            **{"loss/nan_skip": 2.0 * (epoch == 3), "train/horizon": 512.0 if epoch < 6 else 1024.0},
        }
        if epoch % 2 == 0:
            row |= {"val/tf_corr": 0.05 * min(epoch, 4), "val/autonomy": -1.5, "val/bounded_frac": 1.0}
        run.history.append(row)


def events_of(before: list[Progress] | None, now: list[Progress], names: dict[Path, str]) -> list[str]:
    """The lines of what has happened, less the time of day."""
    found = [event.as_line() for event in events_between(before, now, names, at=0.0)]
    return [re.sub(r"  at \d\d:\d\d:\d\d$", "", line) for line in found if not line.startswith("NAN_SPIKE")]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "syrinx_lab.watch", *words]


def test_a_run_as_it_stands(tmp_path: Path) -> None:
    run = begin(tmp_path)
    assert read_progress(run).epoch == 0
    epochs(run, 1, 7)
    epochs(run, 8, 9, seconds=4.0)
    run.checkpoint_path(5).write_bytes(b"")
    now = read_progress(run, patience=4)
    assert (now.epoch, now.target, now.planned, now.status, now.under_way) == (9, 20, 50, "running", True)
    assert now.losses == {"total": 2 / 9, "spec": 1.5, "env": 0.0, "nan_skip": 0.0}
    assert (now.scores["tf_corr"], now.scored_epoch) == (0.2, 8)
    assert (now.horizon, now.skipped) == (1024, 2)
    assert (now.epoch_s, now.eta_s) == (2.0, 22.0)  # the median of the last five
    assert now.plateau is not None
    assert (now.plateau.since, now.plateau.detected_at) == (4, 8)
    assert read_progress(run, patience=5).plateau is None
    assert read_progress(run, metric="loss/spec", patience=4).plateau is not None
    for path in (*run.path.rglob("*"), run.path):
        os.utime(path, (time.time() - 2 * 3600,) * 2)
    now = read_progress(run)
    assert (now.status, now.under_way, now.eta_s) == ("silent 2 h 00 min", False, None)
    run.set_status("finished", epoch=9)
    assert read_progress(run).eta_s is None
    with pytest.raises(ValueError, match="is not a run"):
        read_progress(RunDirectory(tmp_path / "none"))


def test_a_score_of_which_less_is_better_has_its_plateau_at_its_least(tmp_path: Path) -> None:
    run = begin(tmp_path)
    for epoch, value in enumerate([3.0, 1.0, 2.0, 2.5, 4.0, 5.0], start=1):
        run.history.append({"epoch": epoch, "val/amp_pen": value, "val/rescaled_amp_pen": value})
    for metric in ("val/amp_pen", "val/rescaled_amp_pen"):
        plateau = read_progress(run, metric=metric, patience=3).plateau
        assert plateau is not None
        assert (plateau.since, plateau.best) == (2, 1.0), metric
    for metric in ("val/nonsense", "train/horizon", "tf_korr"):
        with pytest.raises(ValueError, match=f"cannot rank by {metric}: "):
            read_progress(run, metric=metric)


def test_a_loss_that_no_run_logs_is_refused(tmp_path: Path) -> None:
    run = begin(tmp_path)
    epochs(run, 1, 2)
    now = [read_progress(run)]
    refuse_unlogged("loss/spec", now)
    refuse_unlogged("loss/sepc", [])  # nothing is known before a run has begun
    with pytest.raises(ValueError, match=r"^no run logs loss/sepc: use one of loss/env, .*loss/total, or val/METRIC$"):
        refuse_unlogged("loss/sepc", now)


def test_news_comes_once_and_by_number(tmp_path: Path) -> None:
    run = begin(tmp_path)
    names = {run.path: "seed=0"}
    epochs(run, 1, 4)
    run.checkpoint_path(2).write_bytes(b"")
    first = [read_progress(run, patience=4)]
    assert events_of(None, first, names) == []
    assert [line.split()[0] for line in events_of([], first, names)] == ["NEW_CHECKPOINT"]  # a sweep's first run
    epochs(run, 5, 8)
    for epoch in (100_000, 4, 99_999):
        run.checkpoint_path(epoch).write_bytes(b"")
    second = [read_progress(run, patience=4)]
    assert [line.split()[:4] for line in events_of(first, second, names)] == [
        ["NEW_CHECKPOINT", "seed=0", "epoch", "4"],
        ["NEW_CHECKPOINT", "seed=0", "epoch", "99999"],
        ["NEW_CHECKPOINT", "seed=0", "epoch", "100000"],
        ["PLATEAU", "seed=0", "epoch", "8:"],
    ]
    assert events_of(second, [read_progress(run, patience=4)], names) == []
    # a run that begins while others are watched reports its checkpoints too
    other = begin(tmp_path / "other", seed=1)
    other.checkpoint_path(2).write_bytes(b"")
    lines = events_of(second, [*second, read_progress(other)], {**names, other.path: "seed=1"})
    assert lines == [f"NEW_CHECKPOINT seed=1 epoch 2 {other.checkpoint_path(2)}"]


def test_runs_are_found_and_named_by_what_varies(tmp_path: Path) -> None:
    runs = [begin(tmp_path / f"r{n}", seed, loss) for n, (seed, loss) in
            enumerate([(1, "mse_accel"), (2, "mse_accel"), (1, "spectral_rollout")])]  # fmt: skip
    found = watched([tmp_path / "r1" / "config.yaml", tmp_path])
    assert [run.path.name for run in found] == ["r1", "r0", "r2"]
    names = names_of([run.config() for run in runs], runs)
    assert names[0] == {"loss.name": "mse_accel", "seed": "1"}
    assert as_text(names[2]) == "loss.name=spectral_rollout seed=1"
    assert names_of([runs[0].config()], runs[:1]) == [{"run": "r0"}]
    with pytest.raises(ValueError, match="no such run"):
        watched([tmp_path / "typo"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no run lies in"):
        watched([tmp_path / "empty"])


def test_a_sweep_is_its_seeds_as_they_begin(tmp_path: Path) -> None:
    sweep = tmp_path / "sweeps" / "question"
    sweep.mkdir(parents=True)
    model = {key: value for key, value in identity(CONFIG).items() if key != "seed"}
    SweepPlan({}, (1, 2), (Condition("", (), 10, (), model),), "tf_corr", {}).write(sweep / "plan.json")
    assert watched([sweep]) == []
    for seed, loss in ((1, "spectral_rollout"), (3, "spectral_rollout"), (2, "mse_accel")):
        begin(tmp_path / f"{loss}-{seed}", seed, loss)
    assert [run.path.name for run in watched([sweep])] == ["spectral_rollout-1"]
    assert is_open_sweep(sweep)
    (sweep / "selected_model.json").write_text("{}")
    assert not is_open_sweep(sweep)


def test_once_prints_one_table_and_draws(tmp_path: Path) -> None:
    for seed in (10, 2):
        epochs(begin(tmp_path / "outputs" / f"r{seed}", seed), 1, 8)
    words = ("run=outputs", "once=true", "patience=4", "overlay=deep/losses.png")
    done = subprocess.run(command(*words), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == [
        *("seed", "status", "epoch", "total", "spec", "tf_corr", "autonomy", "bounded_frac", "wrong_partial"),
        *("H", "ckpt", "skipped", "s/epoch", "ETA"),
    ]
    assert [line.split() for line in lines[2:4]] == [
        [seed, "running", "8/20", "0.25", "1.5", "0.200", "-1.500", "1.000", "-", "1024", "-", "2", "2", "24", "s"]
        for seed in ("2", "10")
    ]
    assert [line.split()[:4] for line in lines[4:10]] == [
        *([what, f"seed={n}", "epoch", at] for n in (2, 10) for what, at in (("NAN_SPIKE", "3:"), ("PLATEAU", "8:"))),
        *(["HEARTBEAT", f"seed={n}", "epoch", "8:"] for n in (2, 10)),
    ]
    assert lines[10].split() == ["look", "at", "deep/losses.png"]
    assert (tmp_path / "deep" / "losses.png").stat().st_size > 10_000
    assert all(len(line) <= 120 for line in lines[:4])


def test_headlines_from_outside_and_the_metric_keep_their_columns_where_there_is_little_room(tmp_path: Path) -> None:
    facts = {"gap": MetricFacts("gap", "dB", False, headline=True), "aside": MetricFacts("aside", "dB", False)}
    terms = {f"loss/term_{letter}": 1.25 for letter in "abcdefgh"}
    for seed in (1, 2):
        run = RunDirectory(tmp_path / f"r{seed}")
        run.claim({**with_metric_facts({**CONFIG, "eval": {}}, facts), "seed": seed}, "f00d")
        scores = {"val/tf_corr": 0.3, "val/autonomy": -1.5, "val/bounded_frac": 1.0, "val/gap": 1.7, "val/aside": 4.0}
        run.history.append({"epoch": 1, "seconds": 2.0, "loss/total": 2.0, **terms, **scores, "val/env_corr": 0.5})
    names = [{"run": f"a_run_of_a_name_that_takes_half_of_the_room_{seed}"} for seed in (1, 2)]

    labs = [name for name in headline() if name != "autonomy"]
    kept = ["run", "status", "epoch", "total", *labs, "gap", "ckpt", "ETA"]

    def columns(metric: str | None) -> list[str]:
        now = [read_progress(run, metric=metric) for run in watched([tmp_path])]
        there = table_columns(now, names)
        return list(fitting(there, table_width({name: there[name] for name in kept}), ranking(now)))

    assert columns(None) == kept
    assert "aside" in columns("val/aside")
    assert "env_corr" in columns("val/env_corr"), "one of the lab's own that is no headline"
    assert "term_c" in columns("loss/term_c")
    assert "term_c" not in columns("val/gap")


def test_it_follows_until_the_run_ends(tmp_path: Path) -> None:
    run = begin(tmp_path / "outputs" / "run")
    epochs(run, 1, 2)
    watching = subprocess.Popen(
        command("run=outputs/run", "every_s=0.05", "patience=4"),
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    lines: list[str] = []
    assert watching.stdout is not None
    reader = threading.Thread(target=lambda: lines.extend(iter(watching.stdout.readline, "")))  # type: ignore[union-attr]
    reader.start()

    def until(pattern: str) -> None:
        limit = time.monotonic() + 30
        while not any(re.search(pattern, line) for line in lines):
            assert time.monotonic() < limit, lines
            time.sleep(0.02)

    try:
        until(r"running +2/20")
        run.checkpoint_path(2).write_bytes(b"")
        until("NEW_CHECKPOINT run epoch 2 outputs/run/checkpoints/epoch00002.ckpt")
        epochs(run, 3, 8)
        until("PLATEAU run epoch 8: val/tf_corr is no better than 0.200 since epoch 4")
        until(r"run  running  epoch 8/20  total 0.25  spec 1.5  tf_corr 0.200")
        run.set_status("finished", epoch=8)
        assert watching.wait(timeout=30) == 0
    finally:
        watching.kill()
        reader.join()
    assert lines[-1].startswith("run  finished  epoch 8/20")
    assert sum("NEW_CHECKPOINT" in line for line in lines) == 1


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(command("run=nowhere"), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "error: nowhere: no such run; give a run, a sweep or a folder with runs\n"
