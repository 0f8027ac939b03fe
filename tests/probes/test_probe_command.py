"""The command: names with commas, what it writes, and what it refuses."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from syrinx_lab import cli
from syrinx_lab.command_line import with_names
from syrinx_lab.probe import probe


def composed(tmp_path: Path, *overrides: str) -> DictConfig:
    with initialize_config_dir(version_base="1.3", config_dir=str(cli.config_directory())):
        return compose("probe", overrides=[*overrides, f"out={tmp_path / 'out'}", "updates=2", "batch=4", "d_model=8"])


def test_a_table_a_figure_and_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = probe(composed(tmp_path, 'cores.encoder="mamba,lstm_1997"', 'task="anbn,parity"', "seeds=2"))
    assert [(one.task, one.encoder, one.seed) for one in outcomes] == [
        (task, core, seed) for task in ("anbn", "parity") for core in ("mamba", "lstm_1997") for seed in (0, 1)
    ]
    out = tmp_path / "out"
    with open(out / "probes.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["score"]) for row in rows] == [one.score for one in outcomes]
    assert "course" not in rows[0]
    page = (out / "probes.html").read_text()
    assert "<svg" in page
    assert "0 of 2" in page
    assert "Gers and Schmidhuber 2001" in page
    assert (out / "probes.png").stat().st_size > 5000
    said = capsys.readouterr().out
    assert f"look at   {out / 'probes.html'}" in said


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("task=spelling", "task is spelling: there are temporal_order, reber, anbn, .*, or all"),
        ("cores.encoder=rnn", "encoder is rnn: there are conv, gru, lstm, lstm_1997, mamba, peephole_lstm"),
        ("tasks.anbn._target_=torch.nn.Identity", "tasks.anbn"),
    ],
)
def test_what_there_is_not_is_a_line(tmp_path: Path, override: str, message: str) -> None:
    overrides = [override] if override.startswith("task=") else ["task=anbn", override]
    with pytest.raises(ValueError, match=message):
        probe(composed(tmp_path, *overrides))
    assert not (tmp_path / "out").exists()


def test_commas_need_no_quotes() -> None:
    typed = ["cores.encoder=mamba,lstm", "task=all", 'task="a,b"', "lr=1,2"]
    assert with_names(typed, "probe") == ['cores.encoder="mamba,lstm"', "task=all", 'task="a,b"', "lr=1,2"]
    assert with_names(["encoder=mamba,lstm"], "config") == ["encoder=mamba,lstm"]
