"""The loop of a sweep, with a launcher that only writes records."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syrinx_lab.runs.choosing import choose
from syrinx_lab.runs.directory import find_run
from syrinx_lab.runs.job import Job
from syrinx_lab.runs.manifest import Manifest, SweepManifest, build_manifest
from syrinx_lab.runs.plan import Condition, SweepPlan, belongs, condition
from syrinx_lab.runs.registry import Registry
from syrinx_lab.runs.rung_record import RungRecord
from syrinx_lab.runs.rung_score import RungScore
from syrinx_lab.runs.rungs import CullResume
from syrinx_lab.runs.selected_record import SelectedRecord
from syrinx_lab.runs.sweep import run_sweep
from syrinx_lab.runs.sweep_folder import SweepFolder
from syrinx_lab.runs.sweep_study import read_sweep
from syrinx_lab.runs.watching import is_open_sweep

# val tf_corr by (lam, seed, epochs): seed 2 is the best after 4 epochs, seed 1 after 10, and lam=2 wins with seed 0
SCORES = {
    **{(1, 0, 4): 0.2, (1, 1, 4): 0.3, (1, 2, 4): 0.4, (1, 3, 4): 0.1, (1, 1, 10): 0.6, (1, 2, 10): 0.5},
    **{(1, 0, 10): 0.7, (1, 3, 10): 0.1},  # if they had not been culled
    **{(2, 0, 4): 0.5, (2, 1, 4): 0.4, (2, 2, 4): 0.1, (2, 3, 4): 0.1, (2, 0, 10): 0.9, (2, 1, 10): 0.2},
}


class Stage:
    """A launcher that does what a sweep's jobs do, and whatever `act` adds: it says how a job ends."""

    def __init__(self, root: Path, act: Callable[[Job], str] = lambda job: "trained") -> None:
        self.folder = SweepFolder(root / "outputs" / "sweeps" / "question")
        self.act = act
        self.clips: Callable[[int], str] = lambda lam: "the same"
        self.scores = dict(SCORES)
        self.launched: list[tuple[str, int, str]] = []
        self.batches: list[int] = []

    def __call__(self, jobs: Sequence[Job]) -> None:
        self.batches.append(len(jobs))
        for job in jobs:
            self.launched.append((job.condition.label, job.seed, job.record))
            status = self.act(job)
            lam = int(job.condition.label[-1:] or 1)
            if status == "lost":
                continue
            whose = {"seed": job.seed, "epochs": job.epochs, "run": f"run-{lam}-{job.seed}", "data_fingerprint": "f00d"}
            if status == "failed":
                record = replace(job.lost("out of luck"), status=status)
            elif job.selected:
                self.evaluate(self.folder.outputs / str(whose["run"]), job.seed, lam)
                record = SelectedRecord(**whose, status=status, model_epoch=job.epochs, checkpoint="c")
            else:
                value = None if status == "diverged" else self.scores[lam, job.seed, job.epochs]
                raw, rescaled = {"tf_corr": value, "bounded_frac": 1.0}, {"tf_corr": (value or 0.0) / 2}
                score = RungScore({}, job.epochs, "c", self.clips(lam), 2, raw, rescaled, 1.5)
                record = RungRecord.scored(**whose, key="k", score=score, metric="tf_corr")
            path = self.folder.record_path(job)
            path.parent.mkdir(parents=True, exist_ok=True)
            record.write(path)

    def evaluate(self, run: Path, seed: int, lam: int) -> None:
        for name in ("audio", "figures"):
            (run / name).mkdir(parents=True, exist_ok=True)
            (run / name / "one").write_text(run.name)
        (run / "c").touch()
        manifest_of(seed, lam).write(run / "selected_model.json")

    def sweep(self, plan: SweepPlan) -> Any:
        self.said: list[str] = []
        return run_sweep(plan, self.folder, self, self.said.append)

    def table(self) -> list[dict[str, str]]:
        with open(self.folder.table_path, newline="") as file:
            return list(csv.DictReader(file))


def manifest_of(seed: int, lam: int, checkpoint: str = "c") -> Manifest:
    return build_manifest(
        config={"lam": lam},
        key="k",
        data_fingerprint="f00d",
        seed=seed,
        epoch=10,
        checkpoint=checkpoint,
        vocalisations={},
        rendition={"tf_corr": None, "pairs": 0},
        analytic=None,
        provenance={"versions": {}, "git": None, "created_at": "then"},
    )


