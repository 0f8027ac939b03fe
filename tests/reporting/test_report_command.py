"""`python -m syrinx_lab.report`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from made_sweeps import MadeSweep


def command(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "syrinx_lab.report", *words]
    return subprocess.run(call, cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lab")
    MadeSweep(root, losses=("spectral_rollout", "mse_accel"), sounds=0).sweep()
    return root


def test_a_sweep_is_written_beside_its_models(root: Path) -> None:
    done = command(root, "sweep=outputs/sweeps/question")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "look at   outputs/sweeps/question/report/report.html"
    text = (root / "outputs" / "sweeps" / "question" / "report" / "report.html").read_text()
    assert "Does the spectral rollout make song that the acceleration objective does not?" in text
    assert not (root / "outputs" / "registry.sqlite").exists(), "a report writes nothing but itself"


def test_a_run_is_written_to_the_folder_that_is_given(root: Path, tmp_path: Path) -> None:
    done = command(root, "run=outputs/mse_accel-s3", f"out={tmp_path / 'deep' / 'page'}")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "deep" / "page").iterdir()} == {"report.html", "scores.png", "curves.png"}
    assert "Culling" not in (tmp_path / "deep" / "page" / "report.html").read_text(), "nobody was culled"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give sweep=outputs/sweeps/NAME or run=outputs/RUN, one of the two"),
        (["sweep=a", "run=b"], "give sweep=outputs/sweeps/NAME or run=outputs/RUN, one of the two"),
        (["sweep=no"], "no is not a sweep: it has no plan.json; give outputs/sweeps/NAME, or run=RUN for a run"),
        (["sweep=[a,b]", "out=c"], "2 sweeps cannot be written to out=c: leave it out, or give one sweep"),
    ],
)
def test_bad_input_is_one_line(root: Path, words: list[str], said: str) -> None:
    done = command(root, *words)
    assert (done.returncode, done.stderr) == (1, f"error: {said}\n")
