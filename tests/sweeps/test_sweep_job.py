"""What a job says of a seed that cannot be ranked."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from hydra_plugins.syrinx_lab_sweeper.sweeper import _own
from syrinx_lab.runs.plan import Condition
from syrinx_lab.runs.sweep import Job
from syrinx_lab.runs.sweep_folder import SweepFolder
from syrinx_lab.sweep_job import _verdict, sweep_job


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_score_that_is_no_number_is_divergence(value: float | None) -> None:
    verdict = _verdict({"tf_corr": value, "autonomy": 0.1}, "tf_corr", 20)
    assert verdict == {"status": "diverged", "reason": "val tf_corr is not a number after epoch 20"}
    assert _verdict({"tf_corr": value, "autonomy": 0.1}, "autonomy", 20) == {"status": "trained", "reason": None}


def test_outside_hydra_nothing_is_a_job() -> None:
    assert sweep_job() is None


@pytest.mark.parametrize("name", ["plain", "back\\slash", "it's", 'a "quote"', 'end\\"', "a=b"])
def test_a_job_writes_where_its_sweep_looks(name: str, tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path / name / "sweeps" / "one")
    job = Job(Condition(label=f"data.root={name}", overrides=(), n_epochs=1, rungs=(), config={}), seed=0, epochs=1)
    overrides = OverridesParser.create().parse_overrides(_own(folder, job))
    given = {one.get_key_element(): one.value() for one in overrides}
    given_path = Path(str(given["hydra.sweep.dir"])) / str(given["hydra.sweep.subdir"])
    assert given_path == folder.job_path(job.condition, 0)
