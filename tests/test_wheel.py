"""An installed wheel finds its configuration from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built and unpacked as pip would lay it out."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SYRINX_")} | {"PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "syrinx_lab.train", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def printed(site: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the wheel composes: a sweep's configuration of Hydra, and a job's with two choices."""
    cwd = tmp_path_factory.mktemp("elsewhere")
    done = run(site, cwd, "--cfg", "all", "+sweeps=loss_modes", "loss=mse_accel", "horizon=geom")
    assert done.returncode == 0, done.stderr
    assert not list(cwd.iterdir()), "printing the configuration writes nothing"
    return done.stdout


def test_the_wheel_is_what_is_seen(site: Path, tmp_path: Path) -> None:
    where = [sys.executable, "-c", "import syrinx_lab, sys; print(syrinx_lab.__file__)"]
    environment = dict(os.environ, PYTHONPATH=str(site))
    found = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True).stdout
    assert found.startswith(str(site)), "this test must see the wheel, not the checkout"


def test_configuration_travels_with_the_wheel(printed: str) -> None:
    assert "name: mse_accel" in printed
    assert "GeometricHorizon" in printed


def test_sweeps_travel_with_the_wheel(printed: str) -> None:
    assert "spectral_rollout,mse_accel" in printed


def test_the_pages_travel_with_the_wheel(site: Path) -> None:
    page = site / "syrinx_lab" / "reporting" / "page"
    assert {path.name for path in page.iterdir()} == {
        *("report.html.jinja", "report.css", "report.js", "table.html.jinja"),
        *("rivals.html.jinja", "rivals.css", "abx.js"),
        *("dynamics.html.jinja", "dynamics.css", "dynamics.js", "probes.html.jinja"),
    }


def test_voices_and_the_demos_song_travel_with_the_wheel(site: Path) -> None:
    package = site / "syrinx_lab"
    for folder in ("voices/shipped", "songs"):
        here = {
            path.relative_to(REPOSITORY / "src" / "syrinx_lab" / folder).as_posix()
            for path in (REPOSITORY / "src" / "syrinx_lab" / folder).rglob("*")
            if path.is_file()
        }
        assert {
            path.relative_to(package / folder).as_posix() for path in (package / folder).rglob("*") if path.is_file()
        } == here
    songs = list((package / "songs").rglob("*.flac"))
    assert len(songs) == 9
    assert sum(path.stat().st_size for path in songs) <= 1_500_000
    assert "Therese Koch" in (package / "songs" / "zebra_finch_G402" / "LICENSE").read_text()
