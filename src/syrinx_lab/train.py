"""Train one model: `python -m syrinx_lab.train loss=spectral_rollout`; with -m and seed=0,1,2,3 search over seeds."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early()

from omegaconf import DictConfig

from .adapted import sung_unheard, write_side_by_side
from .cli import entry_point
from .ear_fit import fit_ear
from .evaluation.score_table import print_scores
from .fit import Prepared, forget, mend, prepare, trained_before, true_status
from .reach import reach, retrain
from .runs.checkpoint_choice import history_to, never_ranked, selected_checkpoint
from .runs.lock import folder_lock
from .runs.manifest import Manifest
from .runs.registry import recorded
from .runs.rung_record import RungRecord
from .runs.selected_record import SelectedRecord
from .score import evaluate_run
from .selected_model import trained_model
from .sweep_job import job_folder, sweep_job


def train(cfg: DictConfig) -> float | RungRecord | SelectedRecord | None:
    """Train to `trainer.max_epochs`, select, evaluate, write; returns the val score that models are ranked by.

    All that can be wrong with the configuration or the data is found before anything is written. As a job of a sweep it
    does what `sweep_job` does, and returns that record. With a group `ear` the ear is trained.
    """
    folder = job_folder(cfg)
    if "ear" in cfg:
        if folder is not None:
            raise ValueError("ear is no part of a sweep: train one ear at a time, without -m")
        fit_ear(cfg)
        return None
    if folder is not None:
        return sweep_job(cfg, folder)
    prepared = prepare(cfg)
    paths = prepared.config["paths"]
    with (
        folder_lock(prepared.run.path, busy=f"another process trains {prepared.run.path}: wait until it has ended"),
        recorded(prepared.run, paths["outputs"], paths["registry"]),
        true_status(prepared),
    ):
        manifest = _train(prepared)
    return None if manifest is None else manifest.means("val", "raw").get(cfg.checkpoint.metric)


def _train(prepared: Prepared) -> Manifest | None:
    cfg, config, run, key = prepared.cfg, prepared.config, prepared.run, prepared.key
    epochs = cfg.trainer.max_epochs
    if cfg.force:
        prepared.claim()  # refuses another configuration's run before anything of it is lost
        forget(run)
    done = run.checkpoints()[-1][0] if run.checkpoints() else 0
    mend(prepared)
    manifest = run.manifest()
    there = f"already trained to epoch {done}" + (f", beyond epoch {epochs} of this command" if done > epochs else "")
    reached = run.checkpoint_path(epochs).is_file()
    if reached and manifest is not None and run.state().get("key") == key:
        epoch, checkpoint = selected_checkpoint(run, config, key, epochs)
        if manifest.is_current(key=key, checkpoint=run.shown(checkpoint), config=config, splits=cfg.eval.splits):
            if not checkpoint.is_file():
                retrain(prepared, epoch)
            if run.state().get("status") != "finished":  # a kill came between the scores and this
                run.set_status("finished", epoch=done)
            print(f"run       {run.path}\n{there}: nothing to do (force=true trains again)")
            print_scores(manifest)
            return manifest
        print(f"{there}, and scored by another checkpoint, metric or evaluation")
    elif done > epochs:
        print(there)
    elif not done and (note := trained_before(prepared)):
        print(note)
    prepared.claim()
    print("\n".join([f"run       {run.path}", *prepared.datamodule.describe()]), flush=True)
    adapting = cfg.voice is not None and bool(cfg.eval.splits)
    before = sung_unheard(prepared) if adapting else None
    if done < epochs or cfg.eval.splits:
        reach(prepared)
        if line := never_ranked(history_to(run, epochs), cfg.checkpoint.rule, cfg.checkpoint.metric):
            print(f"warning   {line}", flush=True)
    manifest = None
    if cfg.eval.splits:
        epoch, checkpoint = selected_checkpoint(run, config, key, epochs)
        if not checkpoint.is_file():
            retrain(prepared, epoch)
        model, splits = trained_model(cfg, checkpoint), cfg.eval.splits
        manifest = evaluate_run(run, cfg, model, prepared.datamodule, splits=splits, checkpoint=checkpoint, epoch=epoch)
        if before is not None:
            write_side_by_side(prepared, before, checkpoint)
    run.set_status("finished", epoch=run.checkpoints()[-1][0])
    return manifest


def main() -> None:
    """The console entry."""
    entry_point(train, interrupted="interrupted: run the same command again to go on from the last checkpoint")


if __name__ == "__main__":
    main()
