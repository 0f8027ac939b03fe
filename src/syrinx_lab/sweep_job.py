"""One job of a sweep: a seed trained to a rung and scored on val, or the selected one evaluated; it leaves a record."""

from __future__ import annotations

import math
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
from .runs.atomic import read_json, write_json_atomic
from .runs.checkpoint_choice import history_to, select_checkpoint
from .runs.lock import folder_lock
from .runs.manifest import is_current, split_scores
from .runs.registry import recorded
from .runs.sweep_folder import SELECTED_RECORD, record_name
from .score import evaluate_run, log_evaluation, sing_split
from .selected_model import trained_model

_SWEEPER = "hydra_plugins.syrinx_lab_sweeper."


def sweep_job() -> Path | None:
    """The folder in which this job of the lab's sweeper leaves its record; None when it is no such job."""
    if not HydraConfig.initialized():
        return None
    hydra = HydraConfig.get()
    if OmegaConf.is_missing(hydra.job, "num") or not str(hydra.sweeper.get("_target_")).startswith(_SWEEPER):
        return None
    return Path(hydra.runtime.output_dir)


def train_rung(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Train to `trainer.max_epochs` and score on val, or evaluate on `eval.splits` where there are any.

    The record is written to `folder` and returned: `status` (trained, diverged or failed), `reason`, `seed`, `epochs`,
    and of a model `run` (its folder's name), `key`, `data_fingerprint`, `model_epoch`, `checkpoint`, `val` (count and
    means, raw and rescaled), `wall_s` (of its training). Nothing but the end of the process keeps it from being
    written: an exception is a record too. A job whose record is there does nothing.
    """
    epochs = cfg.trainer.max_epochs
    path = folder / (SELECTED_RECORD if cfg.eval.splits else record_name(epochs))
    if path.exists():
        return read_json(path)
    record: dict[str, Any] = {"status": "failed", "reason": None, "seed": cfg.seed, "epochs": epochs}
    try:
        print(f"seed {cfg.seed}, to epoch {epochs} of {cfg.n_epochs}", flush=True)
        prepared = prepare(cfg)
        busy = f"another process trains {prepared.run.path}: waiting until it has ended"
        paths = prepared.config["paths"]
        _refuse_other_recordings(folder, prepared)
        with (
            folder_lock(prepared.run.path, busy=busy, wait=True),
            recorded(prepared.run, paths["outputs"], paths["registry"]),
            true_status(prepared),
        ):
            record |= _evaluated(prepared, folder) if cfg.eval.splits else _train_to_rung(prepared)
    except Exception as error:
        if not isinstance(error, BAD_INPUT):
            traceback.print_exc()
        record["reason"] = f"{type(error).__name__}: {one_line(error)}"[:500]
        print(f"seed {cfg.seed} failed: {one_line(error)}", file=sys.stderr, flush=True)
    if not path.exists():  # else another process, that was thought dead, has come through meanwhile
        write_json_atomic(path, record)
    return record


def _train_to_rung(prepared: Prepared) -> dict[str, Any]:
    """Train to the rung and score there, as far as that is not done."""
    cfg, run, epochs = prepared.cfg, prepared.run, prepared.cfg.trainer.max_epochs
    score_path = run.rungs_path / record_name(epochs)
    # what the scores depend on besides the weights: a score under other settings is no score of this sweep
    rule, metric = cfg.checkpoint.rule, cfg.checkpoint.metric
    terms = {"checkpoint": rule, "metric": metric, "eval": prepared.config["eval"]}
    score = read_json(score_path) if score_path.exists() and run.state().get("key") == prepared.key else None
    if score is None or score["terms"] != terms:
        prepared.claim()
        print(f"run       {run.path}", flush=True)
        mend(prepared)
        reach(prepared)
        last = run.checkpoints()[-1][0]
        run.set_status("finished" if last >= cfg.n_epochs else "paused", epoch=last)
        known = metrics_of(prepared.config)
        rows = history_to(run, epochs)
        epoch, checkpoint = select_checkpoint(run, rule, metric, rows, epochs, known=known)
        shown = str(checkpoint.relative_to(run.path))
        takes = sing_split(cfg, prepared.datamodule, checkpoint, "val")
        log_evaluation(run, cfg, {"val": takes}, epoch=epoch, checkpoint=shown, known=known)
        val = split_scores(score_rows(takes, cfg.data.sample_rate))
        score = {
            "terms": terms,
            "model_epoch": epoch,
            "checkpoint": shown,
            "clips": clips_hash(prepared.datamodule.clips("val")),
            "val": {name: val[name] for name in ("count", "raw", "rescaled")},
            "wall_s": round(sum(row.get("seconds", 0.0) for row in rows), 3),
        }
        run.rungs_path.mkdir(exist_ok=True)
        write_json_atomic(score_path, score)
    record = {name: score[name] for name in ("model_epoch", "checkpoint", "clips", "val", "wall_s")}
    return {**_whose(prepared), **record, **_verdict(score["val"]["raw"], metric, epochs)}


def _evaluated(prepared: Prepared, folder: Path) -> dict[str, Any]:
    """Evaluate the checkpoint that was ranked on all splits, unless the manifest says that this has been done."""
    cfg, run, epochs = prepared.cfg, prepared.run, prepared.cfg.trainer.max_epochs
    ranked = read_json(folder / record_name(epochs))
    epoch, shown = ranked["model_epoch"], ranked["checkpoint"]
    checkpoint = run.path / shown
    current = is_current(
        run.manifest(), key=prepared.key, checkpoint=shown, config=prepared.config, splits=cfg.eval.splits
    )
    if not (current and checkpoint.is_file()):
        prepared.claim()
    if not run.history_path.exists():
        reach(prepared)  # somebody has removed the folder
    if not checkpoint.is_file():
        retrain(prepared, epoch)
    if not current:
        model, splits = trained_model(cfg, checkpoint), cfg.eval.splits
        evaluate_run(run, cfg, model, prepared.datamodule, splits=splits, checkpoint=checkpoint, epoch=epoch)
    run.set_status("finished", epoch=run.checkpoints()[-1][0])
    return {**_whose(prepared), "model_epoch": epoch, "checkpoint": shown, "status": "trained", "reason": None}


def _refuse_other_recordings(folder: Path, prepared: Prepared) -> None:
    """Raise ValueError when a job of this condition has left a record on other recordings than these."""
    for path in sorted(folder.parent.glob("s*/*.json")):
        known = read_json(path).get("data_fingerprint")
        if known is not None and known != prepared.fingerprint:
            raise ValueError(
                f"the recordings changed while the sweep ran: data_fingerprint was {known}, and is "
                f"{prepared.fingerprint}; restore them, or choose another sweep_name"
            )


def _whose(prepared: Prepared) -> dict[str, Any]:
    return {"run": prepared.run.path.name, "key": prepared.key, "data_fingerprint": prepared.fingerprint}


def _verdict(raw: dict[str, float | None], metric: str, epochs: int) -> dict[str, Any]:
    """Whether what was trained can be ranked."""
    value = raw.get(metric)
    if value is None or not math.isfinite(value):
        return {"status": "diverged", "reason": f"val {metric} is not a number after epoch {epochs}"}
    return {"status": "trained", "reason": None}