def planned(lams: tuple[int, ...] = (1,), **changes: Any) -> SweepPlan:
    base = {"seed": 0, "n_epochs": 10, "eval": {}, "search": {}, "checkpoint": {}, "callbacks": {}} | changes
    rungs = CullResume().rungs(10, 4)
    made = [condition((f"lam={lam}",) if len(lams) > 1 else (), {**base, "lam": lam}, rungs)[0] for lam in lams]
    compared = {"lam": [str(lam) for lam in lams]} if len(lams) > 1 else {}
    return SweepPlan(compared, (0, 1, 2, 3), tuple(made), "tf_corr", {})


def test_seeds_are_culled_resumed_and_selected(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    selected = stage.sweep(planned())
    rungs = [("", seed, "epoch00004.json") for seed in range(4)] + [("", s, "epoch00010.json") for s in (2, 1)]
    assert stage.launched == [*rungs, ("", 1, "selected.json")]
    assert stage.batches == [4, 2, 1]
    whose = {"run": "../../run-1-1", "sweep_name": "question", "overrides": ()}
    assert selected == SweepManifest.of(manifest_of(seed=1, lam=1), **whose)
    assert (stage.folder.path / "audio" / "one").read_text() == "run-1-1"
    rows = [[row[name] for name in ("seed", "epochs", "rank", "culled_at", "val/tf_corr")] for row in stage.table()]
    assert rows == [
        ["0", "4", "3", "4", "0.2"],
        ["1", "4", "2", "", "0.3"],
        ["2", "4", "1", "", "0.4"],
        ["3", "4", "4", "4", "0.1"],
        ["1", "10", "1", "", "0.6"],
        ["2", "10", "2", "", "0.5"],
    ]
    assert stage.table()[0]["val/rescaled_tf_corr"] == "0.1"
    assert "  1.  seed 1  tf_corr 0.600  bounded_frac 1.000  selected" in stage.said


def test_modes_share_a_launch_and_the_best_of_all_stands_at_the_top(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    selected = stage.sweep(planned((1, 2)))
    assert stage.batches == [8, 4, 2]
    assert (selected.config["lam"], selected.seed, selected.run) == (2, 0, "../../run-2-0")
    assert selected.overrides == ("lam=2",)
    for name, run in (("lam=1", "run-1-1"), ("lam=2", "run-2-0"), ("", "run-2-0")):
        assert (stage.folder.path / name / "figures" / "one").read_text() == run
    assert stage.folder.selected(stage.folder.path / "lam=1").run == "../../../run-1-1"


def test_scores_of_different_clips_have_no_best_of_all(tmp_path: Path) -> None:
    """lam=3 is scored on the clips of lam=1, lam=2 on others: 0.9 there says nothing about 0.6 here."""
    stage = Stage(tmp_path)
    stage.scores |= {(3, seed, epochs): score - 0.05 for (lam, seed, epochs), score in SCORES.items() if lam == 1}
    stage.clips = lambda lam: "others" if lam == 2 else "the same"
    found = stage.sweep(planned((1, 2, 3)))
    assert [(one.condition, one.compared_with, one.seed, one.val) for one in found.selected] == [
        ("lam=1", ("lam=3",), 1, 0.6),
        ("lam=2", (), 0, 0.9),
    ]
    folder = stage.folder
    assert found == folder.apart()
    assert not (folder.path / "selected_model.json").exists()
    assert folder.selected(folder.path / "lam=2").seed == 0
    assert not is_open_sweep(folder.path)
    stage.launched.clear()
    assert stage.sweep(planned((1, 2, 3))) == found
    assert stage.launched == []
    for ask in (find_run, lambda path: choose(Registry(folder.outputs), [str(path)])):
        with pytest.raises(ValueError, match=r"no best model of all, .*: give the folder of one \(lam=1, lam=2\)"):
            ask(folder.path)
    study = read_sweep(folder.path)
    assert (study.winners, study.best) == ((1, 2), None)


def test_a_model_that_another_command_scored_meanwhile_is_scored_again(tmp_path: Path) -> None:
    """The run's manifest is of another checkpoint by the time that the sweep would copy it."""
    stage = Stage(tmp_path)
    expected = stage.sweep(planned())
    (stage.folder.path / "selected_model.json").unlink()
    manifest_of(1, 1, checkpoint="d").write(stage.folder.outputs / "run-1-1" / "selected_model.json")
    stage.launched.clear()
    assert stage.sweep(planned()) == expected
    assert stage.launched == [("", 1, "selected.json")]


def test_a_selected_checkpoint_that_was_removed_is_asked_for_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    expected = stage.sweep(planned())
    (stage.folder.outputs / "run-1-1" / "c").unlink()
    stage.launched.clear()
    assert stage.sweep(planned()) == expected
    assert stage.launched == [("", 1, "selected.json")]
    shutil.rmtree(stage.folder.outputs / "run-1-1")
    stage.launched.clear()
    assert stage.sweep(planned()) == expected
    assert stage.launched == [("", 1, "selected.json")]


def test_the_same_call_again_launches_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    first = stage.sweep(planned((1, 2)))
    table = stage.folder.table_path.read_bytes()
    stage.launched.clear()
    assert stage.sweep(planned((1, 2))) == first
    assert stage.launched == []
    assert stage.folder.table_path.read_bytes() == table


def test_failed_and_diverged_seeds_rank_last_and_end_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lambda job: {2: "failed", 1: "diverged"}.get(job.seed, "trained"))
    assert stage.sweep(planned()).seed == 0
    rows = {row["seed"]: row for row in stage.table() if row["epochs"] == "4"}
    assert [rows[seed]["status"] for seed in "0312"] == ["trained", "trained", "diverged", "failed"]
    assert [rows[seed]["rank"] for seed in "0312"] == ["1", "2", "3", "4"]
    assert rows["2"]["reason"] == "out of luck"
    stage.launched.clear()
    stage.sweep(planned())
    assert stage.launched == [], "what a decision was made on is not tried again"


def test_a_lost_job_is_launched_again_twice_and_then_given_up(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lambda job: "lost" if job.seed == 2 else "trained")
    assert stage.sweep(planned()).seed == 0
    assert stage.launched.count(("", 2, "epoch00004.json")) == 3
    assert stage.launched.count(("", 0, "epoch00004.json")) == 1
    assert next(row for row in stage.table() if row["seed"] == "2")["status"] == "lost"


def test_a_job_that_takes_its_neighbours_with_it_is_launched_alone_in_the_end(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    launch = stage.__call__

    def deadly(jobs: Sequence[Job]) -> None:
        if any(job.seed == 3 for job in jobs):
            stage.batches.append(len(jobs))
            raise RuntimeError("a worker was killed")
        launch(jobs)

    run_sweep(planned(), stage.folder, deadly, lambda line: None)
    assert stage.batches[:6] == [4, 4, 1, 1, 1, 1]
    rows = {row["seed"]: row for row in stage.table() if row["epochs"] == "4"}
    assert [rows[seed]["status"] for seed in "0123"] == ["trained", "trained", "trained", "lost"]
    assert "RuntimeError: a worker was killed" in rows["3"]["reason"]


def test_no_seed_came_through(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lambda job: "failed" if "1" in job.condition.label else "trained")
    with pytest.raises(ValueError, match=r"no seed came through in lam=1"):
        stage.sweep(planned((1, 2)))
    assert "  1.  seed 0  failed  out of luck" in stage.said
    assert stage.folder.selected(stage.folder.path).config["lam"] == 2, "the other condition is brought to its end"
    stage.scores[1, 2, 10] = 0.95
    stage.act = lambda job: "trained"
    stage.launched.clear()
    assert stage.sweep(planned((1, 2))).config["lam"] == 1, (
        "the same call tries again, and the best of all is found anew"
    )
    assert {label for label, _, _ in stage.launched} == {"lam=1"}


def test_an_evaluation_that_fails_is_reported_and_tried_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lambda job: "failed" if job.selected else "trained")
    with pytest.raises(ValueError, match="seed 1 was selected, and its evaluation failed: out of luck"):
        stage.sweep(planned())
    stage.act = lambda job: "trained"
    stage.launched.clear()
    assert stage.sweep(planned()).seed == 1
    assert stage.launched == [("", 1, "selected.json")]


def test_another_sweep_is_refused_and_what_differs_is_named(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.sweep(planned())
    before = stage.folder.plan_path.read_bytes()
    with pytest.raises(ValueError, match=r"holds another sweep: .*config\.sampler \(there absent, now 'uniform'\)"):
        stage.sweep(planned(sampler="uniform"))
    assert stage.folder.plan_path.read_bytes() == before


def test_recordings_may_be_moved_but_not_exchanged(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    there, elsewhere = ({"data": {"root": root, "annotation_root": None}} for root in ("song", "/elsewhere/song"))
    expected = stage.sweep(planned((1, 2), **there))
    stage.launched.clear()
    asked: list[str] = []

    def fingerprint(one: Condition) -> str:
        asked.append(one.label)
        return "f00d"

    moved = planned((1, 2), **elsewhere)
    assert run_sweep(moved, stage.folder, stage, lambda line: None, fingerprint) == expected
    assert (asked, stage.launched) == (["lam=1", "lam=2"], [])
    run_sweep(moved, stage.folder, stage, lambda line: None, fingerprint)
    assert len(asked) == 2, "from then on it is the plan"
    before = stage.folder.plan_path.read_bytes()
    with pytest.raises(ValueError, match=r"holds another sweep: data_fingerprint \(there f00d, now beef\)"):
        run_sweep(planned((1, 2), **there), stage.folder, stage, lambda line: None, lambda one: "beef")
    assert stage.folder.plan_path.read_bytes() == before
    with pytest.raises(ValueError, match=r"holds another sweep: .*data\.channel"):
        stage.sweep(planned((1, 2), data={"root": "song", "annotation_root": None, "channel": 1}))


def test_a_run_belongs_to_its_condition_wherever_its_recordings_lie() -> None:
    config = {"seed": 3, "lam": 1, "data": {"root": "there", "channel": 0}}
    planned_config = {"lam": 1, "data": {"root": "here", "channel": 0}}
    assert belongs(planned_config, config, ["lam"])
    assert not belongs(planned_config, config, ["+data.root"]), "what is compared counts"
    assert not belongs({**planned_config, "lam": 2}, config, ["lam"])
    assert not belongs(planned_config, {**config, "init_weights": "ab"}, ["lam"])


def test_wherever_the_loop_dies_the_next_call_ends_alike(tmp_path: Path) -> None:
    whole = Stage(tmp_path / "whole")
    expected = whole.sweep(planned((1, 2)))
    stage = Stage(tmp_path / "killed")
    deaths = 0

    def dying(job: Job) -> str:
        nonlocal deaths
        if stage.launched.count(stage.launched[-1]) == 1:  # every job dies once, and everything with it
            deaths += 1
            raise KeyboardInterrupt
        return "trained"

    stage.act = dying
    while True:
        try:
            selected = stage.sweep(planned((1, 2)))
            break
        except KeyboardInterrupt:
            continue
    assert deaths == 14
    assert selected == expected
    assert stage.folder.table_path.read_bytes() == whole.folder.table_path.read_bytes()


def files(root: Path) -> dict[str, bytes]:
    """All files of a tree but for locks and what an unfinished write leaves under a temporary name."""
    found = [path for path in root.rglob("*") if path.is_file() and not path.name.endswith((".tmp", ".lock"))]
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_death_at_any_write_changes_nothing_in_the_end(tmp_path: Path, after: bool) -> None:
    whole = Stage(tmp_path / "whole")
    expected = whole.sweep(planned((1, 2)))
    alive = True
    number = 0
    while alive:
        number += 1
        root = tmp_path / f"{number}"
        child = os.fork()
        if child == 0:
            die_at_rename(number, after)
            Stage(root).sweep(planned((1, 2)))
            os._exit(0)
        alive = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        assert Stage(root).sweep(planned((1, 2))) == expected
        assert files(root) == files(tmp_path / "whole"), f"dead at write {number}"
    assert number > 30, "the sweep writes that often"


def die_at_rename(number: int, after: bool) -> None:
    """End this process, and clean up nothing, when it puts the number-th file or folder in its place."""
    count = 0

    def deadly(rename: Callable[..., None]) -> Callable[..., None]:
        def counted(*arguments: Any, **options: Any) -> None:
            nonlocal count
            count += 1
            if count == number and not after:
                os._exit(9)
            rename(*arguments, **options)
            if count == number:
                os._exit(9)

        return counted

    os.replace, os.rename = deadly(os.replace), deadly(os.rename)
