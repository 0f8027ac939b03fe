"""Score a finished run from a cold start: `python -m syrinx_lab.evaluate run=outputs/... split=test`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("evaluate")

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from .assembly import build, build_datamodule, build_model, plain
from .cli import BAD_INPUT, entry_point, one_line
from .data.stored_split import NEW
from .evaluation.analytic_anchor import analytic_anchor, analytic_model
from .evaluation.clips import Clip, Take, clips_hash, perform_all, score_rows
from .evaluation.outputs import write_audio, write_figures
from .evaluation.rendition_anchor import rendition_anchor
from .evaluation.score_table import print_scores
from .evaluation.starts import checked_start
from .evaluation.weights import load_weights
from .logged import evaluation_run
from .model import Ouroboros
from .runs.atomic import write_json_atomic
from .runs.checkpoint_choice import selected_checkpoint
from .runs.directory import RunDirectory, find_run, swept_selection
from .runs.manifest import build_manifest, same_clips
from .runs.provenance import provenance
from .runs.recordings import recordings_of
from .runs.registry import record_quietly
from .training.datamodule import SongDataModule
from .training.evaluation_log import log_split
from .training.loggers import Start, finishing


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
    run = find_run(chosen["run"])
    stored = OmegaConf.create(run.config())
    stored.data.update(recordings_of(run.config(), run.path, chosen["data_root"]))
    checkpoint, is_selected = _checkpoint(run, stored, chosen)
    datamodule = _datamodule(run, stored, split)
    evaluate_run(run, stored, datamodule, splits=(split,), checkpoint=checkpoint, aside=not is_selected or split == NEW)
    record_quietly(run, chosen["paths"]["outputs"], chosen["paths"]["registry"])


def evaluate_run(
    run: RunDirectory,
    cfg: DictConfig,
    datamodule: SongDataModule,
    *,
    splits: Sequence[str],
    checkpoint: str | Path | None = None,
    aside: bool = False,
) -> dict[str, Any]:
    """Cold-start a checkpoint on the clips of `splits`; returns the manifest that it writes and prints.

    Scores of other splits that an earlier manifest of the same checkpoint and the same evaluation holds are kept.

    Args:
        checkpoint: the file; None: the one that the run's selection names.
        aside: write to `evaluations/`, because this is not the selected model or not its held-out clips.
    """
    key = run.state()["key"]
    if checkpoint is None:
        epoch, path = selected_checkpoint(run, plain(cfg), key)
    else:
        path = Path(checkpoint)
        epoch = next((e for e, p in run.checkpoints() if p.resolve() == path.resolve()), -1)
    model = _trained_model(cfg, path)
    shown_path = run.shown(path)
    manifest_path, audio_path, figures_path = run.manifest_path, run.audio_path, run.figures_path
    if aside:
        folder = run.evaluations_path / f"{_stem(run, path)}-{'-'.join(splits)}"
        manifest_path, audio_path, figures_path = folder.with_suffix(".json"), folder / "audio", folder / "figures"
        folder.mkdir(parents=True, exist_ok=True)
    earlier = {} if aside else _earlier(run, shown_path, key)
    scores = earlier.get("scores", {})
    rows: dict[str, Sequence[Mapping[str, Any]]] = {name: scores[name]["per_vocalisation"] for name in scores}
    recordings = {name: {"clips": one.get("clips"), "changes": one.get("changes", [])} for name, one in scores.items()}
    shown: Path | None = None
    sung: dict[str, list[Take]] = {}
    for split in splits:
        clips = datamodule.clips(split)
        sung[split] = takes = _takes(cfg, model, clips)
        rows[split] = score_rows(takes, model.sample_rate)
        recordings[split] = {"clips": clips_hash(clips), "changes": datamodule.changes.flags(split)}
        write_audio(audio_path, takes, model.sample_rate, split=split, most=cfg.eval.max_audio)
        shown = write_figures(figures_path, model, takes, split=split, most=cfg.eval.max_audio)
    log_evaluation(run, cfg, sung, epoch=epoch, checkpoint=shown_path)
    anchors = earlier.get("anchors", {}) if "test" in scores and "test" not in splits else {}
    manifest = build_manifest(
        config=run.config(),
        key=key,
        data_fingerprint=run.state().get("data_fingerprint") or datamodule.fingerprint(),
        seed=cfg.seed,
        epoch=epoch,
        checkpoint=shown_path,
        vocalisations=rows,
        recordings=recordings,
        counts=(run.split() or {}).get("counts"),
        rendition=anchors.get("rendition") or rendition_anchor(datamodule.renditions(splits[-1]), model.sample_rate),
        analytic=anchors["analytic"] if anchors else _analytic_anchor(cfg, datamodule, splits[-1]),
        provenance=provenance(),
    )
    write_json_atomic(manifest_path, manifest)
    print_scores(manifest)
    print(f"scores    {manifest_path}\nsounds    {audio_path}\nfigures   {figures_path}")
    if shown is not None:
        print(f"look at   {shown}")
    return manifest


def sing_split(cfg: DictConfig, datamodule: SongDataModule, checkpoint: Path, split: str) -> list[Take]:
    """What the checkpoint's model makes of every vocalisation of `split`, and nothing written."""
    model = _trained_model(cfg, checkpoint)
    return _takes(cfg, model, datamodule.clips(split))


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


