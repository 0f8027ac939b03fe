"""`python -m syrinx_lab.dynamics` on a toy's run and on known systems."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from forks import Forks
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from syrinx_lab.cli import check, config_directory
from syrinx_lab.dynamics.__main__ import dynamics
from syrinx_lab.dynamics.system_atlas import check_system
from syrinx_lab.instantiation import build
from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.registry import Registry

TINY = ("debug=tiny", "data=folder", "data.root=song", "logger=none", "trainer.accelerator=cpu", "eval.max_audio=0")
COMMAND = "dynamics.__main__"


@pytest.fixture(scope="module")
def trained(forks: Forks, tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a song and a toy's run."""
    cwd = tmp_path_factory.mktemp("trained")
    shutil.copytree(tiny_song, cwd / "song")
    done = forks.completed(
        cwd, "train", *TINY, "run_dir=outputs/mine", "loss=mse_accel", "n_epochs=1", "sampler.max_segments=4"
    )
    assert done.returncode == 0, done.stderr
    return cwd


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("dynamics", overrides=list(overrides))
    check(cfg, "dynamics")
    return cfg


def made(*overrides: str) -> None:
    """The command in this process: forks draw no figures."""
    dynamics(composed(*overrides))


def test_from_a_run_to_a_page_tables_a_movie_and_the_registry(
    trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(trained)
    made("run=outputs/mine", "clip=1", "moments=4", "movie=true")
    folder = trained / "outputs" / "mine" / "dynamics"
    lines = capsys.readouterr().out.splitlines()
    assert "look at   outputs/mine/dynamics/dynamics.html" in lines
    assert lines[-1].startswith("took ")
    (analysed,) = (line for line in lines if line.startswith("analysed"))
    stem = analysed.split()[1].rstrip(":")
    assert stem.startswith("test-001-")
    suffix = ".mp4" if shutil.which("ffmpeg") else ".gif"
    assert ("note: there is no ffmpeg on this machine: movies are GIFs" in lines) == (suffix == ".gif")
    pictures = {f"{stem}-over_time.png", f"{stem}-planes.png", f"{stem}-movie{suffix}"}
    assert pictures <= {path.name for path in folder.iterdir()}
    with (folder / "clips.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["label"] == stem.rpartition("-")[2]
    registry = Registry(trained / "outputs")
    found = {one["path"] for one in registry.figures(RunDirectory(folder.parent).state()["key"])}
    assert {f"dynamics/{name}" for name in (*pictures, "dynamics.html")} <= found


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ((), "give run=outputs/RUN (or voice=NAME) or system=van_der_pol, one of the two"),
        (
            ("run=outputs/mine", "system=van_der_pol"),
            "give run=outputs/RUN (or voice=NAME) or system=van_der_pol, one of the two",
        ),
        (("run=nowhere",), "nowhere: no such run"),
        (("run=outputs/mine", "clip=99"), "clip is 99: test has "),
        (("run=outputs/mine", "checkpoint=gone.ckpt"), "gone.ckpt: no such checkpoint"),
        (("run=outputs/mine", "moments=1"), "moments is 1: use a whole number from 4"),
        (("system=pendulum",), "In 'dynamics': Could not find 'system/pendulum'"),
        (("mu=1.5",), "mu belongs to a choice of system: give system=NAME as well, one that has it"),
        (("system=van_der_pol", "mu=abc"), "mu is 'abc': use a number"),
    ],
)
def test_what_cannot_be_done_is_one_line(forks: Forks, trained: Path, overrides: tuple[str, ...], said: str) -> None:
    done = forks.completed(trained, COMMAND, *overrides)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {said}")


SYSTEMS = sorted(path.stem for path in (config_directory() / "system").glob("*.yaml"))


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_known_system_is_built_with_its_own_numbers(name: str) -> None:
    cfg = composed(f"system={name}")
    system = check_system(build(cfg.system))
    own = type(system).numbers()
    assert {key: cfg.system[key] for key in own if key in cfg.system and key != "tau"} == {
        key: value for key, value in own.items() if key in cfg.system and key != "tau"
    }
    assert set(own) <= {*cfg.system, "tau", "step"}


def test_a_number_of_a_system_is_taken(tmp_path: Path) -> None:
    """The relaxation oscillation of mu = 5: T = 11.6122 in the books."""
    made("system=van_der_pol", "system.mu=5", "moments=4", f"out={tmp_path}")
    text = (tmp_path / "dynamics.html").read_text()
    assert "mu = 5" in text
    assert "period 11.612" in text


def test_the_help_lists_every_system() -> None:
    text = (config_directory() / "hydra" / "help" / "dynamics.yaml").read_text()
    (line,) = (line for line in text.splitlines() if line.strip().startswith("Systems: "))
    assert line.strip().removeprefix("Systems: ").split(", ") == SYSTEMS
