"""A logger that raises costs a line, whatever it was asked for, and the training goes on."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forks import Forks
from recording_logger import RecordingLogger

from syrinx_lab.training.loggers import checked, finishing
from syrinx_lab.training.media_logger import LoggedRun

DESCRIBED = LoggedRun(id="k-e00002", name="n", key="k", job_type="train", config={"seed": 3})


class Faulty(RecordingLogger):
    """It raises when it is asked for one attribute, which it counts, and records the others."""

    def __init__(self, directory: Path, described: LoggedRun, *, at: str, error: BaseException | None = None) -> None:
        self.error = error or RuntimeError("no\nspeaker")
        if at == "__init__":
            raise self.error
        super().__init__(directory, described)
        self.asked, self.at = 0, at

    def __getattribute__(self, name: str) -> Any:
        if name == object.__getattribute__(self, "__dict__").get("at"):
            self.asked += 1
            raise self.error
        return super().__getattribute__(name)

    experiment = None


ASKED: dict[str, Any] = {
    "logged_epochs": lambda logger: logger.logged_epochs(),
    "name": lambda logger: logger.name,
    "version": lambda logger: logger.version,
    "save_dir": lambda logger: logger.save_dir,
    "experiment": lambda logger: hasattr(logger, "experiment") and logger.experiment,
    "log_hyperparams": lambda logger: logger.log_hyperparams({"backend": "fused"}),
    "log_graph": lambda logger: logger.log_graph(None),
    "log_sounds": lambda logger: logger.log_sounds("val/audio", [("000-a raw", np.zeros(9))], 8000, epoch=1),
    "log_pictures": lambda logger: logger.log_pictures("val/spectrogram", [("000-a", np.zeros((4, 6, 3)))], epoch=1),
    "log_table": lambda logger: logger.log_table("eval/val/vocalisations", ["label"], [["a"]], epoch=1),
    "log_metrics": lambda logger: logger.log_metrics({"loss/total": 1.0, "epoch": 0}, step=3),
    "save": lambda logger: logger.save(),
    "finalize": lambda logger: logger.finalize("success"),
    "end": lambda logger: logger.end(failed=False),
}


@pytest.mark.parametrize("at", ASKED)
def test_the_first_fault_is_said_once_and_nothing_follows_but_the_end(
    at: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = checked(partial(Faulty, at=at))
    logger = start(tmp_path, DESCRIBED)
    for _ in range(2):
        ASKED[at](logger)
    said = capsys.readouterr().out
    assert said == (
        f"warning   the logger Faulty raised in {at}: RuntimeError: no speaker; it is switched off, and this run goes "
        "on without it\n"
    )
    for ask in ASKED.values():
        ask(logger)
    assert not any(logger.takes(kind) for kind in ("log_sounds", "log_pictures", "log_table"))
    kept = [json.loads(line)[0] for line in (tmp_path / "recorded.jsonl").read_text().splitlines()]
    assert kept == ["start"] + ["end"] * (at != "end"), "it is off, and still closed"
    assert start(tmp_path, DESCRIBED) is None, "the run has no logger any more"
    assert checked(partial(Faulty, at="none"))(tmp_path / "..", DESCRIBED) is not None, "another one has"
    assert capsys.readouterr().out == ""


def test_one_that_cannot_be_started_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with finishing(checked(partial(Faulty, at="__init__"))(tmp_path, DESCRIBED)) as logger:
        assert logger is None
    assert "the logger Faulty raised in __init__: RuntimeError: no speaker" in capsys.readouterr().out


@pytest.mark.parametrize("at", ["__init__", "log_metrics", "end"])
def test_what_ends_a_process_passes(at: str, tmp_path: Path) -> None:
    became = RuntimeError("interrupted")
    became.__cause__ = KeyboardInterrupt()
    for error in (KeyboardInterrupt(), SystemExit(3), became):
        with pytest.raises(SystemExit if isinstance(error, SystemExit) else KeyboardInterrupt):
            ASKED.get(at, len)(checked(partial(Faulty, at=at, error=error))(tmp_path, DESCRIBED))


def test_one_that_keeps_no_fault_is_what_it_is(tmp_path: Path) -> None:
    logger = checked(partial(RecordingLogger, note="mine"))(tmp_path, DESCRIBED)
    logger.log_metrics({"epoch": 0, "loss/total": 1.0}, step=3)
    assert (logger.name, logger.version, logger.logged_epochs()) == ("recording", "k-e00002", {1})
    assert logger.read("metrics") == [[{"epoch": 0, "loss/total": 1.0}, 3]], "its own methods are there"
    assert not hasattr(logger, "experiment"), "as Lightning asks"
    with pytest.raises(AttributeError, match="nothing"):
        logger.nothing  # noqa: B018


@pytest.mark.parametrize("at", ["log_hyperparams", "log_metrics", "log_sounds"])
def test_a_training_goes_on_to_its_scores(at: str, forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    conf = tmp_path / "conf" / "logger"
    conf.mkdir(parents=True)
    target = "_target_: test_guarded_logger.Faulty\n_partial_: true"
    (conf / "faulty.yaml").write_text(f"name: faulty\n{target}\nat: {at}\n")
    small = ["sampler.max_segments=4", "eval.val_count=1", "eval.test_count=1", "n_epochs=1"]
    command = ["train", "--config-dir", str(conf.parent), "debug=tiny", "data=folder", f"data.root={tiny_song}", *small]
    first = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})"
    done = forks.completed(tmp_path, *command, "logger=faulty", "run_dir=run", first=first)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("the logger Faulty raised") == 1
    assert (tmp_path / "run" / "selected_model.json").is_file()
    assert json.loads((tmp_path / "run" / "state.json").read_text())["status"] == "finished"
