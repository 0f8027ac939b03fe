"""A run from its configuration: everything checked and built, then trained to a rung."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer, seed_everything
from lightning.pytorch.callbacks import ProgressBar
from lightning.pytorch.plugins.environments import LightningEnvironment
from lightning.pytorch.utilities.rank_zero import rank_zero_only
from omegaconf import DictConfig

from .assembly import (
    build_callbacks,
    build_datamodule,
    build_horizon,
    build_logger,
    build_model,
    build_module,
    build_objective,
    build_scoring,
    run_name,
)
from .bird_names import with_birds
from .cli import one_line
from .data.stored_split import difference
from .ear.analyser import EarAnalyser
from .ear.encoder import EarEncoder
from .evaluation.initial_weights import start_from, weights_file, weights_hash
from .evaluation.weights import read_checkpoint
from .from_voice import of_voice
from .instantiation import plain
from .logged import backend_used, training_run
from .metrics.facts import check_selection_metric, with_metric_facts
from .runs.activity import UNDER_WAY
from .runs.directory import RunDirectory
from .runs.identity import identity, run_key
from .runs.interruption import begin_ending, interrupted_by
from .runs.permission import refuse_among, refuse_outputs
from .runs.registry import record_quietly
from .runs.registry_database import refuse_registry
from .training.backend import report_backend
from .training.callbacks import CallbackFactory, RunContext, run_callbacks
from .training.checkpoints import Checkpoints
from .training.datamodule import SongDataModule
from .training.history import HistoryWriter
from .training.loggers import finishing
from .training.measured_start import measure
from .training.media_logger import Start
from .training.module import OuroborosModule
from .training.schedules import check_plan
from .training.statistics import SongStatistics
from .training.time_budget import TimeBudget
from .training_log import begin, end
from .training_log import mend as mend_log
from .trial import check_parts

_THREADS = torch.get_num_threads()  # before any run has asked for fewer


@dataclass(frozen=True)
class Prepared:
    """A run of which everything is checked and nothing written.

    cfg, config   the configuration, composed and in plain containers
    run           its folder, which need not exist
    key           its identity
    fingerprint   of the recordings
    callbacks     key -> what the configuration chooses, to be made for the run
    context       what callbacks may know of the run
    """

    cfg: DictConfig
    config: dict[str, Any]
    run: RunDirectory
    key: str
    fingerprint: str
    module: OuroborosModule
    callbacks: dict[str, Callback | CallbackFactory]
    datamodule: SongDataModule
    start_logger: Start
    context: RunContext

    def claim(self) -> None:
        """Make the folder this run's, see `RunDirectory.claim`."""
        record, before = self.datamodule.split_record(), self.run.split()
        try:
            self.run.claim(self.config, self.fingerprint, record)
        except ValueError as error:
            other = "" if before is None else difference(before, record)
            raise ValueError(f"{error} (since that training: {other})" if other else str(error)) from error


