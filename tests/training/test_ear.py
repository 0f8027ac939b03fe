"""The training of the ear: a run's folder, an ear that can be used, and a run that stops is one that goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from syrinx_lab.cli import check, config_directory
from syrinx_lab.ear.network import Ear
from syrinx_lab.ear.weights import TRAINED, load_ear
from syrinx_lab.train import train
from syrinx_lab.training.ear_module import EarModule, EarSettings

SMALL = (
    *("experiment=ear", "trainer.accelerator=cpu", "n_epochs=2", "ear.updates=2", "ear.batch_size=2", "ear.warmup=1"),
    *("ear.seconds=0.4", "ear.held_out=2", "ear.network.channels=4", "ear.network.d_model=8", "ear.average=0.5"),
    *("ear.network.n_layers=1", "ear.network.d_state=2", "ear.causal_share=0.5"),
)


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("config", overrides=[*SMALL, *overrides])
    check(cfg)
    return cfg


def run(folder: Path, *overrides: str) -> dict[str, torch.Tensor]:
    assert train(composed(f"run_dir={folder}", f"paths.outputs={folder.parent}", *overrides)) is None
    return load_ear(folder / "ear.pt").state_dict() if (folder / "ear.pt").is_file() else {}


def test_a_run_that_stops_and_goes_on_is_the_run_that_never_stopped(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    rows = [json.loads(line) for line in (tmp_path / "whole" / "history.jsonl").read_text().splitlines()]
    assert [(row["epoch"], row["step"]) for row in rows] == [(1, 2), (2, 4)]
    assert {"loss/pitch", "loss/total", "val/voicing", "val/missed"} <= set(rows[0])
    assert json.loads((tmp_path / "whole" / "state.json").read_text())["status"] == "finished"
    run(tmp_path / "parts", "trainer.max_epochs=1")
    parts = run(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    other = run(tmp_path / "other", "seed=2", f"init_from={tmp_path / 'whole' / 'ear.pt'}")
    assert not torch.equal(whole["into.weight"], other["into.weight"])
    assert float((whole["into.weight"] - other["into.weight"]).abs().max()) < 0.1  # it began there


def test_what_cannot_be_trained_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="logger is tensorboard: the training of the ear"):
        run(tmp_path / "one", "logger=tensorboard")
    with pytest.raises(ValueError, match=r"is an ear of \{'channels': 16"):
        run(tmp_path / "two", f"init_from={TRAINED / 'ear.pt'}")
    assert not list(tmp_path.glob("*/config.yaml"))


def test_rates_and_manners_are_functions_of_the_update() -> None:
    settings = EarSettings(updates=1000, lr=1.0, warmup=10, causal_share=0.3, cut_share=0.2)
    assert settings.rate(0) == pytest.approx(0.1)
    assert settings.rate(399) == 1.0
    assert settings.rate(700) == pytest.approx(0.5)
    assert settings.rate(999) == pytest.approx(0.02)
    module = EarModule(Ear(4, 8, 1, 2), settings, seed=5)
    manners = [module.manner(step) for step in range(2000)]
    assert manners == [module.manner(step) for step in range(2000)]
    assert sum(lookahead is not None for lookahead, _ in manners) == pytest.approx(600, abs=80)
    tops = [top for _, top in manners if top is not None]
    assert len(tops) == pytest.approx(400, abs=80)
    assert 6000 <= min(tops) < max(tops) <= 12_000
    with pytest.raises(ValueError, match=r"ear\.causal_share is 2: use 0 to 1"):
        EarSettings(updates=1, causal_share=2)
