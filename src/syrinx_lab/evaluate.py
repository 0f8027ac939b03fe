"""Score a finished run from a cold start: `python -m syrinx_lab.evaluate run=outputs/... split=test`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("evaluate")

from omegaconf import DictConfig

from .cli import entry_point
from .data.stored_split import NEW
from .instantiation import plain
from .named_model import named_model
from .runs.permission import refuse_unwritable
from .runs.registry import record_quietly
from .runs.registry_database import refuse_registry
from .score import evaluate_run


def evaluate(cfg: DictConfig) -> None:
    """Score a checkpoint of `run` on `split`, as it was drawn at the training, or a voice on recordings new to it.

    Scores, sounds and figures are written.

    Those of the selected checkpoint on val and test go to the run's manifest, all others to its `evaluations/`.

    Raises:
        ValueError: one line on a run, checkpoint or recording that is not there or not what it was.
    """
    chosen = plain(cfg)
    split = chosen["split"]
    if split not in ("val", "test", NEW):
        raise ValueError(f"split is {split!r}: use val, test or {NEW}")
    refuse_registry(chosen["paths"]["outputs"], chosen["paths"]["registry"])
    named = named_model(chosen)
    loaded, run, split = named.loaded, named.loaded.run, named.split
    refuse_unwritable(run.path, "the scores are written into it; copy the run's folder and give run=COPY")
    evaluate_run(
        run,
        named.stored,
        loaded.model,
        named.datamodule(),
        splits=(split,),
        checkpoint=loaded.checkpoint,
        epoch=loaded.epoch,
        aside=not loaded.selected or split == NEW or chosen["bird"] is not None,
    )
    record_quietly(run, chosen["paths"]["outputs"], chosen["paths"]["registry"])


def main() -> None:
    """The console entry."""
    entry_point(evaluate, config_name="evaluate")


if __name__ == "__main__":
    main()
