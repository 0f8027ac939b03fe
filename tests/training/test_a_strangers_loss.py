"""A loss term and a callback from outside the package: trained, resumed, logged, drawn, and no part of others' keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from forks import Forks

from syrinx_lab.runs.directory import RunDirectory

MODULE = """
import torch
from lightning.pytorch import Callback
from syrinx_lab.losses.term import LossTerm

class Loudness(LossTerm):
    needs_rollout = True
    needs_acceleration = False
    unit = "dB"

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.register_buffer("level", torch.tensor(0.0))

    def fit(self, statistics):
        self.level.fill_(torch.cat(list(statistics.syllables)).square().mean().sqrt())

    def forward(self, prediction):
        return self.scale * (prediction.output.square().mean(1) - self.level**2).abs()

class Notes(Callback):
    def __init__(self, context, word: str) -> None:
        self.path, self.word = context.directory / "notes.txt", word

    def on_train_epoch_end(self, trainer, pl_module):
        with self.path.open("a") as file:
            print(self.word, trainer.current_epoch, file=file)
"""
TERM = "+loss.terms.loudness={weight:0.5,warmup_epochs:2,loss:{_target_:mine.Loudness,scale:3.0}}"
NOTES = "+callbacks.notes={_target_:mine.Notes,_partial_:true,word:done}"
TINY = ["debug=tiny", "data=folder", "logger=none", "trainer.accelerator=cpu", "n_epochs=3", "eval.splits=[]"]
TINY += ["callbacks.evaluation.eval_every=0", "run_dir=run", "loss.terms.accel=null"]


def test_it_is_trained_resumed_logged_and_drawn(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MODULE)
    first = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    command = [*TINY, f"data.root={tiny_song}", TERM, NOTES]
    for more in (["trainer.max_epochs=2"], []):
        assert forks.end(forks.start(tmp_path, "train", *command, *more, first=first)) == 0, (
            tmp_path / "log.txt"
        ).read_text()
    run = RunDirectory(tmp_path / "run")
    rows = run.history.read()
    assert [row["train/lam_loudness"] for row in rows] == [0.0, 0.25, 0.5]
    assert all(row["loss/loudness"] > 0 for row in rows)
    assert not any("loss/accel" in row for row in rows)
    assert run.units() == {"spec": "dimensionless", "loudness": "dB"}
    assert (run.figures_path / "losses.png").is_file()
    assert (run.path / "notes.txt").read_text().split() == ["done", "0", "done", "1", "done", "2"]
    levels = [
        torch.load(path, weights_only=True)["state_dict"]["objective.terms.loudness.level"]
        for _, path in run.checkpoints()
    ]
    assert len(levels) == 3
    assert all(level == levels[0] > 0 for level in levels)
    assert json.loads(run.state_path.read_text())["status"] == "finished"


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("{weight:0.5,loss:{_target_:torch.nn.Identity}}", "loss.terms.mine.loss is a Identity, which is no LossTerm"),
        ("{loss:{_target_:torch.nn.Identity}}", "loss.terms.mine.weight is not set: a term has a loss and a weight"),
        ("{weight:-1,loss:{_target_:torch.nn.Identity}}", "loss.terms.mine.weight is -1: use a number from 0"),
        ("3", "loss.terms.mine is 3: use a group of keys"),
    ],
)
def test_what_is_no_term_is_one_line(forks: Forks, tiny_song: Path, tmp_path: Path, term: str, said: str) -> None:
    done = forks.told(tmp_path, "train", *TINY, f"data.root={tiny_song}", f"+loss.terms.mine={term}")
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