def prepare(cfg: DictConfig) -> Prepared:
    """Build and check what a run needs; raises ValueError for all that can be wrong with configuration or data."""
    cfg, named = with_birds(of_voice(cfg))
    config = plain(cfg)  # refuses what is not set, before anything is built
    scoring = build_scoring(cfg)
    config = with_metric_facts(config, scoring.outside)
    check_selection_metric(cfg.checkpoint.metric, scoring.known)
    refuse_outputs(config)
    refuse_registry(config["paths"]["outputs"], config["paths"]["registry"])
    quieten()
    _check_accelerator(cfg.trainer.accelerator)
    use_threads(cfg.trainer.threads)
    seed_everything(cfg.seed, workers=True, verbose=False)
    model = build_model(cfg)
    check_parts(model)
    if cfg.init_from is not None:
        start_from(model, config, weights_file(cfg.init_from))
        config["init_weights"] = weights_hash(cfg.init_from)  # the identity, wherever they lie
    for part in (model.analyser, model.encoder):
        if isinstance(part, EarAnalyser | EarEncoder):
            config["ear_weights"] = part.identity  # likewise
    module = build_module(cfg, model, build_objective(cfg), build_horizon(cfg), scoring)
    check_plan(module.horizon, cfg.n_epochs)
    callbacks, start_logger = build_callbacks(cfg), build_logger(cfg)
    for line in module.objective.warnings(cfg.n_epochs, module.horizon.max):
        warnings.warn(line, stacklevel=1)
    datamodule = build_datamodule(cfg) if named is None else named
    datamodule.read()
    if config["run_dir"] is not None:
        refuse_among((one.path for one in datamodule.recordings.values()), config["run_dir"])
    fingerprint = datamodule.fingerprint()
    key = run_key(config, fingerprint)
    run = RunDirectory(config["run_dir"] or Path(config["paths"]["outputs"]) / f"{run_name(config)}-{key[:8]}")
    # of a run that has begun, whatever would draw it now
    stored = run.split() if run.state().get("key") == key and not cfg.force else None
    datamodule.prepare(module.horizon.max if module.objective.needs_rollout else None, stored=stored)
    context = RunContext(run.path, config, scoring)
    return Prepared(cfg, config, run, key, fingerprint, module, callbacks, datamodule, start_logger, context)


def fit(prepared: Prepared, *, to: int | None = None, again: Path | None = None) -> None:
    """Train from the last checkpoint before the epoch `to` to that epoch.

    to     finished epochs; None: trainer.max_epochs
    again  where the history goes when the run has gone further than that already: the epochs in between are trained
           once more, to the same weights, and neither the run's own history nor a logger hears of it
    """
    cfg, run, module, datamodule = prepared.cfg, prepared.run, prepared.module, prepared.datamodule
    objective, epochs = module.objective, cfg.trainer.max_epochs if to is None else to
    before = [(epoch, path) for epoch, path in run.checkpoints() if epoch < epochs]
    latest = before[-1][1] if before else None
    if latest is not None:
        read_checkpoint(latest, resumed=True)  # of a damaged one Lightning would print pages
        print(f"going on after epoch {before[-1][0]} of {epochs}", flush=True)
    objective.fit(SongStatistics(datamodule, module.model))
    if module.model.analyser is not None:
        module.model.calibrate(*datamodule.calibration_material())
    if latest is None and cfg.init_from is None:
        measure(module.model, datamodule.calibration_material)
    # where the run has gone further, pruning would remove what is written now, being older than what is there
    keep = cfg.trainer.keep_checkpoints if again is None else None
    checkpoints = Checkpoints(run.checkpoints_path, prepared.config, save_every=cfg.trainer.save_every, keep=keep)
    budget = [] if cfg.trainer.get("budget_s") is None else [TimeBudget(cfg.trainer.budget_s)]
    callbacks = run_callbacks(
        prepared.callbacks, prepared.context, *budget, HistoryWriter(again or run.history_path), checkpoints
    )
    logger = None
    if again is None:
        mend(prepared)
        described = training_run(prepared.config, prepared.key, resumed=latest is not None)
        logger = prepared.start_logger(run.path, described)
    run.set_status("running")
    with finishing(logger):
        if again is None:
            begin(run, described, logger, after=before[-1][0] if before else 0, to=epochs)
        trainer = Trainer(
            max_epochs=epochs,
            accelerator=cfg.trainer.accelerator,
            devices=1,
            plugins=[alone()],
            limit_train_batches=cfg.trainer.limit_batches,
            callbacks=callbacks,
            logger=logger if logger is not None else False,
            default_root_dir=run.checkpoints_path,  # in the run's folder it would go on from an old hpc_ckpt_1.ckpt
            enable_model_summary=False,
            enable_progress_bar=any(isinstance(callback, ProgressBar) for callback in callbacks),
            use_distributed_sampler=False,
            log_every_n_steps=1,
        )
        backend = str(report_backend(module, trainer.strategy.root_device))
        run.set_backend(backend)
        run.set_units(objective.units)
        record_quietly(run, prepared.config["paths"]["outputs"], prepared.config["paths"]["registry"])
        if logger is not None:
            logger.log_hyperparams(backend_used(backend))
        try:
            trainer.fit(module, datamodule=datamodule, ckpt_path=latest, weights_only=True)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            # Lightning ends with SystemExit when it is interrupted, and its own ending can fail: a terminal is closed
            if (interruption := interrupted_by(error)) is not None:
                begin_ending()
                run.set_status("interrupted", epoch=trainer.current_epoch)
                raise interruption from None
            if isinstance(error, SystemExit):  # a cluster's launcher has put the job back into its queue
                run.set_status("interrupted", epoch=trainer.current_epoch)
            else:
                run.set_status("failed", message=one_line(error))
            raise
    if again is None:
        end(run)


