"""One job of a sweep: a seed trained to a rung and scored on val, or the selected one evaluated; it leaves a record."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from .cli import BAD_INPUT, one_line
from .evaluation.clips import clips_hash
from .evaluation.takes import score_rows
from .fit import Prepared, mend, prepare, true_status
from .metrics.facts import metrics_of
from .reach import reach, retrain
from .runs.checkpoint_choice import history_to, select_checkpoint
from .runs.job import EVALUATE, job_record_name, record_name
from .runs.job_files import read_job_record, refuse_other_recordings
from .runs.lock import folder_lock
from .runs.registry import recorded
from .runs.rung_record import RungRecord
from .runs.rung_score import RungScore, scoring_settings
from .runs.selected_record import SelectedRecord
from .runs.split_scores import split_scores
from .score import evaluate_run, log_evaluation, sing_split
from .selected_model import trained_model


def job_folder(cfg: DictConfig) -> Path | None:
    """The folder in which this job of a sweep leaves its record; None when it is no such job.

    Raises:
        ValueError: one line when `sweep_job` was given to a single run.
    """
    if cfg.sweep_job is None:
        return None
    if not HydraConfig.initialized() or OmegaConf.is_missing(HydraConfig.get().job, "num"):
        raise ValueError(f"sweep_job={cfg.sweep_job} is what a sweep (-m) gives its jobs: leave it out")
    return Path(HydraConfig.get().runtime.output_dir)


def sweep_job(cfg: DictConfig, folder: Path) -> RungRecord | SelectedRecord:
    """Train to `trainer.max_epochs` and score on val, or evaluate the selected model on `eval.splits`.

    The record of that is written to `folder` and returned. Nothing but the end of the process keeps it from being
    written: an exception is a record too. A job whose record is there does nothing.
    """
    epochs, evaluates = cfg.trainer.max_epochs, cfg.sweep_job == EVALUATE
    path = folder / job_record_name(cfg.sweep_job, epochs)
    if path.exists():
        return read_job_record(path)
    record: RungRecord | SelectedRecord
    try:
        print(f"seed {cfg.seed}, to epoch {epochs} of {cfg.n_epochs}", flush=True)
        prepared = prepare(cfg)
        busy = f"another process trains {prepared.run.path}: waiting until it has ended"
        paths = prepared.config["paths"]
        refuse_other_recordings(folder.parent, prepared.fingerprint)
        with (
            folder_lock(prepared.run.path, busy=busy, wait=True),
            recorded(prepared.run, paths["outputs"], paths["registry"]),
            true_status(prepared),
        ):
            record = _evaluate(prepared, folder) if evaluates else _train_to_rung(prepared)
    except Exception as error:
        if not isinstance(error, BAD_INPUT):
            traceback.print_exc()
        reason = f"{type(error).__name__}: {one_line(error)}"[:500]
        record = (SelectedRecord if evaluates else RungRecord)(cfg.seed, epochs, "failed", reason)
        print(f"seed {cfg.seed} failed: {one_line(error)}", file=sys.stderr, flush=True)
    if not path.exists():  # else another process, that was thought dead, has come through meanwhile
        record.write(path)
    return record


def _train_to_rung(prepared: Prepared) -> RungRecord:
    """Train to the rung and score there, as far as that is not done."""
    run, epochs = prepared.run, prepared.cfg.trainer.max_epochs
    path = run.rung_path(epochs)
    score = RungScore.read(path) if path.exists() and run.state().get("key") == prepared.key else None
    # a score under other settings is no score of this sweep
    if score is None or score.settings != scoring_settings(prepared.config):
        score = _score_rung(prepared)
        run.rungs_path.mkdir(exist_ok=True)
        score.write(path)
    return RungRecord.scored(**_whose(prepared), score=score, metric=prepared.cfg.checkpoint.metric)


def _score_rung(prepared: Prepared) -> RungScore:
    """Train to the rung and score its model on val."""
    cfg, run, epochs = prepared.cfg, prepared.run, prepared.cfg.trainer.max_epochs
    prepared.claim()
    print(f"run       {run.path}", flush=True)
    mend(prepared)
    reach(prepared)
    last = run.checkpoints()[-1][0]
    run.set_status("finished" if last >= cfg.n_epochs else "paused", epoch=last)
    known, rows = metrics_of(prepared.config), history_to(run, epochs)
    epoch, checkpoint = select_checkpoint(run, cfg.checkpoint.rule, cfg.checkpoint.metric, rows, epochs, known=known)
    shown = str(checkpoint.relative_to(run.path))
    takes = sing_split(cfg, prepared.datamodule, checkpoint, "val")
    log_evaluation(run, cfg, {"val": takes}, epoch=epoch, checkpoint=shown, known=known)
    val = split_scores(score_rows(takes, cfg.data.sample_rate))
    return RungScore(
        settings=scoring_settings(prepared.config),
        model_epoch=epoch,
        checkpoint=shown,
        clips=clips_hash(prepared.datamodule.clips("val")),
        vocalisations=val["count"],
        raw=val["raw"],
        rescaled=val["rescaled"],
        wall_s=round(sum(row.get("seconds", 0.0) for row in rows), 3),
    )


def _evaluate(prepared: Prepared, folder: Path) -> SelectedRecord:
    """Evaluate the checkpoint that was ranked on all splits, unless the manifest says that this has been done."""
    cfg, run, epochs = prepared.cfg, prepared.run, prepared.cfg.trainer.max_epochs
    ranked = RungRecord.read(folder / record_name(epochs)).score
    assert ranked is not None, "what was selected has been scored"
    epoch, checkpoint = ranked.model_epoch, run.path / ranked.checkpoint
    manifest, splits = run.manifest(), list(cfg.eval.splits)
    current = manifest is not None and manifest.is_current(
        key=prepared.key, checkpoint=ranked.checkpoint, config=prepared.config, splits=splits
    )
    if not (current and checkpoint.is_file()):
        prepared.claim()
    if not run.history_path.exists():
        reach(prepared)  # somebody has removed the folder
    if not checkpoint.is_file():
        retrain(prepared, epoch)
    if not current:
        model = trained_model(cfg, checkpoint)
        evaluate_run(run, cfg, model, prepared.datamodule, splits=splits, checkpoint=checkpoint, epoch=epoch)
    run.set_status("finished", epoch=run.checkpoints()[-1][0])
    return SelectedRecord(**_whose(prepared), status="trained", model_epoch=epoch, checkpoint=ranked.checkpoint)


def _whose(prepared: Prepared) -> dict[str, Any]:
    """Of a record: which seed and run it is of."""
    return {
        "seed": prepared.cfg.seed,
        "epochs": prepared.cfg.trainer.max_epochs,
        "run": prepared.run.path.name,
        "key": prepared.key,
        "data_fingerprint": prepared.fingerprint,
    }
