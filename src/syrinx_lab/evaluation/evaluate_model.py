"""A model scored on splits: what it sings, sounds, figures and the manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..model import Ouroboros
from ..runs.directory import RunDirectory
from ..runs.file_name import file_name
from ..runs.manifest import Manifest, build_manifest, same_clips
from ..runs.provenance import provenance
from ..runs.split_scores import group_scores
from .anchors import analytic_anchor, analytic_model, rendition_anchor
from .clips import Clip, clips_hash
from .held_out import HeldOut
from .outputs import write_audio, write_figures
from .score_table import print_scores
from .scoring import Scoring
from .set_scores import SetJudge
from .takes import Take, score_rows

KEPT = ("clips", "changes", "sets", "per_group")  # of the splits that an earlier manifest holds
Sung = Mapping[str, Sequence[Take]]  # by split


def evaluate_model(
    run: RunDirectory,
    model: Ouroboros,
    held_out: HeldOut,
    scoring: Scoring,
    *,
    checkpoint: Path,
    epoch: int,
    splits: Sequence[str],
    log: Callable[[Sung], None],
    pitch_range_hz: tuple[float, float] | None = None,
    max_audio: int = 8,
    aside: bool = False,
) -> Manifest:
    """Cold-start a model on the clips of `splits`; returns the manifest that it writes and prints.

    Scores of other splits that an earlier manifest of the same checkpoint and the same evaluation holds are kept.

    run             whose model it is
    checkpoint      the file of its weights
    epoch           its finished epochs, -1 where nobody knows
    splits          val, test or new, see `HeldOut`
    log             is given what was sung, before the manifest says that it is done
    pitch_range_hz  of the analytic anchor; None: found in the syllables
    max_audio       vocalisations of a split that are written as sound and figures
    aside           write to `evaluations/`, because this is not the selected model or not its held-out clips
    """
    state, config, shown_path = run.state(), run.config(), run.shown(checkpoint)
    manifest_path, audio_path, figures_path = run.manifest_path, run.audio_path, run.figures_path
    chosen = {split: held_out.clips(split) for split in splits}
    as_bird = None
    if model.birds is not None:
        as_bird = model.birds.chosen
        if line := model.birds.line({clip.bird for clips in chosen.values() for clip in clips}):
            print(f"birds     {line}", flush=True)
    if aside:
        folder = _folder(run, checkpoint, chosen, as_bird)
        manifest_path, audio_path, figures_path = folder.with_suffix(".json"), folder / "audio", folder / "figures"
        folder.mkdir(parents=True, exist_ok=True)
    earlier = None if aside else _earlier(run, shown_path, state["key"])
    scores = {} if earlier is None else earlier.scores
    rows: dict[str, Sequence[Mapping[str, Any]]] = {name: scores[name]["per_vocalisation"] for name in scores}
    recordings = {name: {key: one[key] for key in KEPT if key in one} for name, one in scores.items()}
    shown: Path | None = None
    sung: dict[str, list[Take]] = {}
    for split, clips in chosen.items():
        sung[split] = takes = scoring.takes(model, clips)
        rows[split] = score_rows(takes, model.sample_rate)
        recordings[split] = {"clips": clips_hash(clips), "changes": held_out.changes.flags(split)}
        if groups := held_out.groups_of(split):
            recordings[split]["per_group"] = group_scores(rows[split], groups)
        # on the split that is read last: the classifiers cost seconds
        last = split == splits[-1]
        judge = SetJudge(clips, held_out, model.sample_rate)
        recordings[split]["sets"] = judge.scores([take.raw for take in takes]) if last else None
        write_audio(audio_path, takes, model.sample_rate, split=split, most=max_audio)
        shown = write_figures(figures_path, model, takes, split=split, most=max_audio)
    log(sung)
    anchors = earlier.anchors if earlier is not None and "test" in scores and "test" not in splits else None
    manifest = build_manifest(
        config=config,
        key=state["key"],
        data_fingerprint=state.get("data_fingerprint") or held_out.fingerprint(),
        seed=config["seed"],
        epoch=epoch,
        checkpoint=shown_path,
        vocalisations=rows,
        recordings=recordings,
        counts=(run.split() or {}).get("counts"),
        anchor_changes=anchors["changes"] if anchors else held_out.changes.anchor_flags(splits[-1]),
        rendition=anchors["rendition"]
        if anchors
        else rendition_anchor(held_out.renditions(splits[-1]), model.sample_rate),
        analytic=anchors["analytic"]
        if anchors
        else _analytic(model.sample_rate, held_out, splits[-1], scoring, pitch_range_hz),
        provenance=provenance(),
    )
    manifest.write(manifest_path)
    print_scores(manifest)
    print(f"scores    {manifest_path}\nsounds    {audio_path}\nfigures   {figures_path}")
    if shown is not None:
        print(f"look at   {shown}")
    return manifest


def _analytic(
    sample_rate: int, held_out: HeldOut, split: str, scoring: Scoring, pitch_range_hz: tuple[float, float] | None
) -> dict[str, float | None] | None:
    """The untrained physical prior on the clips of `split`; None for songs in which no pitch is found."""
    try:
        model = analytic_model(sample_rate, *held_out.calibration_material(), pitch_range_hz)
    except ValueError:
        return None
    return analytic_anchor(model, held_out.clips(split), scoring)


def _folder(run: RunDirectory, checkpoint: Path, chosen: Mapping[str, Sequence[Clip]], bird: str | None) -> Path:
    """Where an evaluation aside goes: one of other clips than what is there already has a name of its own."""
    name = "-".join([_stem(run, checkpoint), *chosen, *([] if bird is None else [f"as-{file_name(bird)}"])])
    folder = run.evaluations_path / name
    there = folder.with_suffix(".json")
    hashes = {split: clips_hash(clips) for split, clips in chosen.items()}
    if there.is_file() and {split: one["clips"] for split, one in Manifest.read(there).scores.items()} != hashes:
        return folder.with_name("-".join([folder.name, *hashes.values()]))
    return folder


def _stem(run: RunDirectory, checkpoint: Path) -> str:
    """The name of a checkpoint among `evaluations/`."""
    if checkpoint.resolve().parent == run.checkpoints_path.resolve():
        return checkpoint.stem
    return f"{checkpoint.stem}-{hashlib.sha256(str(checkpoint.resolve()).encode()).hexdigest()[:6]}"


def _earlier(run: RunDirectory, checkpoint: str, key: str) -> Manifest | None:
    """The manifest that is there, when it holds scores of the same checkpoint under the same evaluation."""
    manifest = run.manifest()
    if manifest is None or (manifest.checkpoint, manifest.key) != (checkpoint, key):
        return None
    return manifest if same_clips(manifest.config, run.config()) else None
