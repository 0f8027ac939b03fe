"""Score a finished run from a cold start: `python -m syrinx_lab.evaluate run=outputs/... split=test`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("evaluate")

from omegaconf import DictConfig, OmegaConf

from .cli import entry_point
from .data.stored_split import NEW
from .instantiation import plain
from .runs.permission import refuse_unwritable
from .runs.recordings import recordings_of
from .runs.registry import record_quietly
from .runs.registry_database import refuse_registry
from .score import evaluate_run, stored_datamodule
from .selected_model import load_selected


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
        stored_datamodule(run, stored, split),
        splits=(split,),
        checkpoint=loaded.checkpoint,
        epoch=loaded.epoch,
        aside=not loaded.selected or split == NEW,
    )
    record_quietly(run, chosen["paths"]["outputs"], chosen["paths"]["registry"])


def main() -> None:
    """The console entry."""
    entry_point(evaluate, config_name="evaluate")


if __name__ == "__main__":
    main()
