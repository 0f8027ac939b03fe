"""A logger from outside the lab gets all that the lab's own get, and what a logger lacks is said."""

from __future__ import annotations

import json
import signal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forks import Forks
from lightning.pytorch.loggers import CSVLogger
from recording_logger import RecordingLogger

from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.training.loggers import checked, finishing, tensorboard_logger
from syrinx_lab.training.media_logger import LoggedRun, MediaLogger

TINY = ["debug=tiny", "data=folder", "trainer.accelerator=cpu", "n_epochs=2", "run_dir=run"]
TINY += ["sampler.max_segments=4", "eval.val_count=1", "eval.test_count=1", "eval.max_audio=1"]
TINY += ["callbacks.evaluation.max_audio=1", "callbacks.evaluation.eval_every=1", "logger=recording"]
OUTSIDE = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
# the row of epoch 1 is in the history and its checkpoint on the disk, and no logger has got its numbers
KILLED = """
import os, signal
from syrinx_lab.training.checkpoints import Checkpoints
save = Checkpoints.save
def save_and_die(self, trainer, epoch):
    save(self, trainer, epoch)
    os.kill(os.getpid(), signal.SIGKILL)
Checkpoints.save = save_and_die
"""


def described(**changed: Any) -> LoggedRun:
    return LoggedRun(
        **({"id": "k-e00002", "name": "n", "key": "k", "job_type": "train", "config": {"seed": 3}} | changed)
    )


class Numbers(MediaLogger, CSVLogger):
    """One of Lightning's own, with what the lab asks for."""

    def __init__(self, directory: Path, described: LoggedRun) -> None:
        super().__init__(directory, name="csv", version="")

    def logged_epochs(self) -> set[int]:
        return set()


class Forgetful(MediaLogger, CSVLogger):
    """It does not say what it has got."""


class Nameless(MediaLogger):
    """It lacks what Lightning asks for."""

    def logged_epochs(self) -> set[int]:
        return set()


def test_a_logger_from_outside_gets_numbers_sounds_pictures_tables_and_what_a_kill_kept_from_it(
    forks: Forks, tiny_song: Path, tmp_path: Path
) -> None:
    conf = tmp_path / "conf" / "logger"
    conf.mkdir(parents=True)
    target = "_target_: recording_logger.RecordingLogger\n_partial_: true"
    (conf / "recording.yaml").write_text(f"name: recording\n{target}\nnote: mine\n")
    command = ["train", "--config-dir", str(conf.parent), *TINY, f"data.root={tiny_song}"]
    child = forks.start(tmp_path, *command, first=OUTSIDE + KILLED)
    assert forks.end(child) == -signal.SIGKILL, (tmp_path / "log.txt").read_text()
    assert forks.end(forks.start(tmp_path, *command, first=OUTSIDE)) == 0, (tmp_path / "log.txt").read_text()

    run = RunDirectory(tmp_path / "run")
    key = run.state()["key"]
    logger = RecordingLogger(run.path, described(key=key))
    training, evaluation = f"{key}-e00002", f"{key}-e00002-eval-val-test"
    assert logger.read("start", training) == [["train", False, key, 1234, "mine"], ["train", True, key, 1234, "mine"]]
    assert logger.read("start", evaluation) == [["eval", False, key, 1234, "mine"]]
    assert [logger.read("end", of) for of in (training, evaluation)] == [[[False]], [[False]]]
    assert logger.read("hyperparams", training)[-1][0]["backend"] == "fused"

    history = run.history.read()
    rows = [row for row, _ in logger.read("metrics", training) if "loss/total" in row]
    assert [row["epoch"] for row in rows] == [0, 1], "the first was kept from it by the kill"
    for row, given in zip(rows, history):
        assert row["loss/total"] == pytest.approx(given["loss/total"], rel=1e-6)
        assert row["val/tf_corr"] == pytest.approx(given["val/tf_corr"], rel=1e-6)
    sounds = logger.read("sounds", training)
    assert [(name, rate, epoch) for name, _, rate, epoch in sounds] == [
        ("val/audio", 44100, 1),
        ("val/audio", 44100, 2),
    ]
    assert [caption.rpartition(" ")[2] for caption, _, _ in sounds[0][1]] == ["target", "raw"]
    assert all(count > 1000 and peak <= 1 for _, given, _, _ in sounds for _, count, peak in given)

    manifest = json.loads(run.manifest_path.read_text())
    (means, step), (test_means, _) = logger.read("metrics", evaluation)
    assert step == 2
    assert means["eval/val/tf_corr"] == pytest.approx(manifest["scores"]["val"]["raw"]["tf_corr"], rel=1e-9)
    assert {name.split("/")[1] for name in test_means} == {"test"}
    (name, given, _, epoch), _ = logger.read("sounds", evaluation)
    assert (name, epoch, len(given)) == ("eval/val/audio", 2, 3)
    (name, ((caption, shape, dtype),)), _ = logger.read("pictures", evaluation)
    assert (name, shape[2], dtype) == ("eval/val/spectrogram", 3, "uint8")
    assert caption.startswith("000-")
    (name, columns, count, epoch), _ = logger.read("table", evaluation)
    assert (name, count, epoch) == ("eval/val/vocalisations", len(manifest["scores"]["val"]["per_vocalisation"]), 2)
    assert {"recording", "label", "onset_s", "raw_tf_corr", "rescaled_tf_corr"} <= set(columns)


