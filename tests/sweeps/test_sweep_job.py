"""What a job says of a seed that cannot be ranked."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from hydra_plugins.syrinx_lab_sweeper.sweeper import own_overrides
from syrinx_lab.runs.job import Job
from syrinx_lab.runs.plan import Condition
from syrinx_lab.runs.rung_record import RungRecord
from syrinx_lab.runs.rung_score import RungScore
from syrinx_lab.runs.sweep_folder import SweepFolder
from syrinx_lab.sweep_job import job_folder


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_score_that_is_no_number_is_divergence(value: float | None) -> None:
    score = RungScore({}, 20, "c", "c11b5", 2, {"tf_corr": value, "autonomy": 0.1}, {}, 1.5)
    whose = {"seed": 0, "epochs": 20, "run": "r", "key": "k", "data_fingerprint": "f00d"}
    diverged = RungRecord.scored(**whose, score=score, metric="tf_corr")
    assert (diverged.status, diverged.reason) == ("diverged", "val tf_corr is not a number after epoch 20")
    trained = RungRecord.scored(**whose, score=score, metric="autonomy")
    assert (trained.status, trained.reason) == ("trained", None)


def test_only_what_a_sweep_launches_is_a_job() -> None:
    assert job_folder(OmegaConf.create({"sweep_job": None})) is None
    with pytest.raises(ValueError, match=r"sweep_job=train is what a sweep \(-m\) gives its jobs: leave it out"):
        job_folder(OmegaConf.create({"sweep_job": "train"}))


@pytest.mark.parametrize("name", ["plain", "back\\slash", "it's", 'a "quote"', 'end\\"', "a=b"])
def test_a_job_writes_where_its_sweep_looks(name: str, tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path / name / "sweeps" / "one")
    job = Job(Condition(label=f"data.root={name}", overrides=(), n_epochs=1, rungs=(), config={}), seed=0, epochs=1)
    overrides = OverridesParser.create().parse_overrides(own_overrides(folder, job))
    given = {one.get_key_element(): one.value() for one in overrides}
    given_path = Path(str(given["hydra.sweep.dir"])) / str(given["hydra.sweep.subdir"])
    assert given_path == folder.job_path(job.condition, 0)
