"""What is read off a sweep's folder, whole or broken off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from made_sweeps import MadeSweep

from syrinx_lab.reporting.notes import notes
from syrinx_lab.runs.lock import folder_lock
from syrinx_lab.runs.loss_terms import warmups
from syrinx_lab.runs.study import short_name
from syrinx_lab.runs.sweep import Job
from syrinx_lab.runs.sweep_study import read_sweep


def test_a_whole_sweep(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path)
    made.sweep()
    study = read_sweep(made.path)
    assert (study.name, study.metric, study.seeds, study.under_way) == ("question", "tf_corr", (0, 1, 2, 3), False)
    assert [(condition.number, condition.name) for condition in study.conditions] == [
        (1, "mse_accel"),
        (2, "spectral_rollout"),
    ]
    assert study.best == 2
    condition = study.conditions[0]
    assert [seed.outcome for seed in condition.seeds] == [
        "culled after epoch 4",
        "culled after epoch 4",
        "trained to the end, rank 2",
        "selected",
    ]
    assert [[(c.epochs, c.rank, c.raw["tf_corr"]) for c in seed.results] for seed in condition.seeds] == [
        [(4, 4, 0.04)],
        [(4, 3, 0.14)],
        [(4, 2, 0.24), (10, 2, 0.3)],
        [(4, 1, 0.34), (10, 1, 0.4)],
    ]
    assert [seed.epoch for seed in condition.seeds] == [4, 4, 10, 10]
    assert condition.selected is condition.seeds[3]
    assert condition.of_selected("val", "raw")["tf_corr"] == 0.4
    assert condition.of_selected("test", "raw")["tf_corr"] == pytest.approx((0.3 + 0.1 + 0.9) / 3)
    assert condition.seeds[1].config["seed"] == 1
    assert warmups(condition.seeds[0].config) == {"spec": 3}
    assert notes(study) == []


def test_modes_on_different_clips_are_said_not_to_be_comparable(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path)
    made.sweep()
    (said,) = notes(replace(read_sweep(made.path), winners=(1, 2)))
    assert said.startswith("The conditions were scored on different clips of val, so that no model is the best of all")
    assert said.endswith("Best on its own clips: 1 mse_accel, 2 spectral_rollout.")


def test_a_sweep_that_was_killed_in_its_second_rung(tmp_path: Path) -> None:
    def act(job: Job) -> BaseException | None:
        return KeyboardInterrupt() if job.epochs == 10 and job.seed == 3 else None

    made = MadeSweep(tmp_path, act=act)
    with pytest.raises(KeyboardInterrupt):
        made.sweep()
    # seed 3 of the first condition had begun, and died in epoch 6
    made.train("mse_accel", 3, 6).set_status("running", epoch=6)
    study = read_sweep(made.path)
    assert study.best is None
    assert [seed.outcome for seed in study.conditions[0].seeds] == [
        *["culled after epoch 4"] * 2,
        "paused after epoch 4 of 10",
        "running after epoch 6 of 10",
    ]
    (ended,) = notes(study)
    assert ended.startswith("This sweep ended before it selected a model (8 of 8 seeds have begun")


def test_a_sweep_under_way_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = MadeSweep(tmp_path, act=lambda job: KeyboardInterrupt() if job.seed == 2 else None)
    with folder_lock(made.path, busy=""), pytest.raises(KeyboardInterrupt):
        made.sweep()
    # the lock belongs to a process, and this one must not ask for its own
    monkeypatch.setattr("syrinx_lab.runs.sweep_study.is_locked", lambda folder: True)
    study = read_sweep(made.path)
    assert [seed.outcome for seed in study.conditions[0].seeds[1:]] == [
        "paused after epoch 4 of 10",
        "not begun",
        "not begun",
    ]
    assert notes(study) == [
        "This sweep is still under way: 0 of 8 seeds have been trained to the end, 0 were culled. Ask again later."
    ]


def test_a_mode_in_which_nobody_came_through(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path, act=lambda job: "failed" if "mse" in job.condition.label else None)
    with pytest.raises(ValueError, match="no seed came through"):
        made.sweep()
    study = read_sweep(made.path)
    assert [seed.broken for seed in study.conditions[0].seeds] == ["failed"] * 4
    assert study.conditions[0].seeds[0].outcome == "failed by epoch 4: ValueError: out of luck"
    assert study.best == 2
    assert notes(study) == ["1 mse_accel: no seed came through. Seed 0 failed by epoch 4: ValueError: out of luck."]


def test_a_seed_that_diverged_is_not_merely_culled(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path, act=lambda job: "diverged" if job.seed == 0 else None)
    made.sweep()
    seed = read_sweep(made.path).conditions[1].seeds[0]
    assert (seed.broken, seed.culled_at) == ("diverged", 4)
    assert seed.outcome == "diverged by epoch 4: val tf_corr is not a number after epoch 4"


def test_seeds_alone_are_one_condition(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path, losses=("mse_accel",))
    made.sweep()
    study = read_sweep(made.path)
    assert [(condition.name, condition.overrides) for condition in study.conditions] == [("all seeds", ())]
    assert (study.best, study.conditions[0].selected) == (1, study.conditions[0].seeds[3])


def test_a_run_that_was_removed_is_missed(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path)
    made.sweep()
    for file in sorted((made.folder.outputs / "mse_accel-s1").rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    study = read_sweep(made.path)
    assert study.conditions[0].seeds[1].scores["tf_corr"] == 0.14
    assert notes(study) == ["1 mse_accel: the run of seed 1 has been removed; its curves are missing."]


def test_a_sweep_that_was_taken_out_of_its_outputs_keeps_its_scores(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path)
    made.sweep()
    study = read_sweep(made.path.rename(tmp_path / "sent"))
    assert (study.best, study.conditions[1].of_selected("val", "raw")["tf_corr"]) == (2, 0.6)
    assert study.conditions[0].seeds[3].scores["tf_corr"] == 0.4
    assert notes(study) == [
        f"{condition.number} {condition.name}: the run of seed 0, 1, 2, 3 has been removed; its curves are missing."
        for condition in study.conditions
    ]


def test_scores_without_the_oscillator_are_doubted(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path, share={"mse_accel": 0.49, "spectral_rollout": 0.5})
    made.sweep()
    (doubt,) = notes(read_sweep(made.path))
    assert doubt.startswith("1 mse_accel: oscillator_share is 0.490 on test, under 0.5")


def test_what_is_no_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is not a sweep: it has no plan\.json"):
        read_sweep(tmp_path)


def test_a_mode_is_called_by_what_a_person_typed() -> None:
    assert short_name(("loss=mse_accel", "+horizon=pow2")) == "mse_accel, pow2"
    assert short_name(("loss.terms.weights.loss.lam=1.01",)) == "lam=1.01"
