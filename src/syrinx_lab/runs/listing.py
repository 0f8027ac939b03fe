"""Models as tables on a terminal, in 120 columns, and whole on a pipe."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..metrics.facts import headline, merged, metrics_of
from .fields import marked, plain_keys, sortable, varying
from .identity import ABSENT

WIDTH = 120
_GAP = 2
_LONGEST = 40  # characters of a cell

Row = Mapping[str, Any]


def print_models(rows: Sequence[Row], ranked: bool = False, extra: Sequence[str] = ()) -> None:
    """Print a line a model: key, the keys that vary, status, epochs and scores; below, what varies and has no column.

    rows    of the table models
    ranked  whether they are in order already, and get a rank; else they go by the keys that vary, seed last
    extra   further scores to show, as val.spec_corr
    """
    found = varying(rows)
    wanted = plain_keys(found)
    shown_first = headline(merged(metrics_of(row["config"]) for row in rows))
    scores = list(dict.fromkeys([*(f"val.{name}" for name in shown_first), *extra]))
    fixed = {
        **({"rank": [str(place + 1) for place in range(len(rows))]} if ranked else {}),
        "key": [row["key"] for row in rows],
        "status": [row["status"] for row in rows],
        "epochs": [str(row["epochs"]) for row in rows],
        **{score: [shown_score(score_of(row, score)) for row in rows] for score in scores},
    }
    room = console().width - table_width(fixed)
    columns: dict[str, list[str]] = {}
    for key in wanted:
        cells = [shown(value) for value in found[key]]
        if _width(key, cells) <= room:
            columns[key] = cells
            room -= _width(key, cells)
    shown_keys = sorted(columns, key=lambda key: key == "seed")
    names = [str(row["path"]).rpartition("/")[2] for row in rows]
    if _width("folder", names) <= room:
        fixed["folder"] = names
    order = list(range(len(rows)))
    if not ranked:
        order.sort(key=lambda n: [sortable(found[key][n]) for key in shown_keys])
    head = [name for name in ("rank", "key") if name in fixed]
    table = {name: fixed[name] for name in head} | {key: columns[key] for key in shown_keys}
    table |= {name: cells for name, cells in fixed.items() if name not in head}
    print_columns({name: [cells[n] for n in order] for name, cells in table.items()})
    left = [key for key in found if key not in columns]
    if left:
        more = f" and {len(left) - 8} more" if len(left) > 8 else ""
        print(f"these vary too: {', '.join(left[:8])}{more}")


def print_columns(columns: Mapping[str, Sequence[str]]) -> None:
    """Print `columns_table(columns)`; nothing is cut or folded."""
    console(table_width(columns)).print(columns_table(columns))


def table_width(columns: Mapping[str, Sequence[str]]) -> int:
    """How many characters wide `columns_table(columns)` is."""
    return sum(_width(name, cells) for name, cells in columns.items())


def columns_table(columns: Mapping[str, Sequence[str]]) -> Table:
    """Equally long columns of cells under their names, numbers to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, _GAP - 1, 0, 0), show_edge=False)
    for name, cells in columns.items():
        numeric = any(c.isdigit() for cell in cells for c in cell) and all(_like_a_number(cell) for cell in cells)
        table.add_column(Text(name), justify="right" if numeric else "left", no_wrap=True)
    for cells_of_a_row in zip(*columns.values()):
        table.add_row(*(Text(cell) for cell in cells_of_a_row))
    return table


def console(at_least: int = 0) -> Console:
    """Standard output, as wide as the terminal (a pipe: 120) and as what is printed: no cell is cut or folded."""
    width = Console().width if sys.stdout.isatty() else WIDTH
    return Console(highlight=False, width=max(width, at_least))


def shown(value: Any, longest: int = _LONGEST) -> str:
    """A value in a cell: numbers to four digits, nothing as a dash."""
    if value is None or value is ABSENT:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = value if isinstance(value, str) else marked(value)
    return text if len(text) <= longest else text[: longest - 3] + "..."


def shown_score(value: float | None) -> str:
    """A score in a cell, to three decimals, so that points stand under each other."""
    return "-" if value is None else f"{value:.3f}"


def score_of(row: Row, name: str) -> Any:
    """The score val.X or test.X of a row, None where it has none."""
    split, _, metric = name.partition(".")
    return row[split].get(metric)


def _width(name: str, cells: Sequence[str]) -> int:
    return max(map(cell_len, (name, *cells))) + _GAP


def _like_a_number(cell: str) -> bool:
    if cell == "-":
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True
