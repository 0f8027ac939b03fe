"""Fidelity over numbers a second: `python -m syrinx_lab.rate run=outputs/...`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("rate")

import math
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from .cli import entry_point
from .evaluation.clips import Clip, evenly_spread
from .evaluation.rate import RatePoint, RateStudy, frontier
from .figures.rate import rate_figure
from .figures.style import save_figure
from .instantiation import plain
from .named_model import named_model
from .rivals.files import joined_points
from .runs.atomic import write_json_atomic
from .runs.permission import refuse_unwritable
from .voice_assembly import build_scoring

SHOWN = ("tf_corr", "spec_corr", "wrong_partial", "mcd_db")


def rate(cfg: DictConfig) -> None:
    """Thin out the drives of held-out clips, in time and in channels, sing them again and score them.

    Writes rate.json (every setting with all scores, the channels by importance) and rate.png.

    Raises:
        ValueError: one line on a run, checkpoint or recording that is not there or not what it was.
    """
    chosen = plain(cfg)
    named = named_model(chosen)
    loaded, stored = named.loaded, named.stored
    beside = joined_points([Path(path) for path in chosen["rivals"]])
    out = loaded.run.path / "rate" if chosen["out"] is None else Path(chosen["out"])
    refuse_unwritable(out, "give out=FOLDER")
    datamodule = named.datamodule()
    clips = _numbered(datamodule.clips(named.split), chosen["clips"])
    scale = _numbered(datamodule.clips("val"), chosen["scale_clips"]) or clips
    study = RateStudy(loaded.model, build_scoring(stored), scale)
    print(f"{len(clips)} clips of {named.split}; what every channel is worth, in tf_corr on {len(scale)} clips:")
    importance = study.importance(print)
    order = list(importance)
    points = []
    print(f"{'numbers/s':>10} {'knots/s':>8} {'channels':>8}  " + "  ".join(f"{name:>13}" for name in SHOWN))
    for share in sorted(set(map(float, chosen["shares"])), reverse=True):
        for factor in sorted(set(chosen["factors"])):
            kept = order[: max(1, math.ceil(share * len(order)))]
            point = study.point(clips, factor, kept)
            points.append(point)
            _show(point)
    refinement = build_scoring(stored, final=True).refinement
    if refinement.steps:
        print(f"and refined with {refinement.steps} steps, as the run is evaluated:")
        points.append(study.shipped(clips, refinement))
        _show(points[-1])
    rows = [
        {
            "numbers_per_second": point.numbers_per_second,
            "knots_per_second": point.knots_per_second,
            "channels": list(point.channels),
            "refined": point.refined,
            "scores": point.scores,
        }
        for point in points
    ]
    content = {
        "checkpoint": loaded.run.shown(loaded.checkpoint),
        "split": named.split,
        "clips": len(clips),
        "importance": importance,
        "points": rows,
        "frontier": [points.index(point) for point in frontier(points)],
    }
    out.mkdir(parents=True, exist_ok=True)
    write_json_atomic(out / "rate.json", content)
    drawn = SHOWN[:2]
    curves = {name: [(p.numbers_per_second, p.scores[name]) for p in points if not p.refined] for name in drawn}
    for point in points:
        if point.refined:
            beside = {"refined": {name: [(point.numbers_per_second, point.scores[name])] for name in drawn}} | beside
    save_figure(rate_figure(curves, beside), out / "rate.png")
    print(f"numbers   {out / 'rate.json'}\nlook at   {out / 'rate.png'}")


def _numbered(clips: Sequence[Clip], most: int) -> dict[int, Clip]:
    return {number: clips[number] for number in evenly_spread(range(len(clips)), most)}


def _show(point: RatePoint) -> None:
    scores = "  ".join(f"{point.scores[name]:13.3f}" for name in SHOWN)
    varying = point.numbers_per_second / point.knots_per_second
    print(f"{point.numbers_per_second:10.0f} {point.knots_per_second:8.0f} {varying:8.0f}  {scores}", flush=True)


def main() -> None:
    """The console entry."""
    entry_point(rate, config_name="rate")


if __name__ == "__main__":
    main()
