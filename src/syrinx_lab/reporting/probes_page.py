"""Memory tasks as one page: which core solves which, over seeds, and how learning went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..figures.probes import probes_figure
from ..probes.outcome import Outcome, over_seeds
from ..runs.atomic import write_text_atomic
from .environment import page_environment
from .numbers import shown_score
from .svg import inline_svg
from .tables import Cell, Table

_HEADS = ("task", "core", "parameters", "solved", "sequences", "level", "share right", "reach", "s a seed")


@dataclass(frozen=True)
class Described:
    """What a task says of itself."""

    task: str
    criterion: str
    published: str
    source: str


def write_probes_page(outcomes: Sequence[Outcome], described: Sequence[Described], out: str | Path) -> Path:
    """Write probes.html, which needs nothing beside it, to the folder `out`; returns its path."""
    figure = probes_figure([(one.task, one.encoder, one.course) for one in outcomes])
    text = "Share of right answers over training, a panel a task, a colour a core"
    html = (
        page_environment()
        .get_template("probes.html.jinja")
        .render(scores=score_table(outcomes), described=described, figure=inline_svg(figure, "courses", text))
    )
    path = Path(out) / "probes.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(path, html)
    return path


def score_table(outcomes: Sequence[Outcome]) -> Table:
    """A row a task and core: seeds that solved it, medians of the rest."""
    rows = []
    for task, core in dict.fromkeys((one.task, one.encoder) for one in outcomes):
        those = [one for one in outcomes if (one.task, one.encoder) == (task, core)]
        found = over_seeds(those)
        texts = [
            *(task, core, str(those[0].parameters), f"{found['solved']:.0f} of {found['seeds']:.0f}"),
            shown_score(found["sequences"]),
            f"{found['level']:g} of {those[0].levels}",
            *(shown_score(found[name]) for name in ("score", "reach", "seconds")),
        ]
        rows.append(tuple(Cell(text, strong=False) for text in texts))
    return Table(_HEADS, tuple(rows), frozenset({2, 4, 6, 7, 8}))