def test_what_a_logger_does_not_take_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        with finishing(checked(Numbers)(tmp_path, described())) as logger:
            logger.log_metrics({"loss/total": 1.0, "epoch": 0}, step=0)
    given = capsys.readouterr().out
    assert given == (
        "note: the logger Numbers gets no sounds and pictures and tables: it does not define log_sounds and "
        "log_pictures and log_table\n"
    )
    assert RecordingLogger(tmp_path, described()).not_taken() is None


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Forgetful, "Forgetful has no logged_epochs: add it"),
        (Nameless, "Nameless has no log_hyperparams: add it"),
        (lambda directory, described: CSVLogger(directory), r"class Mine\(MediaLogger, CSVLogger\) with logged_epochs"),
    ],
)
def test_a_logger_that_does_not_keep_the_contract_is_refused_with_what_to_add(
    made: Any, said: str, tmp_path: Path
) -> None:
    started = [] if isinstance(made, type) else [checked(made)]  # of a class it is known before anything is started
    with pytest.raises(ValueError, match=said) as raised:
        started[0](tmp_path, described()) if started else checked(partial(made))
    assert "\n" not in str(raised.value)


def test_what_starts_no_logger_is_refused_before_the_run(tmp_path: Path) -> None:
    for made in (CSVLogger(tmp_path), lambda directory: None, "text"):
        with pytest.raises(ValueError, match=r"run folder, LoggedRun.*_partial_: true"):
            checked(made)
    with pytest.raises(ValueError, match=r"^logger: CSVLogger is no MediaLogger: start a class"):
        checked(partial(CSVLogger, version=3))
    with pytest.raises(ValueError, match=r"^logger: Numbers cannot be started with .*positional"):
        checked(partial(Numbers, directory=tmp_path))


def test_tensorboard_holds_sounds_pictures_and_tables_and_takes_the_place_of_what_is_not_resumed(
    tmp_path: Path,
) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def logged(resumed: bool, *epochs: int) -> set[int]:
        with finishing(tensorboard_logger()(tmp_path, described(resumed=resumed))) as logger:
            before = logger.logged_epochs()
            for epoch in epochs:
                logger.log_metrics({"loss/total": 1.0, "epoch": epoch}, step=10 * epoch)
            logger.log_sounds(
                "val/audio", [("000-a raw", np.zeros(100)), ("000-a target", np.zeros(100))], 8000, epoch=1
            )
            logger.log_pictures("val/spectrogram", [("000-a", np.zeros((4, 6, 3), np.uint8))], epoch=1)
            logger.log_table("eval/val/vocalisations", ["label", "raw_tf_corr"], [["a|b", 0.25]], epoch=1)
        return before

    assert [logged(False, 0, 1), logged(True, 2), logged(False, 0), logged(True)] == [set(), {1, 2}, set(), {1}]
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    tags = events.Tags()
    assert set(tags["audio"]) == {"val/audio/000-a raw", "val/audio/000-a target"}
    assert tags["images"] == ["val/spectrogram/000-a"]
    (text,) = events.Tensors("eval/val/vocalisations/text_summary")[:1]
    assert text.tensor_proto.string_val[0].decode().splitlines()[-1] == r"| a\|b | 0.25 |"
