"""What a W&B run is called, when it goes on, how it ends, and what is refused before anything is written."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb
from hydra import compose, initialize_config_dir
from wandb_files import read_pieces

from syrinx_lab.cli import config_directory
from syrinx_lab.fit import forget, prepare
from syrinx_lab.instantiation import plain
from syrinx_lab.logged import evaluation_run, training_run
from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.identity import run_key
from syrinx_lab.runs.temporary_files import WANDB_HEADER
from syrinx_lab.score import log_evaluation
from syrinx_lab.training.loggers import finishing, wandb_logger
from syrinx_lab.training.media_logger import LoggedRun
from syrinx_lab.training.wandb_run import WandbRun

KEY = "0123456789ab"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody is logged in, and there is no way to W&B's server."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_SERVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    wandb.teardown()  # it reads the environment once


def composed(*overrides: str) -> Any:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        return compose("config", overrides=list(overrides))


def resolved(*overrides: str) -> dict[str, Any]:
    return plain(composed("data=folder", "data.root=/song/G402", "n_epochs=50", *overrides))


def described(**changed: Any) -> LoggedRun:
    fields = {"id": f"{KEY}-e00020", "name": "a run", "key": KEY, "job_type": "train", "config": {"seed": 3}}
    return LoggedRun(**(fields | changed))


def test_ids_name_the_rung_and_what_is_evaluated() -> None:
    config = resolved("data.label=e", "trainer.max_epochs=20", "seed=7", "sweep_name=question")
    training = training_run(config, KEY, resumed=False)
    assert (training.id, training.name) == (f"{KEY}-e00020", "G402-e-spectral_rollout-pow2-s7 to epoch 20")
    assert {training.config[name] for name in ("bird", "label", "sweep")} == {"G402", "e", "question"}

    def evaluated(epoch: int, checkpoint: str = "x.ckpt", splits: tuple[str, ...] = ("val", "test")) -> LoggedRun:
        return evaluation_run(config, KEY, splits, epoch=epoch, checkpoint=checkpoint, backend="fused (Numba, CPU)")

    assert evaluated(20).id == f"{KEY}-e00020-eval-val-test"
    assert evaluated(20, splits=("test",)).id == f"{KEY}-e00020-eval-test"
    assert evaluated(15).id == f"{KEY}-e00020-eval-val-test-m00015", "another model of the run is another evaluation"
    foreign = {evaluated(-1, checkpoint=file).id for file in ("a.ckpt", "b.ckpt")}
    assert len(foreign) == 2
    assert (evaluated(20).config["backend"], evaluated(20).config["backend_used"]) == ("fused", "fused (Numba, CPU)")


def test_the_group_is_the_sweep_and_no_part_of_the_identity() -> None:
    alone, swept = resolved(), resolved("sweep_name=question")
    assert (alone["logger"]["group"], swept["logger"]["group"]) == (None, "question")
    assert run_key(alone) == run_key(swept) == run_key(resolved("sweep_name=another", "logger.mode=online"))


def test_an_offline_run_that_goes_on_is_marked_to_be_appended(tmp_path: Path) -> None:
    for epochs, resumed in (((0, 1), False), ((1, 2), True)):
        with finishing(WandbRun(tmp_path, described(resumed=resumed))) as logger:
            for epoch in epochs:
                logger.log_metrics({"loss/total": 0.5 / (epoch + 1), "epoch": epoch}, step=7 * epoch)
    first, second = read_pieces(tmp_path)
    assert first.run["run_id"] == second.run["run_id"] == f"{KEY}-e00020"
    assert ("resume" in first.run, second.run.get("resume")) == (False, True)
    assert [row["epoch"] for row in first.rows] == [1, 2]
    assert [(row["epoch"], row["_step"], row["loss/total"]) for row in second.rows] == [(2, 2, 0.25), (3, 3, 0.5 / 3)]
    assert first.run["run_group"] == KEY, "outside a sweep a model's pieces lie together"


def test_what_belongs_to_an_epoch_is_one_row(tmp_path: Path) -> None:
    with finishing(WandbRun(tmp_path, described(job_type="eval"), group="question")) as logger:
        logger.log_sounds("val/audio", [("000-a raw", np.zeros(100))], 44100, epoch=1)
        logger.log_metrics({"loss/total": 1.0, "epoch": 0}, step=3)
        logger.log_metrics({"eval/val/tf_corr": 0.5}, step=2)
        logger.log_table("eval/val/vocalisations", ["label"], [["a"]], epoch=2)
    (piece,) = read_pieces(tmp_path)
    assert [row["epoch"] for row in piece.rows] == [1, 2]
    assert piece.rows[0].keys() >= {"val/audio._type", "loss/total"}
    assert piece.rows[1].keys() >= {"eval/val/tf_corr", "eval/val/vocalisations._type"}
    assert piece.run["run_group"] == "question"
    assert piece.config["seed"] == 3


def test_a_run_that_fails_is_finished_as_failed_and_the_next_is_another(tmp_path: Path) -> None:
    left_open = wandb.init(mode="offline", dir=str(tmp_path), id="somebody-elses")
    with pytest.raises(RuntimeError), finishing(WandbRun(tmp_path, described())):
        raise RuntimeError
    with finishing(WandbRun(tmp_path, described(id=f"{KEY}-e00050"))):
        pass
    left_open.finish()
    codes = {piece.run["run_id"]: piece.exit_code for piece in read_pieces(tmp_path)}
    assert codes == {f"{KEY}-e00020": 1, f"{KEY}-e00050": 0, "somebody-elses": 0}


@pytest.mark.parametrize(
    ("override", "said"),
    [("logger.mode=sometimes", "logger.mode is 'sometimes'"), ("logger.mode=online", "`wandb login`")],
)
def test_a_logger_that_cannot_be_is_refused_before_anything_is_written(
    override: str, said: str, tiny_song: Path, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs"
    cfg = composed("debug=tiny", "data=folder", f"data.root={tiny_song}", f"paths.outputs={outputs}", override)
    with pytest.raises(Exception, match=said) as raised:
        prepare(cfg)
    assert isinstance(raised.value.__cause__ or raised.value, ValueError)
    assert not outputs.exists()


def test_a_server_that_is_out_of_reach_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**settings: Any) -> None:
        raise wandb.errors.CommError("no route\nto host")

    monkeypatch.setattr(wandb, "init", refuse)
    with pytest.raises(ValueError, match=r"no route to host.*logger\.mode=offline"):
        wandb_logger()(tmp_path, described())


def test_a_key_is_looked_for_without_asking_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    wandb_logger(mode="online")  # the server, which cannot be reached, would have been asked for up to 20 s
    monkeypatch.setenv("WANDB_API_KEY", "short")
    wandb.teardown()
    with pytest.raises(ValueError, match=r"logger\.mode=online: .*[Kk]ey"):
        wandb_logger(mode="online")


def test_an_evaluation_that_cannot_be_logged_costs_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunDirectory(tmp_path / "run")
    run.claim(resolved())
    log_evaluation(run, composed("logger.mode=online"), {"test": []}, epoch=3, checkpoint="epoch00003.ckpt")
    assert "is not logged: logger: logger.mode=online needs a W&B key" in capsys.readouterr().out


def test_training_again_forgets_the_pieces_that_it_would_be_appended_to(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "run")
    run.claim(resolved())
    with finishing(WandbRun(run.path, described())):
        pass
    forget(run)
    assert read_pieces(run.path) == []


def test_a_service_that_was_started_elsewhere_writes_into_the_runs_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for here in ("first", "second"):
        (tmp_path / here).mkdir()
        monkeypatch.chdir(tmp_path / here)
        with finishing(WandbRun("outputs/run", described(id=f"{KEY}-{here}"))):
            pass
    (piece,) = (tmp_path / "second").glob("outputs/run/wandb/offline-run-*/*.wandb")
    limit = time.monotonic() + 30
    while piece.stat().st_size <= WANDB_HEADER:  # `finish` may return before W&B's service has written the file
        assert time.monotonic() < limit
        time.sleep(0.05)
