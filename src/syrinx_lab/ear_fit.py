"""A training of the ear from its configuration: checked and built, then trained to the end, in a run's folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer, seed_everything
from omegaconf import DictConfig

from .cli import one_line
from .ear.network import Ear
from .ear.weights import load_ear, save_ear
from .evaluation.initial_weights import weights_hash
from .evaluation.weights import read_checkpoint
from .fit import alone, quieten, use_threads
from .instantiation import build, chosen, plain, settings_of
from .runs.directory import RunDirectory
from .runs.identity import run_key
from .runs.interruption import interrupted_by
from .runs.lock import folder_lock
from .runs.permission import refuse_outputs
from .simulation.aviary import Aviary
from .training.checkpoints import Checkpoints
from .training.ear_data import AviaryData
from .training.ear_module import EarModule, EarSettings
from .training.ear_scores import EarScores
from .training.history import HistoryWriter

EAR_NAME = "ear.pt"
_OTHERS = 10**6  # added to the seed for birds that are not trained on
_AT_A_TIME = 16


def fit_ear(cfg: DictConfig) -> None:
    """Train the ear of a configuration to its last epoch, or go on with it; its folder then holds ear.pt.

    Raises ValueError, before anything is written, for what is wrong with the configuration.
    """
    config, settings = plain(cfg), settings_of(cfg.ear)
    if cfg.logger.name != "none":
        raise ValueError(
            f"logger is {cfg.logger.name}: the training of the ear writes history.jsonl alone, use logger=none"
        )
    refuse_outputs(config)
    quieten()
    use_threads(cfg.trainer.threads)
    seed_everything(cfg.seed, workers=True, verbose=False)
    ear = build(cfg.ear.network)
    if not isinstance(ear, Ear):
        raise ValueError(f"ear.network is a {type(ear).__name__}: derive it from syrinx_lab.ear.network.Ear")
    if cfg.init_from is not None:
        _start_from(ear, cfg.init_from)
        config["init_weights"] = weights_hash(cfg.init_from)
    updates = settings["updates"]
    module = EarModule(ear, _settings(settings, cfg.n_epochs), seed=cfg.seed)
    data = AviaryData(
        build(cfg.ear.aviary, seed=cfg.seed),
        batch_size=settings["batch_size"],
        seconds=settings["seconds"],
        updates=updates,
    )
    key = run_key(config, None)
    run = RunDirectory(
        config["run_dir"] or Path(config["paths"]["outputs"]) / f"ear-{cfg.ear.name}-s{cfg.seed}-{key[:8]}"
    )
    with folder_lock(run.path, busy=f"another process trains {run.path}: wait until it has ended"):
        run.claim(config)
        _train(cfg, config, run, module, data, build(cfg.ear.aviary, seed=cfg.seed + _OTHERS))


def _train(
    cfg: DictConfig, config: dict[str, Any], run: RunDirectory, module: EarModule, data: AviaryData, others: Aviary
) -> None:
    """From the last checkpoint to the end."""
    epochs, latest = cfg.trainer.max_epochs, run.checkpoints()[-1:] if not cfg.force else []
    count = sum(p.numel() for p in module.ear.parameters())
    print(f"run       {run.path}\near       {count:,} parameters", flush=True)
    if latest:
        read_checkpoint(latest[0][1], resumed=True)
        print(f"going on after epoch {latest[0][0]} of {epochs}", flush=True)
    indices = range(cfg.ear.held_out)
    songs = [others.draw(indices[k : k + _AT_A_TIME], cfg.ear.seconds) for k in indices[::_AT_A_TIME]]
    keep, every = cfg.trainer.keep_checkpoints, cfg.trainer.save_every
    run.set_status("running")
    trainer = Trainer(
        max_epochs=epochs,
        accelerator=cfg.trainer.accelerator,
        devices=1,
        plugins=[alone()],
        limit_train_batches=cfg.trainer.limit_batches,
        callbacks=[
            *([EarScores(songs)] if songs else []),
            HistoryWriter(run.history_path),
            Checkpoints(run.checkpoints_path, config, save_every=every, keep=keep),
        ],
        logger=False,
        default_root_dir=run.checkpoints_path,
        enable_model_summary=False,
        enable_progress_bar=sys.stderr.isatty(),
        use_distributed_sampler=False,
        log_every_n_steps=1,
    )
    try:
        trainer.fit(module, datamodule=data, ckpt_path=latest[0][1] if latest else None, weights_only=True)
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        if (interruption := interrupted_by(error)) is not None:
            run.set_status("interrupted", epoch=trainer.current_epoch)
            raise interruption from None
        run.set_status("failed", message=one_line(error) if isinstance(error, Exception) else "interrupted")
        raise
    last = run.history.read()[-1]
    trained = {"seed": cfg.seed, "epochs": epochs, "updates": last["step"], "ear": config["ear"]}
    digest = save_ear(module.average, run.path / EAR_NAME, trained | {"scores": _of_validation(last)})
    run.set_status("finished", epoch=epochs)
    print(f"ear       {run.path / EAR_NAME}  sha256 {digest[:12]}")
    print("          " + "  ".join(f"{name} {value:.4g}" for name, value in _of_validation(last).items()), flush=True)


def _settings(group: dict[str, Any], epochs: int) -> EarSettings:
    return chosen(EarSettings, {**group, "updates": group["updates"] * epochs}, "ear")


def _start_from(ear: Ear, path: str) -> None:
    """Take the weights of another ear's file, which must be of the same sizes."""
    other = load_ear(path)
    if other.settings != ear.settings:
        raise ValueError(f"{path} is an ear of {other.settings}, not of {ear.settings}: use the same ear.network")
    with torch.no_grad():
        ear.load_state_dict(other.state_dict())


def _of_validation(row: dict[str, Any]) -> dict[str, float]:
    return {
        name.removeprefix("val/"): value for name, value in row.items() if name.startswith("val/") and value is not None
    }
