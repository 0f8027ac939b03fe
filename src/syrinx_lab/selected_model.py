"""The model of a finished run, loaded: by default the checkpoint that its `checkpoint` chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from .evaluation.initial_weights import differing_settings, overrides, trained_settings
from .evaluation.weights import finished_epochs, load_weights
from .instantiation import plain
from .model import Ouroboros
from .runs.checkpoint_choice import selected_checkpoint
from .runs.directory import RunDirectory, find_run, swept_selection
from .voice_assembly import build_model
from .voices.record import check_voice, is_voice


@dataclass(frozen=True)
class SelectedModel:
    """A model with the run that it is of.

    model       in evaluation mode, with the weights of `checkpoint`
    run         the run's folder
    checkpoint  the file
    epoch       its finished epochs, -1 for a file that does not say
    selected    whether it is the checkpoint that the run's `checkpoint` chooses
    """

    model: Ouroboros
    run: RunDirectory
    checkpoint: Path
    epoch: int
    selected: bool


def load_selected(run: str | Path, checkpoint: str | Path | None = None) -> SelectedModel:
    """Load the model of a run.

    Args:
        run: a run's folder or a file in it, or a sweep's folder: the model that was selected there.
        checkpoint: another file than the selected one, seen from here, from the run's folder or from its checkpoints.

    Raises:
        ValueError: one line when there is no such run or checkpoint, or it is another model's, by shapes or settings,
            or when a file of a voice is not what was packed.
    """
    found = find_run(run)
    if is_voice(found.path):
        check_voice(found.path)
    swept = swept_selection(run)
    config = found.config()
    if checkpoint is not None:
        path = _checkpoint_file(found, Path(checkpoint).expanduser())
    elif swept is not None:
        path = found.path / swept.checkpoint  # another sweep may have asked for another one since
    else:
        path = selected_checkpoint(found, config, found.state()["key"])[1]
    if not path.is_file():
        raise ValueError(
            f"{path}: the selected checkpoint is gone: repeat the command that trained it, or give checkpoint=FILE"
        )
    model = trained_model(OmegaConf.create(config), path).eval()
    epoch = next((epoch for epoch, one in found.checkpoints() if one.resolve() == path.resolve()), None)
    epoch = finished_epochs(path) if epoch is None else epoch
    return SelectedModel(model, found, path, epoch, _is_selected(found, config, path))


def trained_model(cfg: DictConfig, checkpoint: Path, *, first: bool = False) -> Ouroboros:
    """The model of a configuration with the weights of a checkpoint, its rollouts on whatever backend suits here.

    first  whether they are those that a training of it starts from, see `load_weights`

    Raises:
        ValueError: the file is not there, or holds another model: the same weights under other settings are one too.
    """
    model = build_model(cfg)
    differing = differing_settings(model, plain(cfg), trained_settings(checkpoint))
    if differing:
        raise ValueError(
            f"{checkpoint}: trained with other settings than this run, under which its weights are another model: "
            f"{overrides(differing)}; give the run that it is of"
        )
    model.backend = "auto"  # the same numbers, whatever the training ran on
    load_weights(model, checkpoint, first=first)
    return model


def choose_bird(model: Ouroboros, name: str | None) -> None:
    """Let all that a model sings be of this bird, see `Birds.choose`; None: of the bird that is named with it.

    Raises ValueError with one line for a model of one bird, and for a bird that it has no embedding of.
    """
    if model.birds is not None:
        model.birds.choose(name)
    elif name is not None:
        raise ValueError(f"bird is {name!r}, and this model has no embeddings of birds: leave it out")


def _checkpoint_file(run: RunDirectory, given: Path) -> Path:
    """The file that is meant: seen from here, or as the run's own files name it, or by its name alone."""
    found = next((p for p in (given, run.path / given, run.checkpoints_path / given) if p.is_file()), None)
    if found is None:
        raise ValueError(f"{given}: no such checkpoint; {run.checkpoints_path} holds those of the run")
    return found.absolute()


def _is_selected(run: RunDirectory, config: Mapping[str, Any], checkpoint: Path) -> bool:
    try:
        return checkpoint.resolve() == selected_checkpoint(run, config, run.state()["key"])[1].resolve()
    except ValueError:  # nothing was scored on the way, and the rule wants the best
        manifest = run.manifest()
        return manifest is not None and manifest.checkpoint == run.shown(checkpoint)
