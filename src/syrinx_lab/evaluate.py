"""Score a finished run from a cold start: `python -m syrinx_lab.evaluate run=outputs/... split=test`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from .assembly import build, build_datamodule, build_model, plain
from .cli import BAD_INPUT, entry_point, one_line
from .logged import evaluation_run
from .model import Ouroboros
from .runs.atomic import read_json, write_json_atomic
from .runs.directory import RunDirectory, find_run, swept_selection
from .runs.manifest import build_manifest
from .runs.provenance import provenance
from .runs.registry import record_quietly
from .runs.selection import best
from .training.analytic import analytic_anchor, analytic_model
from .training.clips import Take, perform_all, score_rows
from .training.datamodule import SongDataModule
from .training.evaluation_log import log_split
from .training.loggers import Start, finishing
from .training.outcome import print_scores, rendition_anchor, write_audio, write_figures
from .training.starts import checked_start
from .training.weights import load_weights


def evaluate(cfg: DictConfig) -> None:
    """Score the selected checkpoint of `run` on `split`; write manifest, sounds and figures into its folder."""
    chosen = plain(cfg)
    if chosen["split"] not in ("val", "test"):
        raise ValueError(f"split is {chosen['split']!r}: use val or test")
    run = find_run(chosen["run"])
    stored = OmegaConf.create(run.config())
    if chosen["data_root"] is not None:
        stored.data.root = chosen["data_root"]
    datamodule = build_datamodule(stored)
    datamodule.prepare()
    known = run.state().get("data_fingerprint")
    if known is not None and datamodule.fingerprint() != known:
        print("note: the recordings differ from those that the run was trained on")
    checkpoint, selection = chosen["checkpoint"], swept_selection(chosen["run"])
    if checkpoint is None and selection is not None:
        checkpoint = run.path / selection["checkpoint"]  # another sweep may have asked for another one since
    evaluate_run(run, stored, datamodule, splits=(chosen["split"],), checkpoint=checkpoint)
    record_quietly(run, chosen["paths"]["outputs"], chosen["paths"]["registry"])


def evaluate_run(
    run: RunDirectory,
    cfg: DictConfig,
    datamodule: SongDataModule,
    *,
    splits: Sequence[str],
    checkpoint: str | Path | None = None,
) -> dict[str, Any]:
    """Cold-start the run's selected model on the clips of `splits`; returns the manifest that it writes and prints.

    Scores of other splits that an earlier manifest of the same checkpoint holds are kept.
    """
    if checkpoint is None:
        # runs from before the rungs of a sweep had a name: theirs is the rule's
        rule = cfg.selection.get("checkpoint", cfg.selection.name)
        epoch, path = select_checkpoint(run, rule, cfg.selection.metric, run.history.read())
    else:
        path = Path(checkpoint)
        epoch = next((e for e, p in run.checkpoints() if p.resolve() == path.resolve()), -1)
    model = _trained_model(cfg, path)
    shown_path = str(path.relative_to(run.path)) if path.is_relative_to(run.path) else str(path)
    rows: dict[str, Sequence[Mapping[str, Any]]] = _earlier_rows(run, shown_path)
    shown: Path | None = None
    sung: dict[str, list[Take]] = {}
    for split in splits:
        sung[split] = takes = _takes(cfg, model, datamodule, split)
        rows[split] = score_rows(takes, model.sample_rate)
        write_audio(run.audio_path, takes, model.sample_rate, split=split, most=cfg.eval.max_audio)
        shown = write_figures(run.figures_path, model, takes, split=split, most=cfg.eval.max_audio)
    log_evaluation(run, cfg, sung, epoch=epoch, checkpoint=shown_path)
    manifest = build_manifest(
        config=run.config(),
        key=run.state()["key"],
        data_fingerprint=datamodule.fingerprint(),
        seed=cfg.seed,
        epoch=epoch,
        checkpoint=shown_path,
        vocalisations=rows,
        rendition=rendition_anchor(datamodule.renditions(splits[-1]), model.sample_rate),
        analytic=_analytic_anchor(cfg, datamodule, splits[-1]),
        provenance=provenance(),
    )
    write_json_atomic(run.manifest_path, manifest)
    print_scores(manifest)
    print(f"scores    {run.manifest_path}\nsounds    {run.audio_path}\nfigures   {run.figures_path}")
    if shown is not None:
        print(f"look at   {shown}")
    return manifest


def sing_split(cfg: DictConfig, datamodule: SongDataModule, checkpoint: Path, split: str) -> list[Take]:
    """What the checkpoint's model makes of every vocalisation of `split`, and nothing written."""
    return _takes(cfg, _trained_model(cfg, checkpoint), datamodule, split)


