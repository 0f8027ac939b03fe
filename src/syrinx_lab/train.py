"""Train one model: `python -m syrinx_lab.train loss=spectral_rollout horizon=pow2`."""

from __future__ import annotations

import hashlib
import logging
import shutil
import warnings
from pathlib import Path
from typing import Any, cast

from lightning.pytorch import Callback, Trainer, seed_everything
from lightning.pytorch.callbacks import ProgressBar
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig

from .assembly import (
    build,
    build_datamodule,
    build_horizon,
    build_model,
    build_module,
    build_objective,
    plain,
    run_name,
)
from .cli import entry_point
from .evaluate import evaluate_run
from .losses.teacher_forced import TeacherForced
from .runs.atomic import read_json
from .runs.directory import RunDirectory, find_run
from .runs.identity import run_key
from .training.backend import tell_backend
from .training.checkpoints import Checkpoints
from .training.datamodule import SongDataModule
from .training.history import HistoryWriter
from .training.loggers import finishing
from .training.module import OuroborosModule
from .training.outcome import print_scores, write_loss_figure
from .training.weights import load_weights, read_checkpoint


def train(cfg: DictConfig) -> float | None:
    """Train to `trainer.max_epochs`, select, evaluate, write; returns the val score that models are ranked by.

    All that can be wrong with the configuration or the data is found before anything is written.
    """
    config = plain(cfg)
    _quieten()
    seed_everything(cfg.seed, workers=True, verbose=False)
    model = build_model(cfg)
    if cfg.init_from is not None:
        source = _weights_file(cfg.init_from)
        load_weights(model, source)
        config["init_weights"] = hashlib.sha256(source.read_bytes()).hexdigest()[:16]  # the identity, wherever they lie
    module = build_module(cfg, model, build_objective(cfg), build_horizon(cfg))
    callbacks: list[Callback] = [build(node) for node in cfg.callbacks.values()]
    datamodule = build_datamodule(cfg)
    datamodule.prepare(module.horizon.max if module.objective.needs_rollout else None)

    fingerprint = datamodule.fingerprint()
    key, name = run_key(config, fingerprint), run_name(config)
    run = RunDirectory(config["run_dir"] or Path(config["paths"]["outputs"]) / f"{name}-{key[:8]}")
    if config["force"]:
        run.claim(config, fingerprint)  # refuses another configuration's run before anything of it is lost
        _forget(run)
    done = run.checkpoints()[-1][0] if run.checkpoints() else 0
    if done >= cfg.trainer.max_epochs and run.manifest_path.exists() and run.state().get("key") == key:
        print(f"run       {run.path}\nalready trained to epoch {done}: nothing to do (force=true trains again)")
        manifest = read_json(run.manifest_path)
        print_scores(manifest)
    else:
        run.claim(config, fingerprint)
        print("\n".join([f"run       {run.path}", *datamodule.describe()]), flush=True)
        if done < cfg.trainer.max_epochs:
            logger = build(cfg.logger, directory=run.path, key=key, run_name=name, resolved=config)
            _fit(cfg, config, run, module, datamodule, callbacks, logger)
        manifest = evaluate_run(run, cfg, datamodule, splits=("val", "test"))
        run.set_status("finished", epoch=run.checkpoints()[-1][0])
    return manifest["scores"]["val"]["raw"].get(cfg.selection.metric)


def _fit(
    cfg: DictConfig,
    config: dict[str, Any],
    run: RunDirectory,
    module: OuroborosModule,
    datamodule: SongDataModule,
    callbacks: list[Callback],
    logger: Logger | None,
) -> None:
    objective, latest = module.objective, run.latest_checkpoint()
    if latest is not None:
        read_checkpoint(latest)  # a damaged one is better told now than by Lightning
        print(f"going on after epoch {run.checkpoints()[-1][0]} of {cfg.trainer.max_epochs}", flush=True)
    cast(TeacherForced, objective.terms["tf"]).set_variance(datamodule.acceleration_variance() / module.model.step**4)
    for callback in callbacks:
        if isinstance(callback, Checkpoints):
            callback.directory, callback.config = run.checkpoints_path, config
        elif isinstance(callback, HistoryWriter):
            callback.path = run.history_path
    run.set_status("running")
    with finishing(logger):
        trainer = Trainer(
            max_epochs=cfg.trainer.max_epochs,
            accelerator=cfg.trainer.accelerator,
            devices=1,
            limit_train_batches=cfg.trainer.limit_batches,
            gradient_clip_val=cfg.optim.grad_clip,
            callbacks=callbacks,
            logger=logger if logger is not None else False,
            default_root_dir=run.path,
            enable_model_summary=False,
            enable_progress_bar=any(isinstance(callback, ProgressBar) for callback in callbacks),
            use_distributed_sampler=False,
            log_every_n_steps=1,
        )
        backend = str(tell_backend(module, trainer.strategy.root_device))
        run.set_backend(backend)
        if logger is not None:
            logger.log_hyperparams({"backend_used": backend})
        try:
            trainer.fit(module, datamodule=datamodule, ckpt_path=latest, weights_only=True)
        except OSError as error:
            run.set_status("failed", message=str(error))
            raise
        except SystemExit:  # so Lightning ends when it is interrupted
            run.set_status("interrupted", epoch=trainer.current_epoch)
            raise KeyboardInterrupt from None
    write_loss_figure(run.figures_path, run.history.read())


def _weights_file(source: str) -> Path:
    path = Path(source)
    if path.is_file():
        return path
    latest = find_run(path).latest_checkpoint()
    assert latest is not None, "find_run answers only runs with checkpoints"
    return latest


def _forget(run: RunDirectory) -> None:
    for folder in (run.checkpoints_path, run.audio_path, run.figures_path):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (run.history_path, run.manifest_path):
        file.unlink(missing_ok=True)


def _quieten() -> None:
    for noisy in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
    warnings.filterwarnings("ignore", message=".*isinstance\\(treespec, LeafSpec\\).*")


def main() -> None:
    """The console entry."""
    entry_point(train, interrupted="interrupted: run the same command again to go on from the last checkpoint")


if __name__ == "__main__":
    main()
