"""Runs without a sweep, grouped into conditions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from made_sweeps import MadeSweep

from syrinx_lab.reporting.notes import notes
from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.manifest import Manifest
from syrinx_lab.runs.run_study import read_runs


def outputs(root: Path) -> MadeSweep:
    """Three runs of one condition, the third not evaluated, and one of another."""
    made = MadeSweep(root)
    for loss, seed, epochs in (("mse_accel", 0, 10), ("mse_accel", 1, 10), ("mse_accel", 2, 6), ("spectral_rollout", 0, 10)):  # noqa: E501  # fmt: skip
        run = made.train(loss, seed, epochs)
        if epochs == 10:
            made.evaluate(run, loss, seed)
    return made


def test_runs_that_differ_in_the_seed_alone_are_a_condition(tmp_path: Path) -> None:
    made = outputs(tmp_path)
    study = read_runs([made.folder.outputs])
    assert [(condition.name, [seed.seed for seed in condition.seeds]) for condition in study.conditions] == [
        ("name=mse_accel", [0, 1, 2]),
        ("name=spectral_rollout", [0]),
    ]
    assert study.compared == {"loss.name": ["mse_accel", "spectral_rollout"]}
    chosen = study.conditions[0].selected
    assert chosen is not None
    assert chosen.seed == 1, "0.2 on val, against 0.1 of seed 0"
    assert study.best == 2, "0.3 on val"
    # what was not evaluated has the scores that were seen while it trained
    last = study.conditions[0].seeds[2].last
    assert last is not None
    assert (last.epochs, last.raw["tf_corr"]) == (6, 0.26)
    assert not study.is_sweep


def test_models_scored_on_different_clips_are_not_ranked_with_each_other(tmp_path: Path) -> None:
    made = outputs(tmp_path)
    for path in sorted(made.folder.outputs.glob("*/selected_model.json")):
        manifest = Manifest.read(path)
        val = {**manifest.scores["val"], "clips": path.parent.name.partition("-")[0]}  # by loss
        replace(manifest, scores={**manifest.scores, "val": val}).write(path)
    study = read_runs([made.folder.outputs])
    assert (study.winners, study.best) == ((1, 2), None)


def test_what_makes_scores_doubtful_is_said(tmp_path: Path) -> None:
    made = outputs(tmp_path)
    run = RunDirectory(made.folder.outputs / "mse_accel-s0")
    config, manifest = run.config(), Manifest.read(run.manifest_path)
    run.config_path.write_text(yaml.safe_dump({**config, "checkpoint": {"metric": "tf_corr", "rule": "last"}}))
    changed = "test: 1 recording (x) changed since the training (samples or annotation)"
    test = {**manifest.scores["test"], "changes": [changed]}
    replace(manifest, scores={**manifest.scores, "test": test}, epoch=8).write(run.manifest_path)
    assert notes(read_runs([run.path])) == [
        "1 the run: test: 1 recording (x) changed since the training (samples or annotation).",
        "1 the run: its scores are those of epoch 8, and it has been trained to epoch 10 since: the command that "
        "trained it scores it again.",
    ]


def test_a_single_run(tmp_path: Path) -> None:
    made = outputs(tmp_path)
    study = read_runs([made.folder.outputs / "mse_accel-s0" / "config.yaml"])
    assert study.name == "mse_accel-s0"
    assert [condition.name for condition in study.conditions] == ["the run"]
    assert study.conditions[0].seeds[0].outcome == "selected"
    assert study.conditions[0].folder.name == "mse_accel-s0"


def test_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no run lies in"):
        read_runs([tmp_path])