def log_evaluation(
    run: RunDirectory, cfg: DictConfig, sung: Mapping[str, Sequence[Take]], *, epoch: int, checkpoint: str
) -> None:
    """Send what was sung to a run of its own of the configuration's logger, and finish it.

    A logger that cannot be reached costs a warning, not the scores.

    Args:
        run: the model's folder.
        cfg: the configuration that it was trained with.
        sung: the takes of every split that was evaluated.
        epoch: finished epochs of the model that sang, -1 where nobody knows.
        checkpoint: its file.
    """
    state = run.state()
    described = evaluation_run(
        plain(cfg), state["key"], tuple(sung), epoch=epoch, checkpoint=checkpoint, backend=state.get("backend")
    )
    try:
        start: Start = build(cfg.logger)
        with finishing(start(run.path, described)) as logger:
            for split, takes in sung.items():
                if logger is not None:
                    rate, most = cfg.data.sample_rate, cfg.eval.max_audio
                    log_split(logger, split, takes, rate, epoch=max(epoch, 0), most_audio=most)
    except BAD_INPUT as error:
        print(f"warning   the evaluation is not logged: {one_line(error)}", flush=True)


def select_checkpoint(
    run: RunDirectory, rule: str, metric: str, history: Sequence[Mapping[str, Any]], up_to: int | None = None
) -> tuple[int, Path]:
    """The (epoch, file) of the run's model: the last checkpoint, or the one that ranks best on val.

    Args:
        rule: last or best.
        metric: the val score that ranks.
        history: rows with `epoch` and val/{metric}.
        up_to: later checkpoints do not count; None: all count.

    Raises:
        ValueError: no checkpoint, an unknown rule, or no evaluated epoch with a checkpoint.
    """
    checkpoints = [(epoch, path) for epoch, path in run.checkpoints() if up_to is None or epoch <= up_to]
    if not checkpoints:
        raise ValueError(f"{run.path} has no checkpoint: train it first")
    if rule == "last":
        return checkpoints[-1]
    if rule != "best":
        raise ValueError(f"selection.checkpoint is {rule!r}: use last or best")
    files = dict(checkpoints)
    scored = [
        {name.removeprefix("val/"): value for name, value in row.items()}
        for row in history
        if row["epoch"] in files and f"val/{metric}" in row
    ]
    if not scored:
        raise ValueError(
            f"{run.path} has no evaluated epoch with a checkpoint: let callbacks.checkpoints.save_every divide "
            "callbacks.evaluation.eval_every"
        )
    epoch = int(best(scored, metric)["epoch"])
    return epoch, files[epoch]


def _trained_model(cfg: DictConfig, checkpoint: Path) -> Ouroboros:
    model = build_model(cfg)
    model.backend = "auto"  # the same numbers, whatever the training ran on
    load_weights(model, checkpoint)
    return model


def _takes(cfg: DictConfig, model: Ouroboros, datamodule: SongDataModule, split: str) -> list[Take]:
    start = checked_start(cfg.eval.get("start", "cold"), "eval.start", model)
    return perform_all(model, datamodule.clips(split), ic_noise_rms=cfg.loss.ic_noise_rms, seed=cfg.seed, start=start)


def _analytic_anchor(cfg: DictConfig, datamodule: SongDataModule, split: str) -> dict[str, float | None] | None:
    """The untrained physical prior on the clips of `split`; None for songs in which no pitch is found."""
    given = cfg.controls.pitch_range_hz if "controls" in cfg else None
    try:
        model = analytic_model(
            cfg.data.sample_rate, *datamodule.calibration_material(), None if given is None else tuple(given)
        )
    except ValueError:
        return None
    return analytic_anchor(model, datamodule.clips(split), ic_noise_rms=cfg.loss.ic_noise_rms, seed=cfg.seed)


def _earlier_rows(run: RunDirectory, checkpoint: str) -> dict[str, Sequence[Mapping[str, Any]]]:
    if not run.manifest_path.exists():
        return {}
    manifest = read_json(run.manifest_path)
    if manifest["checkpoint"] != checkpoint:
        return {}
    return {split: scores["per_vocalisation"] for split, scores in manifest["scores"].items()}


def main() -> None:
    """The console entry."""
    entry_point(evaluate, config_name="evaluate")


if __name__ == "__main__":
    main()
