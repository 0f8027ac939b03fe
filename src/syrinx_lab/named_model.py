"""The model that a command of held-out clips was given: a run with its own recordings, or a voice and new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from .data.splits import NAMES
from .data.stored_split import NEW
from .evaluation.clips import Clip
from .model import Ouroboros
from .runs.directory import RunDirectory
from .runs.recordings import recordings_of
from .score import stored_datamodule
from .selected_model import SelectedModel, choose_bird, load_selected
from .simulation.recordings import MADE
from .synthesis.found_songs import found_songs
from .training.datamodule import SongDataModule
from .voice_assembly import build_reading
from .voices.finding import model_folder, own_copy


@dataclass(frozen=True)
class NamedModel:
    """A model, its stored configuration with `data.root` where the recordings lie, and the split that is asked for.

    of_recordings  whether it learned from recordings, so that those of data.root may be among them
    """

    loaded: SelectedModel
    stored: DictConfig
    split: str
    of_recordings: bool = True

    def datamodule(self) -> SongDataModule:
        """The recordings in the split of the training; of a voice all that it has not heard are new.

        A voice takes the range of pitch and the background from the clips, which needs no labels' names.
        """
        found = stored_datamodule(self.loaded.run, self.stored, self.split, of_recordings=self.of_recordings)
        if self.split == NEW:
            calibrate_to_clips(self.loaded.model, found.clips(NEW))
        return found


def named_model(chosen: Mapping[str, Any]) -> NamedModel:
    """What `run` or `voice`, `checkpoint`, `data_root`, `split` and, where it has one, `bird` of a command name.

    A voice is scored on split new, the recordings of data_root; where these are not annotated, on syllables that are
    found in them, see `found_songs`. Results go to a copy of it under `paths.outputs` where its own folder is the
    package's.

    Raises ValueError with one line on a run, voice, checkpoint or folder that is not there, and for a voice without
    data_root.
    """
    folder, unheard = model_folder(chosen["run"], chosen["voice"])
    if unheard:
        if chosen["data_root"] is None:
            raise ValueError(f"voice={chosen['voice']} has recordings of no bird: give data_root=SONGS")
        folder = own_copy(folder, Path(chosen["paths"]["outputs"]))
    loaded = load_selected(folder, chosen["checkpoint"]["file"])
    choose_bird(loaded.model, chosen.get("bird"))
    stored = OmegaConf.create(loaded.run.config())
    stored.data.update(recordings_of(loaded.run.config(), loaded.run.path, chosen["data_root"]))
    if not unheard:
        return NamedModel(loaded, stored, chosen["split"])
    stored.data.label = None
    for rendered in ("synthetic", "simulated"):  # what it was trained on
        stored.data.pop(rendered, None)
    outputs, by_bird = Path(chosen["paths"]["outputs"]), loaded.model.birds is not None
    found = found_songs(chosen["data_root"], build_reading(stored), outputs, least=1, by_bird=by_bird)
    if found is not None:
        stored.data.root = str(found[0])
        print(f"songs     {found[1]}", flush=True)
    return NamedModel(loaded, stored, NEW, of_recordings=learned_from_recordings(loaded.run))


def learned_from_recordings(run: RunDirectory) -> bool:
    """Whether a run was trained on recordings, not on simulated song alone."""
    split = run.split()
    return split is None or not all(name.startswith(MADE) for part in NAMES for name in split[part])


@torch.no_grad()
def calibrate_to_clips(model: Ouroboros, clips: list[Clip]) -> None:
    """Give a voice the range of pitch and the background of clips that it has never heard."""
    whole = [torch.from_numpy(clip.x) for clip in clips]
    model.calibrate(whole, [x[clip.onset : clip.offset] for x, clip in zip(whole, clips)])
