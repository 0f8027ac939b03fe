"""The best and the worst vocalisation of a condition, to look at and to listen to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ..figures.comparison import comparison_figure
from ..metrics.facts import METRICS, Known, higher_is_better
from ..runs.study import ConditionResult
from .sounds import Sound, read_wav, sound

_KINDS = {"target": "bird", "raw": "oscillator", "rescaled": "rescaled"}
_WIDTH = 6.0  # inches: two stand side by side


@dataclass(frozen=True)
class Heard:
    """A vocalisation: which (best, worst or only), its label, where it was recorded, and what is shown of it."""

    which: str
    title: str
    where: str
    raw: Mapping[str, float | None]
    rescaled: Mapping[str, float | None]
    figure: Figure
    sounds: tuple[Sound, ...]


def listen(condition: ConditionResult, metric: str, known: Known = METRICS) -> tuple[list[Heard], str | None]:
    """The best and the worst by `metric` as sung, of those test vocalisations of the selected model that have audio.

    known  the metrics of the study, see `metrics_of`

    Returns them, and in words what is missing (None when nothing is). Where test was not read it is val that is heard.
    """
    if condition.manifest is None:
        return [], "No model has been selected yet: there is nothing to hear."
    scores = condition.manifest.scores
    split = "test" if "test" in scores else "val"
    clips = scores[split]["per_vocalisation"] if split in scores else []
    audio = condition.folder / "audio"
    found = [(clip, files) for number, clip in enumerate(clips) if (files := _files(audio, split, number))]
    if not found:
        return (
            [],
            f"There is no audio of {split} in {audio.parent.name}/audio: evaluate the model with eval.max_audio=2.",
        )
    notes = []
    if split == "val":
        notes.append("Test has not been read: this is val.")
    if len(found) < len(clips):
        notes.append(f"Sounds were kept of {len(found)} of {len(clips)} vocalisations (eval.max_audio): of these.")
    sign = 1.0 if higher_is_better(metric, known) else -1.0
    found.sort(key=lambda entry: -_finite(entry[0]["raw"].get(metric), sign))
    chosen = [("best", found[0]), ("worst", found[-1])] if len(found) > 1 else [("only", found[0])]
    heard = [_heard(which, split, clip, files) for which, (clip, files) in chosen]
    return heard, " ".join(notes) or None


def _files(folder: Path, split: str, number: int) -> dict[str, Path]:
    """Kind -> file of a vocalisation; empty unless target and output are there."""
    found = {kind: sorted(folder.glob(f"{split}-{number:03d}-*-{kind}.wav")) for kind in _KINDS}
    kinds = {kind: paths[0] for kind, paths in found.items() if paths}
    return kinds if {"target", "raw"} <= kinds.keys() else {}


def _heard(which: str, split: str, clip: Mapping[str, Any], files: Mapping[str, Path]) -> Heard:
    target, rate = read_wav(files["target"])
    raw, _ = read_wav(files["raw"])
    samples = {"target": target, "raw": raw}
    if "rescaled" in files:
        samples["rescaled"] = read_wav(files["rescaled"])[0]
    start = clip["start_s"]
    onset_s, offset_s = clip["onset_s"] - start, clip["offset_s"] - start
    figure = comparison_figure(target, raw, rate, onset_s=onset_s, offset_s=offset_s, width_in=_WIDTH)
    sounds = tuple(
        sound(_KINDS[kind], heard, rate, None if kind == "target" else target) for kind, heard in samples.items()
    )
    where = f"{Path(clip['recording']).name} at {clip['onset_s']:.2f} s"
    return Heard(which, f"{clip['label']} ({split})", where, clip["raw"], clip["rescaled"], figure, sounds)


def _finite(value: float | None, sign: float) -> float:
    """sign value, so that more is better; what is no number is worst."""
    return sign * float(value) if value is not None and math.isfinite(value) else -math.inf
