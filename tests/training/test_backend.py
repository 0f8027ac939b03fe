"""Training says which backend it takes, notes it, and warns of a horizon that does not suit graphs."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.losses.acceleration_error import AccelerationError
from syrinx_lab.losses.mrstft import MultiResolutionStft
from syrinx_lab.losses.weighted import WeightedLoss, WeightedTerm
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.rollout import cudagraph, scan
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.training.backend import report_backend
from syrinx_lab.training.module import OuroborosModule
from syrinx_lab.training.optimisation import OptimiserSettings
from syrinx_lab.training.schedules import GeometricHorizon, HorizonSchedule, LinearHorizon, Pow2Horizon

TINY = ["debug=tiny", "data=folder", "logger=none", "trainer.accelerator=cpu"]
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def everything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a device where torch compiles and captures."""
    monkeypatch.setattr("syrinx_lab.ode.rollout.choice.compiles_on", lambda device: True)
    monkeypatch.setattr(cudagraph, "runs_on", lambda device: True)
    monkeypatch.setattr(scan, "compiles_on", lambda device: True)


def module(backend: str, horizon: HorizonSchedule, rolls_out: bool = True) -> OuroborosModule:
    model = Ouroboros(
        SamplesEncoder(degree=2, n_layers=1, expand=2),
        Polynomial(sample_rate=44100, degree=2),
        NoTract(),
        backend=backend,
    )
    terms = {"spec": MultiResolutionStft()} if rolls_out else {"accel": AccelerationError()}
    objective = WeightedLoss({name: WeightedTerm(term) for name, term in terms.items()})
    adam = OptimiserSettings(partial(torch.optim.Adam, lr=1e-3))
    return OuroborosModule(model, objective, horizon, adam, planned_epochs=5, seed=7)


@pytest.mark.parametrize(
    ("backend", "horizon", "said"),
    [
        ("compile", LinearHorizon(100, 500), "LinearHorizon takes 5 lengths over 5 epochs: the graph of backend comp"),
        ("cudagraph", GeometricHorizon(500, 502), "GeometricHorizon takes 3 lengths over 5 epochs: the graph of back"),
        ("scan", LinearHorizon(100, 500), "the graph of backend scan is compiled twice, then kept"),
    ],
)
def test_a_horizon_of_many_lengths_is_warned_of_in_one_line(
    backend: str, horizon: HorizonSchedule, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report_backend(module(backend, horizon), CPU).name == backend
    printed, warning = capsys.readouterr().out.splitlines()
    assert printed.startswith(f"backend   {backend} (")
    assert warning.startswith("warning   ")
    assert said in warning
    assert warning.endswith("horizon=pow2 takes few")


@pytest.mark.parametrize(
    ("backend", "horizon", "rolls_out"),
    [
        ("compile", Pow2Horizon(100, 500), True),
        ("eager", LinearHorizon(100, 500), True),
        ("auto", LinearHorizon(100, 500), True),
        ("compile", LinearHorizon(100, 500), False),
    ],
)
def test_what_suits_is_not_warned_of(
    backend: str, horizon: HorizonSchedule, rolls_out: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    report_backend(module(backend, horizon, rolls_out), CPU)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_graph_backend_that_gave_way_is_warned_of_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cudagraph, "runs_on", lambda device: False)
    assert report_backend(module("cudagraph", LinearHorizon(100, 500)), CPU).name == "eager"
    printed, warning = capsys.readouterr().out.splitlines()
    assert printed.endswith("in place of cudagraph")
    assert "the graph of backend cudagraph is of one step" in warning


def test_scan_that_is_not_compiled_is_no_graph(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scan, "compiles_on", lambda device: False)
    assert not report_backend(module("scan", LinearHorizon(100, 500)), CPU).graph
    assert capsys.readouterr().out == "backend   scan (a fold in Python, CPU, float32)\n"


def test_the_choice_is_printed_and_noted_in_the_run(tiny_song: Path, tmp_path: Path) -> None:
    arguments = [*TINY, f"data.root={tiny_song}", "run_dir=run", "n_epochs=1", "loss=mse_accel", "eval.splits=[]"]
    command = [sys.executable, "-m", "syrinx_lab.train", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "\nbackend   fused (Numba, CPU, float32)\n" in done.stdout
    state = json.loads((tmp_path / "run" / "state.json").read_text())
    assert (state["status"], state["backend"]) == ("finished", "fused (Numba, CPU, float32)")
