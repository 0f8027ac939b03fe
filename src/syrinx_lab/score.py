"""A run from its configuration: a checkpoint scored on splits, and logged."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from omegaconf import DictConfig, OmegaConf

from .assembly import build_datamodule, build_logger, build_scoring
from .cli import BAD_INPUT, one_line
from .data.stored_split import NEW, NOTHING
from .evaluation.evaluate_model import Sung, evaluate_model
from .evaluation.takes import Take
from .instantiation import plain
from .logged import evaluation_run
from .metrics.facts import METRICS, Known
from .model import Ouroboros
from .runs.directory import RunDirectory
from .runs.manifest import Manifest
from .selected_model import trained_model
from .training.datamodule import SongDataModule
from .training.evaluation_log import log_split
from .training.loggers import finishing


def evaluate_run(
    run: RunDirectory,
    cfg: DictConfig,
    model: Ouroboros,
    datamodule: SongDataModule,
    *,
    splits: Sequence[str],
    checkpoint: Path,
    epoch: int,
    aside: bool = False,
) -> Manifest:
    """Score a model of a run as `evaluate_model` does, and log it; returns the manifest.

    Args:
        cfg: the configuration that the run was trained with.
        model: with the weights of `checkpoint`.
        epoch: finished epochs of the checkpoint, -1 where nobody knows.
        aside: write to `evaluations/`, because this is not the selected model or not its held-out clips.
    """
    scoring = build_scoring(cfg, final=True)
    given = cfg.controls.pitch_range_hz
    shown = run.shown(checkpoint)
    # to the logger another run's checkpoint is no epoch of this one
    logged = epoch if checkpoint.resolve().parent == run.checkpoints_path.resolve() else -1
    return evaluate_model(
        run,
        model,
        datamodule,
        scoring,
        checkpoint=checkpoint,
        epoch=epoch,
        splits=splits,
        log=partial(log_evaluation, run, cfg, epoch=logged, checkpoint=shown, known=scoring.known),
        pitch_range_hz=None if given is None else tuple(given),
        max_audio=cfg.eval.max_audio,
        aside=aside,
    )


def stored_datamodule(
    run: RunDirectory, stored: DictConfig, split: str, *, of_recordings: bool = True
) -> SongDataModule:
    """The recordings in the split that the run was trained with; what has changed since is printed.

    Args:
        stored: the run's configuration, with `data.root` where the recordings lie now.
        split: val, test or new, which must have a clip.
        of_recordings: whether the run learned from recordings; if not, none of these can be among them.

    Raises:
        ValueError: one line on recordings that are not there or not those of the training.
    """
    record = run.split() if of_recordings else NOTHING
    # what has come to the folder since need not be annotated
    lenient = {} if record is None else {"data": {"unannotated": "skip"}}
    datamodule = build_datamodule(cast(DictConfig, OmegaConf.merge(stored, lenient)))
    datamodule.read()
    if record is None and datamodule.fingerprint() != run.state().get("data_fingerprint"):
        raise ValueError(
            f"{run.path} stores no split, and the recordings differ from those it was trained on: which of them are "
            "held out is not known; restore them, or train again"
        )
    datamodule.prepare(stored=record, training=False)
    for line in datamodule.changes.lines() if of_recordings else ():
        print(f"note: {line}")
    if not datamodule.vocalisations[split]:
        what = "no recording is new since the training" if split == NEW else f"no recording of {split} is there"
        raise ValueError(f"{what}, or none with a syllable to score: give data_root=FOLDER, or another split")
    return datamodule


def sing_split(cfg: DictConfig, datamodule: SongDataModule, checkpoint: Path, split: str) -> list[Take]:
    """What the checkpoint's model makes of every vocalisation of `split`, and nothing written."""
    return build_scoring(cfg).takes(trained_model(cfg, checkpoint), datamodule.clips(split))


def log_evaluation(
    run: RunDirectory, cfg: DictConfig, sung: Sung, *, epoch: int, checkpoint: str, known: Known = METRICS
) -> None:
    """Send what was sung to a run of its own of the configuration's logger, and finish it.

    A logger that cannot be reached costs a warning, not the scores.

    Args:
        run: the model's folder.
        cfg: the configuration that it was trained with.
        sung: the takes of every split that was evaluated.
        epoch: finished epochs of the model that sang, -1 where nobody knows.
        checkpoint: its file.
        known: the metrics that were computed.
    """
    state = run.state()
    described = evaluation_run(
        plain(cfg), state["key"], tuple(sung), epoch=epoch, checkpoint=checkpoint, backend=state.get("backend")
    )
    try:
        with finishing(build_logger(cfg)(run.path, described)) as logger:
            for split, takes in sung.items():
                if logger is not None:
                    rate, most = cfg.data.sample_rate, cfg.eval.max_audio
                    log_split(logger, split, takes, rate, epoch=max(epoch, 0), most_audio=most, known=known)
    except BAD_INPUT as error:
        print(f"warning   the evaluation is not logged: {one_line(error)}", flush=True)
