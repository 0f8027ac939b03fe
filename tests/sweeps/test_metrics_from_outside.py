"""A stranger's metrics, in a module of their own, select, are logged and drawn; who reads the runs lacks the module."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from forks import Forks
from matplotlib import pyplot
from wandb_files import read_pieces

from syrinx_lab.metrics.facts import headline
from syrinx_lab.reporting.drawing import draw
from syrinx_lab.reporting.listening import listen
from syrinx_lab.reporting.tables import score_table, summary
from syrinx_lab.runs.__main__ import run
from syrinx_lab.runs.activity import UNDER_WAY
from syrinx_lab.runs.choosing import ranked
from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.progress import read_progress
from syrinx_lab.runs.registry import Registry
from syrinx_lab.runs.run_study import read_runs
from syrinx_lab.runs.sweep_study import read_sweep
from syrinx_lab.runs.watching import metrics_at

MODULE = '''
import numpy as np
from syrinx_lab.metrics.metric import Metric


class Distance(Metric):
    """RMS of the difference between output and target, in thousandths of full scale."""

    unit = "mFS"
    higher_is_better = False
    headline = True
    low = 0.0

    def __init__(self, factor: float = 1000.0):
        self.factor = factor

    def score(self, clip):
        assert clip.drives.gamma.shape[0] == 1 and len(clip.state_x) == len(clip.output)
        return self.factor * float(np.sqrt(np.mean((clip.output - clip.target) ** 2)))


class Reach(Distance):
    """The same, meant the other way round."""

    higher_is_better = True


class Broken(Distance):
    """It fails."""

    def score(self, clip):
        return [1.0, 2.0]
'''
EXPERIMENT = """# @package _global_
eval:
  metrics:
    distance: {_target_: birdlab.Distance}
    reach: {_target_: birdlab.Reach, factor: 10.0}
"""
SMALL = [
    *("--config-dir", "my_conf", "experiment=mine", "debug=tiny", "data=folder", "trainer.accelerator=cpu"),
    *("n_epochs=3", "sampler.max_segments=4", "eval.val_count=2", "eval.test_count=1", "eval.max_audio=1"),
]


class Lab:
    """A folder of the stranger's, with their module and their configuration."""

    def __init__(self, forks: Forks, cwd: Path, song: Path) -> None:
        self.forks, self.cwd, self.song = forks, cwd, song
        (cwd / "birdlab.py").write_text(MODULE)
        (cwd / "my_conf" / "experiment").mkdir(parents=True)
        (cwd / "my_conf" / "experiment" / "mine.yaml").write_text(EXPERIMENT)

    def train(self, *arguments: str) -> int:
        first = f"import sys; sys.path.insert(0, {str(self.cwd)!r})"
        words = [*SMALL, *arguments, f"data.root={self.song}"]
        words = ["-m", *words] if any("seed=" in word and "," in word for word in arguments) else words
        return self.forks.end(self.forks.start(self.cwd, "train", *words, first=first))

    def said(self) -> str:
        return (self.cwd / "log.txt").read_text()

    def folder(self, sweep: str) -> Path:
        return self.cwd / "outputs" / "sweeps" / sweep


def table(folder: Path) -> list[dict[str, str]]:
    with open(folder / "seed_cv.csv", newline="") as file:
        return list(csv.DictReader(file))


def manifest_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "selected_model.json").read_text())


def place(row: dict[str, Any], metric: str, less: bool, prefix: str = "val/") -> tuple[bool, float]:
    """Sort key of a candidate, best first."""
    value = float(row[f"{prefix}{metric}"])
    return float(row[f"{prefix}bounded_frac"]) < 0.9, value if less else -value


