"""Sounds and figures of what a model sang."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..data.audio import write_wav
from ..figures.comparison import comparison_figure, grid_figure
from ..figures.drives import drives_figure
from ..figures.style import save_figure
from ..model import Ouroboros
from ..runs.file_name import file_name
from .takes import Take, read_drives


def write_audio(folder: Path, takes: Sequence[Take], sample_rate: int, *, split: str, most: int) -> list[Path]:
    """Write {split}-{index:03d}-{label}-{target,raw,rescaled}.wav of the first `most` takes, float32, equally long."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for index, take in enumerate(takes[:most]):
        stem = f"{split}-{index:03d}-{file_name(take.clip.vocalisation.label) or 'voc'}"
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
        stem = f"{split}-{index:03d}-{file_name(clip.vocalisation.label) or 'voc'}"
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
            frequency_hz=model.oscillator.pitch_hz(drives)[0].cpu().numpy(),
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
