"""What a finished run leaves: sounds, figures, the manifest, and a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from ..data.audio import write_wav
from ..figures.comparison import comparison_figure, grid_figure
from ..figures.drives import drives_figure
from ..figures.losses import loss_panels
from ..figures.style import save_figure
from ..metrics.facts import METRICS
from ..metrics.rendition import rendition_autonomy, rendition_tf_corr
from ..model import Ouroboros
from .clips import Clip, Take, read_drives


def write_audio(folder: Path, takes: Sequence[Take], sample_rate: int, *, split: str, most: int) -> list[Path]:
    """Write {split}-{index:03d}-{label}-{target,raw,rescaled}.wav of the first `most` takes, float32, equally long."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for index, take in enumerate(takes[:most]):
        stem = f"{split}-{index:03d}-{_safe(take.clip.vocalisation.label)}"
        for kind, samples in (("target", take.clip.x), ("raw", take.raw), ("rescaled", take.rescaled)):
            written.append(folder / f"{stem}-{kind}.wav")
            write_wav(written[-1], np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), sample_rate)
    return written


def write_figures(folder: Path, model: Ouroboros, takes: Sequence[Take], *, split: str, most: int) -> Path | None:
    """Write comparisons (target, raw, rescaled) and drives of the first `most` takes, and a page of all.

    Returns the page's path, None without takes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rate = model.sample_rate
    for index, take in enumerate(takes[:most]):
        clip = take.clip
        stem = f"{split}-{index:03d}-{_safe(clip.vocalisation.label)}"
        figure = comparison_figure(
            clip.x,
            take.raw,
            rate,
            rescaled=take.rescaled,
            onset_s=clip.onset / rate,
            offset_s=clip.offset / rate,
            title=f"{clip.vocalisation.label}  {Path(clip.vocalisation.recording).name}",
            score_text=f"tf_corr {take.raw_score.tf_corr:.2f}  autonomy {take.raw_score.autonomy:.2f}",
        )
        save_figure(figure, folder / f"{stem}-comparison.png")
        with torch.no_grad():
            drives = read_drives(model, clip)
        figure = drives_figure(
            clip.x,
            rate,
            frequency_hz=model.pitch_hz(drives)[0].cpu().numpy(),
            gamma=drives.gamma[0].detach().cpu().numpy(),
            weights=drives.weights[0].detach().cpu().numpy(),
            output=take.raw,
            hop=drives.hop,
            onset_s=clip.onset / rate,
            offset_s=clip.offset / rate,
        )
        save_figure(figure, folder / f"{stem}-drives.png")
    if not takes[:most]:
        return None
    page = folder / f"{split}-spectrograms.png"
    rows = [(t.clip.vocalisation.label, t.clip.x, t.raw) for t in takes[:most]]
    save_figure(grid_figure(rows, rate), page)
    return page


def write_loss_figure(folder: Path, history: Sequence[Mapping[str, Any]]) -> Path:
    """Write the panels of losses, scores and horizon over the epochs."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "losses.png"
    save_figure(loss_panels(history), path)
    return path


def rendition_anchor(pairs: Sequence[tuple[Clip, Clip]], sample_rate: int) -> dict[str, Any]:
    """The bird's own reproducibility: mean tf_corr and both autonomies over pairs of renditions; None without."""
    found: dict[str, list[float]] = {"tf_corr": [], "autonomy": [], "autonomy_published": []}
    for a, b in pairs:
        between = a.x, b.x, a.onset, b.onset
        scores = {"tf_corr": rendition_tf_corr(*between, sample_rate=sample_rate)}
        for name, value in (scores | rendition_autonomy(*between, sample_rate=sample_rate)).items():
            if not np.isnan(value):
                found[name].append(value)
    means = {name: float(np.mean(values)) if values else None for name, values in found.items()}
    return {**means, "pairs": len(found["tf_corr"])}


def print_scores(manifest: Mapping[str, Any], console: Console | None = None) -> None:
    """Print the scores of a manifest: a row a metric, val and test, raw and rescaled."""
    scores: Mapping[str, Any] = manifest["scores"]
    counts = ", ".join(f"{scores[split]['count']} of {split}" for split in scores)
    title = f"cold-start scores after epoch {manifest['epoch']}, vocalisations: {counts}"
    table = Table(title=title, title_justify="left")
    table.add_column("metric")
    columns = [(split, which) for split in scores for which in ("raw", "rescaled")]
    for split, which in columns:
        table.add_column(f"{split} {which}", justify="right")
    for name in METRICS:
        cells = [scores[split][which].get(name) for split, which in columns]
        table.add_row(name, *("-" if v is None or np.isnan(v) else f"{v:.3f}" for v in cells))
    (console or Console(width=100)).print(table)
    anchor = manifest["anchors"]["rendition"]
    if anchor["tf_corr"] is not None:
        print(
            "two renditions of one syllable by the bird itself: "
            + ", ".join(
                f"{name} {value:.3f}" for name, value in anchor.items() if name != "pairs" and value is not None
            )
            + f" ({anchor['pairs']} pairs)"
        )
    analytic = manifest["anchors"].get("analytic")
    if analytic is not None:
        print(f"the physical prior, untrained: tf_corr {analytic['tf_corr']:.3f}, autonomy {analytic['autonomy']:.3f}")
    for line in manifest.get("flags", ()):
        print(f"warning   {line}")


def _safe(label: str) -> str:
    return "".join(c if c.isalnum() or c in "-_+." else "_" for c in label) or "voc"