def mend(prepared: Prepared) -> None:
    """End for loggers and figure what a kill has left open, where its last checkpoint is there."""
    mend_log(prepared.run, prepared.config, prepared.key, prepared.start_logger)


def trained_before(prepared: Prepared) -> str | None:
    """A line on a run of this configuration that was trained on other recordings of the same folder; None without."""
    config = prepared.config
    for other in map(RunDirectory, sorted(Path(config["paths"]["outputs"]).glob(f"{run_name(config)}-*"))):
        if other.path == prepared.run.path or not other.config_path.is_file() or (record := other.split()) is None:
            continue
        changes = difference(record, prepared.datamodule.split_record())
        if changes and identity(other.config()) == identity(config):
            return (
                f"note: {other.path} is of this configuration too; since its training: {changes}. What is trained now "
                "is another model, with a split of its own"
            )
    return None


@contextmanager
def true_status(prepared: Prepared) -> Iterator[None]:
    """However the block ends, state.json says how the run stands: nobody is at work in it any more."""
    run = prepared.run

    def last() -> int:
        return max((epoch for epoch, _ in run.checkpoints()), default=0)

    def settle(status: str, message: str | None = None) -> None:
        state = run.state()
        if state.get("key") == prepared.key and state.get("status") in UNDER_WAY:
            run.set_status(status, epoch=last(), message=message)

    try:
        yield
    except Exception as error:
        settle("failed", one_line(error))
        raise
    except BaseException:
        begin_ending()
        settle("interrupted")
        raise
    settle("finished" if last() >= prepared.cfg.n_epochs else "paused")


def forget(run: RunDirectory) -> None:
    """Remove what a run has learned, so that it is trained again."""
    for folder in (
        *(run.checkpoints_path, run.audio_path, run.figures_path, run.evaluations_path),
        *(run.rungs_path, run.wandb_path),
    ):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (run.history_path, run.manifest_path, run.split_path):
        file.unlink(missing_ok=True)
    run.note_training(None)


def alone() -> LightningEnvironment:
    """Training by this process alone, whatever the variables of a cluster say (Slurm, LSF, MPI, torchrun).

    Lightning would count this process among a job's tasks, handle its signals with checkpoints of its own in the middle
    of an epoch, and go on from those.
    """
    # read off SLURM_PROCID and its like at import: loggers of other ranks write nothing
    rank_zero_only.rank = 0  # type: ignore[attr-defined]
    return LightningEnvironment()


def _check_accelerator(name: str) -> None:
    """Raise ValueError for a device that torch lacks here; Lightning would say so after the run's folder is made."""
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if not {"gpu": cuda or mps, "cuda": cuda, "mps": mps}.get(name, True):
        raise ValueError(f"trainer.accelerator is {name}, and torch finds none here: use auto or cpu")


def use_threads(count: int | None) -> None:
    """Let torch use so many threads; None: as many as it began with."""
    torch.set_num_threads(_THREADS if count is None else count)


def quieten() -> None:
    """Leave out what Lightning says of no use to the lab's users."""
    for noisy in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    known = ("does not have many workers", "exists and is not empty", "overridden `transfer_batch_to_device`")
    for message in (*known, "isinstance\\(treespec, LeafSpec\\)"):
        warnings.filterwarnings("ignore", message=f".*{message}.*")
