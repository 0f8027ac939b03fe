"""How well pitch and gestures are heard on simulated birds: `python -m syrinx_lab.hear`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("hear")

from pathlib import Path

import torch
from omegaconf import DictConfig

from .cli import entry_point
from .figures.hearing import hearing_figure
from .figures.style import save_figure
from .hearing.benchmark import BANDS_HZ, Row, compare
from .hearing.table import markdown, write
from .hearing.tracker import Tracker
from .instantiation import build, plain
from .runs.permission import refuse_unwritable
from .runs.provenance import provenance


def hear(cfg: DictConfig) -> list[Row]:
    """Let every tracker hear the same simulated birds at every ratio; prints, and writes table and figure.

    A tracker whose package is not installed is left out, in a line. Raises ValueError for what a tracker refuses
    otherwise, and where none is left.
    """
    chosen = plain(cfg)
    out = Path(chosen["out"])
    refuse_unwritable(out, "give out=FOLDER")
    torch.set_num_threads(1)  # many small products
    trackers: dict[str, Tracker] = {}
    for name, node in cfg.trackers.items():
        if node is None:
            continue
        try:
            trackers[str(name)] = build(node)
        except ValueError as error:
            if "is not installed" not in str(error):
                raise
            print(f"left out  {error}", flush=True)
    if not trackers:
        raise ValueError("trackers: none is left: give trackers.ear or another")
    ratios = [float(ratio) for ratio in chosen["snr_db"]]
    rows = compare(
        trackers,
        lambda ratio: build(cfg.aviary, seed=chosen["seed"], snr_db=(ratio, ratio)),
        snr_db=ratios,
        recordings=chosen["recordings"],
        seconds=chosen["seconds"],
        say=lambda line: print(line, flush=True),
    )
    about = {key: chosen[key] for key in ("seed", "snr_db", "recordings", "seconds", "aviary")}
    paths = write(rows, out, about | {"provenance": provenance()})
    print(markdown(rows))
    picture = save_figure(_figure(rows, list(trackers), ratios), out / "hearing.png")
    print(f"tables    {', '.join(map(str, paths))}\nfigure    {picture}")
    return rows


def _figure(rows: list[Row], names: list[str], ratios: list[float]):  # type: ignore[no-untyped-def]
    def share(name: str, ratio: float, score: str, band: str = "all") -> float:
        return next(
            row.scores[score]
            for row in rows
            if (row.tracker, row.snr_db, row.kind, row.band) == (name, ratio, "all", band)
        )

    titles = {"gross": "gross errors", "octave": "octave errors", "frames": "any error, pitch or voicing"}
    panels = {
        title: {name: [share(name, ratio, score) for ratio in ratios] for name in names}
        for score, title in titles.items()
    }
    at = sorted(ratios)[len(ratios) // 2]
    bands = [f"{low}-{high} Hz" for low, high in BANDS_HZ]
    over_pitch = {name: [share(name, at, "gross", band) for band in bands] for name in names}
    return hearing_figure(ratios, panels, bands, over_pitch, at_db=at)


def main() -> None:
    """The console entry."""
    entry_point(hear, config_name="hear")


if __name__ == "__main__":
    main()
