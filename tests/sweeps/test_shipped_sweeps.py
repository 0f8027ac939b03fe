"""Every sweep that is shipped runs, at toy size, on a song made up for it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from forks import Forks
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from syrinx_lab.cli import sweeps_directory

SWEEPS = sorted(path for path in sweeps_directory().glob("*.yaml"))
TOY = [
    *("debug=tiny", "data=folder", "logger=none", "trainer.accelerator=cpu", "n_epochs=1", "seed=0"),
    *("sampler.max_segments=4", "eval.val_count=1", "eval.test_count=1", "eval.max_audio=1", "data.label=[a,b]"),
    "eval.lead_in=200",  # samples, for the backends that are loops in Python
]

FEWER = {  # that all of their values compose is another test's business
    "lambda_cv": ("loss.lam", "1.01,1.3594"),
    "what_makes_the_polynomial_sing": ("arm", "p3_turns,p9_all,p12_periods"),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all sweeps: models that several of them compare are trained once."""
    return tmp_path_factory.mktemp("lab")


def fewer(sweep: Path) -> list[tuple[str, str]]:
    """Key and values of what is swept over less of here."""
    return [FEWER[sweep.stem]] if sweep.stem in FEWER else []


def conditions(sweep: Path) -> int:
    """How many models with one seed a sweep compares."""
    count = 1
    params = OmegaConf.load(sweep).hydra.sweeper.params
    for key, values in {**params, **dict(fewer(sweep))}.items():
        override = OverridesParser.create().parse_override(f"{key}={values}")
        if key != "seed" and override.is_sweep_override():
            count *= len(list(override.sweep_string_iterator()))
    return count


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda path: path.stem)
def test_it_runs(sweep: Path, forks: Forks, tiny_song: Path, lab: Path) -> None:
    toy = [f"sweep_name={sweep.stem}", *TOY, *(f"{key}={values}" for key, values in fewer(sweep))]
    ended = forks.run(lab, "train", "-m", f"+sweeps={sweep.stem}", f"data.root={tiny_song}", *toy)
    assert ended == 0, (lab / "log.txt").read_text()[-2000:]
    folder = lab / "outputs" / "sweeps" / sweep.stem
    with open(folder / "seed_cv.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == conditions(sweep)
    assert {row["status"] for row in rows} == {"trained"}
    assert (folder / "selected_model.json").exists()