def _trained_model(cfg: DictConfig, checkpoint: Path) -> Ouroboros:
    model = build_model(cfg)
    model.backend = "auto"  # the same numbers, whatever the training ran on
    load_weights(model, checkpoint)
    return model


def _takes(cfg: DictConfig, model: Ouroboros, clips: Sequence[Clip]) -> list[Take]:
    start = checked_start(cfg.eval.get("start", "cold"), "eval.start", model)
    return perform_all(model, clips, ic_noise_rms=cfg.rollout.ic_noise_rms, seed=cfg.seed, start=start)


def _analytic_anchor(cfg: DictConfig, datamodule: SongDataModule, split: str) -> dict[str, float | None] | None:
    """The untrained physical prior on the clips of `split`; None for songs in which no pitch is found."""
    given = cfg.controls.pitch_range_hz if "controls" in cfg else None
    try:
        model = analytic_model(
            cfg.data.sample_rate, *datamodule.calibration_material(), None if given is None else tuple(given)
        )
    except ValueError:
        return None
    return analytic_anchor(model, datamodule.clips(split), ic_noise_rms=cfg.rollout.ic_noise_rms, seed=cfg.seed)


def _checkpoint(run: RunDirectory, stored: DictConfig, chosen: Mapping[str, Any]) -> tuple[Path, bool]:
    """The checkpoint to score, and whether it is the run's selected one."""
    key, manifest = run.state()["key"], run.manifest()
    selection = swept_selection(chosen["run"])
    given = chosen["checkpoint"]
    if given is None and selection is not None:
        given = run.path / selection["checkpoint"]  # another sweep may have asked for another one since
    if given is None:
        path, is_selected = selected_checkpoint(run, plain(stored), key)[1], True
    else:
        path = Path(given)
        try:
            is_selected = path.resolve() == selected_checkpoint(run, plain(stored), key)[1].resolve()
        except ValueError:  # nothing was scored on the way, and the rule wants the best
            is_selected = manifest is not None and manifest["checkpoint"] == run.shown(path)
    if not path.is_file():
        if chosen["checkpoint"] is not None:
            raise ValueError(f"{path}: no such checkpoint; {run.checkpoints_path} holds those of the run")
        raise ValueError(
            f"{path}: the selected checkpoint is gone: repeat the command that trained it, or give checkpoint=FILE"
        )
    return path, is_selected


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


def _stem(run: RunDirectory, checkpoint: Path) -> str:
    """The name of a checkpoint among `evaluations/`."""
    if checkpoint.resolve().parent == run.checkpoints_path.resolve():
        return checkpoint.stem
    return f"{checkpoint.stem}-{hashlib.sha256(str(checkpoint.resolve()).encode()).hexdigest()[:6]}"


def _earlier(run: RunDirectory, checkpoint: str, key: str) -> Mapping[str, Any]:
    """The manifest that is there, when it holds scores of the same checkpoint under the same evaluation."""
    manifest = run.manifest()
    if manifest is None or (manifest["checkpoint"], manifest["key"]) != (checkpoint, key):
        return {}
    return manifest if same_clips(manifest["config"], run.config()) else {}


def main() -> None:
    """The console entry."""
    entry_point(evaluate, config_name="evaluate")


if __name__ == "__main__":
    main()
