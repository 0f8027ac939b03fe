"""Score a finished run from a cold start: `python -m syrinx_lab.evaluate run=outputs/... split=test`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("evaluate")

from typing import cast

from omegaconf import DictConfig, OmegaConf

from .assembly import build_datamodule, plain
from .cli import entry_point
from .data.stored_split import NEW
from .runs.directory import RunDirectory
from .runs.permission import refuse_unwritable
from .runs.recordings import recordings_of
from .runs.registry import record_quietly
from .runs.registry_database import refuse_registry
from .score import evaluate_run
from .selected_model import load_selected
from .training.datamodule import SongDataModule


def evaluate(cfg: DictConfig) -> None:
    """Score a checkpoint of `run` on `split`, as it was drawn at the training; write scores, sounds and figures.

    Those of the selected checkpoint on val and test go to the run's manifest, all others to its `evaluations/`.

    Raises:
        ValueError: one line on a run, checkpoint or recording that is not there or not what it was.
    """
    chosen = plain(cfg)
    split = chosen["split"]
    if split not in ("val", "test", NEW):
        raise ValueError(f"split is {split!r}: use val, test or {NEW}")
    refuse_registry(chosen["paths"]["outputs"], chosen["paths"]["registry"])
    loaded = load_selected(chosen["run"], chosen["checkpoint"]["file"])
    run = loaded.run
    refuse_unwritable(run.path, "the scores are written into it; copy the run's folder and give run=COPY")
    stored = OmegaConf.create(run.config())
    stored.data.update(recordings_of(run.config(), run.path, chosen["data_root"]))
    evaluate_run(
        run,
        stored,
        loaded.model,
        _datamodule(run, stored, split),
        splits=(split,),
        checkpoint=loaded.checkpoint,
        epoch=loaded.epoch,
        aside=not loaded.selected or split == NEW,
    )
    record_quietly(run, chosen["paths"]["outputs"], chosen["paths"]["registry"])


def _datamodule(run: RunDirectory, stored: DictConfig, split: str) -> SongDataModule:
    """The recordings in the split that the run was trained with; what has changed since is printed."""
    record = run.split()
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
    for line in datamodule.changes.lines():
        print(f"note: {line}")
    if not datamodule.vocalisations[split]:
        what = "no recording is new since the training" if split == NEW else f"no recording of {split} is there"
        raise ValueError(f"{what}, or none with a syllable to score: give data_root=FOLDER, or another split")
    return datamodule


def main() -> None:
    """The console entry."""
    entry_point(evaluate, config_name="evaluate")


if __name__ == "__main__":
    main()
