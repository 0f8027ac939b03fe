"""What a comparison leaves: rivals.json, rivals.csv, rivals.md and the sounds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.audio import write_wav
from ..runs.atomic import read_json, write_json_atomic, write_text_atomic
from .outcome import Comparison, Outcome
from .table import as_markdown

SCHEMA = 1


def write_results(folder: Path, comparison: Comparison, provenance: dict[str, Any], most: int) -> None:
    """Write rivals.json, rivals.csv, rivals.md and audio/; what an earlier comparison left there is replaced.

    provenance  `versions`, `git` and `created_at`, see `runs.provenance`
    most        clips that are written as sound
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json_atomic(folder / "rivals.json", as_json(comparison, provenance))
    write_text_atomic(folder / "rivals.csv", as_csv(comparison))
    write_text_atomic(folder / "rivals.md", as_markdown(comparison))
    audio = folder / "audio"
    audio.mkdir(exist_ok=True)
    for old in audio.glob(f"*-{'[0-9]' * 3}-*.wav"):
        old.unlink()
    for number, target in enumerate(comparison.targets[:most]):
        stem = f"{comparison.split}-{number:03d}-{safe(target.label)}"
        write_wav(audio / f"{stem}-target.wav", target.x, comparison.sample_rate)
        for one in comparison.outcomes:
            sound = np.nan_to_num(one.sounds[number], nan=0.0, posinf=0.0, neginf=0.0)
            write_wav(audio / f"{stem}-{safe(one.name)}.wav", sound, comparison.sample_rate)


def as_json(comparison: Comparison, provenance: dict[str, Any]) -> dict[str, Any]:
    """The content of rivals.json: the split, the bird against itself, and every rival with its means and clips."""
    return {
        "schema": SCHEMA,
        "title": comparison.title,
        **provenance,
        "split": comparison.split,
        "clips": len(comparison.targets),
        "sample_rate": comparison.sample_rate,
        "rendition": dict(comparison.rendition),
        "left_out": dict(comparison.left_out),
        "rivals": {one.name: _plain(one) for one in comparison.outcomes},
    }


def joined_points(paths: Sequence[Path]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Rival -> metric -> its points in several rivals.json, as `read_points`."""
    joined: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for path in paths:
        for name, scores in read_points(path).items():
            for metric, point in scores.items():
                joined.setdefault(name, {}).setdefault(metric, []).append(point)
    return joined


def read_points(path: Path) -> dict[str, dict[str, tuple[float, float]]]:
    """Rival -> metric -> (numbers a second, mean as resynthesised), of a rivals.json.

    Raises ValueError with one line for a file that is none of this version.
    """
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; python -m syrinx_lab.rivals writes one")
    content = read_json(path)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA or "rivals" not in content:
        raise ValueError(f"{path}: no comparison of this version of the lab; make it again with syrinx_lab.rivals")
    return {
        name: {metric: (one["numbers_per_second"], mean) for metric, mean in one["raw"].items() if mean is not None}
        for name, one in content["rivals"].items()
    }


def as_csv(comparison: Comparison) -> str:
    """A row a rival: name, kind, numbers a second, every metric, scores of all clips together, rescaled_ every metric.

    Empty: not defined.
    """
    names = comparison.metrics
    scaled = [name for name in names if comparison.known[name].rescaled]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        ["rival", "kind", "numbers_per_second", *names, *comparison.together, *(f"rescaled_{name}" for name in scaled)]
    )
    for one in comparison.outcomes:
        together = [one.together[name] for name in comparison.together]
        values = [*(one.raw.get(name) for name in names), *together, *(one.rescaled.get(name) for name in scaled)]
        shown = ["" if value is None else f"{value:.6g}" for value in values]
        writer.writerow([one.name, one.kind, f"{one.numbers_per_second:.6g}", *shown])
    return file.getvalue()


def safe(name: str) -> str:
    """A name as a part of a file's name."""
    return "".join(c if c.isalnum() or c in "-_+." else "_" for c in name) or "voc"


def _plain(one: Outcome) -> dict[str, Any]:
    return {
        "about": one.about,
        "kind": one.kind,
        "numbers_per_second": one.numbers_per_second,
        "raw": dict(one.raw),
        "rescaled": dict(one.rescaled),
        "intervals": dict(one.intervals),
        "sets": one.sets,
        "per_vocalisation": [dict(row) for row in one.rows],
    }
