"""The atlas of a model, or of a known system, as one page; its figures as PNG and its tables as CSV beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from ..dynamics.clip_atlas import ClipAtlas
from ..figures.dynamics_over_time import over_time_figure
from ..figures.dynamics_planes import planes_figure
from ..figures.style import save_figure
from ..figures.unit_responses import unit_responses_figure
from ..runs.atomic import write_text_atomic
from .dynamics_data import player_data
from .dynamics_tables import all_tables, as_csv, as_table, averaged, clip_rows, label_rows, named_rows, sensitivity_rows
from .dynamics_words import READING, clip_words
from .environment import page_environment
from .sounds import Sound, sound
from .svg import inline_svg

_PNG_DPI = 110
_LOUD = 1e3
_FIGURES: dict[str, tuple[Callable[[ClipAtlas], Figure], str]] = {
    "over_time": (over_time_figure, "Sound, gestures, fixed points, cycle and distances over time"),
    "planes": (planes_figure, "Trace and determinant, bifurcation map, responses and phase planes"),
}


def write_dynamics_page(
    given: Iterable[ClipAtlas],
    out: str | Path,
    *,
    title: str,
    question: str,
    kind: str = "Clips",
    facts: Sequence[tuple[str, str]] = (),
    remarks: Sequence[str] = (),
    made: str = "at an unknown hour",
) -> tuple[Path, list[ClipAtlas]]:
    """Write dynamics.html, which needs nothing beside it, its PNGs and a CSV a table to a folder.

    given     a clip or a system each, drawn as they come
    title     of the page
    question  what it answers
    kind      how the several are called
    facts     (name, value) of what holds for all
    remarks   what is to be read with care
    made      when

    Returns the page's path and what was given. Files of an earlier page are replaced.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for kind_of in ("over_time", "planes"):
        for old in folder.glob(f"*-{kind_of}.png"):
            old.unlink()
    cards, atlases = [], []
    for number, atlas in enumerate(given, start=1):
        atlases.append(atlas)
        cards.append(_card(number, atlas, folder))
    tables = all_tables(atlases)
    for name, rows in tables.items():
        write_text_atomic(folder / f"{name}.csv", as_csv(rows))
    with_sound = any(atlas.sound is not None for atlas in atlases)
    html = (
        page_environment()
        .get_template("dynamics.html.jinja")
        .render(
            title=title,
            question=question,
            kind=kind,
            facts=list(facts),
            remarks=list(remarks),
            labels=as_table(label_rows(atlases)) if with_sound else None,
            overview=as_table(clip_rows(atlases)),
            clips=cards,
            encoder=_encoder(atlases),
            sensitivity=as_table(sensitivity_rows(atlases)) if any(atlas.responses for atlas in atlases) else None,
            units=_units(atlases, folder),
            reading=READING,
            made=made,
            files=[f"{name}.csv" for name in tables] + ["the figures as PNG"],
        )
    )
    path = folder / "dynamics.html"
    write_text_atomic(path, html)
    return path, atlases


def _card(number: int, atlas: ClipAtlas, folder: Path) -> dict[str, Any]:
    """A clip: its words, sounds, player, figures and tables."""
    figures = []
    for name, (drawn, label) in _FIGURES.items() if len(atlas.times_s) else ():
        figure = drawn(atlas)
        save_figure(figure, folder / f"{atlas.stem}-{name}.png", dpi=_PNG_DPI)
        text = f"{label} of {atlas.name}. The tables hold the numbers."
        figures.append({"label": label, "image": inline_svg(figure, f"clip{number}-{name}", text, least=0.8, dpi=80)})
    return {
        "title": f"{atlas.name} {atlas.number}" if atlas.sound is not None else atlas.name,
        "where": f"{atlas.where}, {atlas.stem}" if atlas.where else atlas.stem,
        "remarks": atlas.remarks,
        "words": clip_words(atlas),
        "sounds": _sounds(atlas),
        "data": player_data(atlas) if len(atlas.times_s) else None,
        "figures": figures,
        "tables": _tables(atlas),
    }


def _sounds(atlas: ClipAtlas) -> list[Sound]:
    if atlas.sound is None:
        return []
    rate, target = atlas.sound.sample_rate, atlas.sound.target
    heard = np.nan_to_num(atlas.sound.output, nan=0.0, posinf=0.0, neginf=0.0).clip(-_LOUD, _LOUD)
    return [sound("bird", target, rate), sound("model", heard, rate, target)]


def _tables(atlas: ClipAtlas) -> list[tuple[str, Any]]:
    """What the clip's details hold."""
    found: list[tuple[str, list[Mapping[str, Any]]]] = [
        ("Bifurcations crossed", _crossings(atlas)),
        ("Perturbations and responses", [one.row() for one in atlas.responses]),
        ("Sound and model as systems", [{"measure": name, "value": value} for name, value in atlas.measures.items()]),
    ]
    return [(name, as_table(rows)) for name, rows in found if rows]


def _crossings(atlas: ClipAtlas) -> list[Mapping[str, Any]]:
    if atlas.map is None:
        return []
    return [
        {"time_ms": one.time_s * 1e3, "bifurcation": one.kind, "event": one.event or "-"} for one in atlas.map.crossings
    ]


def _units(atlases: Sequence[ClipAtlas], folder: Path) -> Markup | None:
    """The scatter of units, and its PNG; None where none was stimulated."""
    try:
        figure = unit_responses_figure(named_rows(atlases, "units"))
    except ValueError:
        (folder / "units.png").unlink(missing_ok=True)
        return None
    save_figure(figure, folder / "units.png", dpi=_PNG_DPI)
    figure.set_layout_engine("none")  # it stays as it has been laid out
    return inline_svg(figure, "units", "Responses of pitch and level to each unit. The table units.csv holds them.")


def _encoder(atlases: Sequence[ClipAtlas]) -> list[tuple[str, Any]]:
    several = (
        (
            "How fast each layer forgets, and whether its tokens converge: means over clips",
            "layers",
            ("stack", "layer"),
        ),
        ("How far back and ahead each control looks: means over clips", "reaches", ("control",)),
    )
    rows = [(name, averaged(named_rows(atlases, which), keys)) for name, which, keys in several]
    return [(name, as_table(some)) for name, some in rows if some]