@pytest.fixture(scope="module")
def lab(forks: Forks, tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = Lab(forks, tmp_path_factory.mktemp("stranger"), tiny_song)
    culled = ["seed=0,1,2", "search.cull_frac=0.3", "search.cull_keep=1", "logger=none"]
    for metric in ("distance", "reach"):
        assert lab.train(f"checkpoint.metric={metric}", f"sweep_name={metric}", *culled) == 0, lab.said()
    return lab


@pytest.fixture(scope="module")
def single(lab: Lab) -> Path:
    """A run of its own, logged, whose model is the best checkpoint by distance."""
    mine = ["checkpoint=best", "checkpoint.metric=distance", "seed=9", "run_dir=single", "logger=wandb"]
    assert lab.train(*mine) == 0, lab.said()
    return lab.cwd / "single"


@pytest.mark.parametrize(("metric", "less"), [("distance", True), ("reach", False)])
def test_a_sweep_culls_and_selects_in_the_metrics_own_direction(lab: Lab, metric: str, less: bool) -> None:
    first = [row for row in table(lab.folder(metric)) if row["epochs"] == "1"]
    places = [place(row, metric, less) for row in first]
    assert len({value for _, value in places}) == 3, "else nothing is shown by the order"
    kept = next(row for row in first if not row["culled_at"])
    assert place(kept, metric, less) == min(places)
    manifest = manifest_of(lab.folder(metric))
    assert manifest["seed"] == int(kept["seed"])
    for split in ("val", "test"):
        scores = manifest["scores"][split]
        assert scores["raw"]["reach"] == pytest.approx(scores["raw"]["distance"] / 100)
        assert {"distance", "reach"} <= set(scores["rescaled"])
        assert {"distance", "reach"} <= set(scores["per_vocalisation"][0]["raw"])
    assert manifest["anchors"]["analytic"] is None or manifest["anchors"]["analytic"]["distance"] > 0


def test_the_two_directions_rank_opposite(lab: Lab) -> None:
    values = {
        metric: {row["seed"]: float(row[f"val/{metric}"]) for row in table(lab.folder(metric)) if row["epochs"] == "1"}
        for metric in ("distance", "reach")
    }
    by_distance = sorted(values["distance"], key=lambda seed: values["distance"][seed])
    by_reach = sorted(values["reach"], key=lambda seed: -values["reach"][seed])
    assert by_distance == by_reach[::-1], "the same models, the same values"


def test_a_run_selects_its_best_checkpoint(lab: Lab, single: Path) -> None:
    rows = RunDirectory(single).history.read()
    best = min(rows, key=lambda row: place(row, "distance", less=True))
    assert manifest_of(single)["epoch"] == best["epoch"]
    assert len({row["val/distance"] for row in rows}) == 3
    again = ["checkpoint=best", "checkpoint.metric=reach", "seed=9", "run_dir=single", "logger=none"]
    assert lab.train(*again) == 0, lab.said()
    farthest = min(rows, key=lambda row: place(row, "reach", less=False))
    assert manifest_of(single)["epoch"] == farthest["epoch"]
    assert farthest["epoch"] != best["epoch"]


def test_it_is_logged_and_drawn(lab: Lab, single: Path) -> None:
    row = RunDirectory(single).history.read()[-1]
    assert {"val/distance", "val/rescaled_distance", "val/reach"} <= set(row)
    logged = set().union(*(piece.names for piece in read_pieces(single)))
    assert {"val/distance", "val/rescaled_distance", "eval/test/distance", "eval/test/rescaled_reach"} <= logged
    titles = (single / "figures" / "losses.png").read_text().splitlines()
    assert titles.index("val/distance") == titles.index(f"val/{headline()[-1]}") + 1, "with the headlines"
    assert titles.index("val/reach") == titles.index("val/spec_corr") - 1
    assert "val distance" in lab.said(), "a headline stands in the line of an epoch"


def test_whoever_reads_the_runs_knows_it_without_its_module(
    lab: Lab, single: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(lab.cwd)
    rows = Registry("outputs").models()
    for metric, less in (("distance", True), ("reach", False)):
        found = ranked(rows, f"val.{metric}")
        assert found == sorted(rows, key=lambda row: place(row["val"], metric, less, ""))
        run(["best", "--by", f"val.{metric}"])
        assert found[0]["key"] in capsys.readouterr().out
    run(["list"])
    assert "val.distance" in capsys.readouterr().out, "a headline has a column"
    study = read_sweep(lab.folder("distance"))
    head = {name: metrics.higher_is_better for name, metrics in study.known.items() if name in ("distance", "reach")}
    assert head == {"distance": False, "reach": True}
    progress = read_progress(RunDirectory(single), metric="val/distance", patience=1)
    assert not progress.known["distance"].higher_is_better
    assert metrics_at([lab.folder("reach")])["reach"].higher_is_better
    assert read_progress(RunDirectory(single), patience=1).status not in UNDER_WAY
    drawn = draw(study)
    titles = [axes.get_title() for axes in drawn["scores"].axes]
    assert "distance (less is better)" in titles
    assert "reach" in titles
    units = {axes.get_title(): axes.get_ylabel() for axes in drawn["curves"].axes}
    assert units["val/distance"] == "mFS"
    pyplot.close("all")
    row = next(cells for cells in score_table(study).rows if cells[0].text == "distance")
    assert row[1].text == "mFS, less is better"
    assert "test distance" in summary(study).heads
    assert listen(study.conditions[0], study.metric, study.known)[0]
    assert read_runs([single]).known["distance"].unit == "mFS"
    assert "birdlab" not in sys.modules


def test_a_metric_that_fails_is_named_with_its_clip(lab: Lab) -> None:
    assert lab.train("eval.metrics.distance._target_=birdlab.Broken", "run_dir=broken", "logger=none") == 1
    last = lab.said().strip().splitlines()[-1]
    assert "syllable at " in last
    assert last.endswith("metric distance returned [1.0, 2.0]: return one number, or NaN where it is not defined")


def test_an_argument_that_the_class_does_not_have_is_refused(lab: Lab) -> None:
    assert lab.train("+eval.metrics.reach.faktor=3", "run_dir=typo", "logger=none") == 1
    assert "eval.metrics.reach.faktor is no setting of birdlab.Reach: use factor" in lab.said()
    assert lab.train("checkpoint.metric=distanze", "run_dir=typo", "logger=none") == 1
    assert "checkpoint.metric is 'distanze': use one of tf_corr, " in lab.said()
    assert not (lab.cwd / "typo").exists()
