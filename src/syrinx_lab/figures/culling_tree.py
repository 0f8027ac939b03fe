"""Which seeds went on and which were given up: a tree a condition, its branches seeds, its knots rungs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from .conditions import colour, marker, row_name
from .panels import LABEL_SIZE, TICK_SIZE
from .style import PALETTE, new_figure

_ROW, _HEADING = 0.29, 0.36  # inches
_INK = PALETTE["black"]
_LONGEST = 62  # characters of what is said at the end of a branch


@dataclass(frozen=True)
class Branch:
    """A seed.

    seed      its number
    knots     (epochs, text) of the rungs that it came through
    end       epochs that it was trained to
    outcome      selected, kept, culled, broken (diverged, failed, lost) or open: as it is drawn
    said      at the end of the branch, in words
    """

    seed: int
    knots: Sequence[tuple[int, str]]
    end: int
    outcome: str
    said: str


@dataclass(frozen=True)
class ConditionTree:
    """The tree of one condition: its number from 1, its name, planned epochs, the rungs' epochs, and its branches."""

    number: int
    name: str
    n_epochs: int
    rungs: Sequence[int]
    branches: Sequence[Branch]
    best: bool = False


def culling_tree_figure(conditions: Sequence[ConditionTree]) -> Figure:
    """A tree for each condition below each other, over a common axis of epochs.

    Branches that got farther stand higher. A filled knot is a rung with the seed's rank and score, a star the selected
    model, a cross a seed that was given up, a double bar one that broke; a branch that may still grow ends in dots.
    Raises ValueError when there are no branches.
    """
    if not any(condition.branches for condition in conditions):
        raise ValueError("no seeds to draw")
    count = sum(len(condition.branches) for condition in conditions)
    figure = new_figure(10.0, _ROW * count + _HEADING * len(conditions) + 0.6)
    panel = figure.subplots()
    longest = max(condition.n_epochs for condition in conditions)
    y = 0.0
    for condition in conditions:
        label = row_name(condition.number, condition.name) + ("   ★ selected of all" if condition.best else "")
        panel.plot(
            [0], [y], marker=marker(condition.number), markersize=6, color=colour(condition.number), clip_on=False
        )
        panel.annotate(label, (0, y), (9, 0), textcoords="offset points", va="center", fontsize=LABEL_SIZE,
                       fontweight="bold")  # fmt: skip
        first = y + _HEADING / _ROW * 0.75
        y = _draw_tree(panel, condition, first, longest) + _HEADING / _ROW * 0.85
    ticks = sorted({0, *(epoch for condition in conditions for epoch in (*condition.rungs, condition.n_epochs))})
    for tick in ticks:
        panel.axvline(tick, color="0.5", alpha=0.25, linewidth=0.7, zorder=0)
    panel.xaxis.set_major_locator(FixedLocator([float(tick) for tick in ticks]))
    panel.set_xlim(-0.11 * longest, 1.62 * longest)
    panel.set_ylim(y - 0.5, -0.8)
    panel.set_yticks([])
    for side in ("left", "right", "top"):
        panel.spines[side].set_visible(False)
    panel.spines["bottom"].set_bounds(0, longest)
    panel.set_xlabel("epoch of training; grey uprights: rungs", fontsize=TICK_SIZE, loc="left")
    panel.tick_params(labelsize=TICK_SIZE)
    return figure


def _draw_tree(panel: Axes, condition: ConditionTree, first: float, longest: int) -> float:
    """The branches of a condition from `first` down; where the next tree may begin."""
    order = sorted(
        condition.branches, key=lambda b: (b.outcome != "selected", b.outcome == "broken", -b.end, _last_rank(b))
    )
    tint = colour(condition.number)
    heights = [first + k for k in range(len(order))]
    panel.plot([0, 0], [first - 0.7, heights[-1]], color=tint, linewidth=1.4)
    for y, branch in zip(heights, order):
        chosen = branch.outcome == "selected"
        end = max(branch.end, 0.02 * longest)
        panel.plot([0, end], [y, y], color=tint, linewidth=3.0 if chosen else 1.4, alpha=1.0 if chosen else 0.75)
        panel.annotate(f"seed {branch.seed}", (0, y), (-6, 0), textcoords="offset points", ha="right", va="center",
                       fontsize=TICK_SIZE)  # fmt: skip
        for epochs, text in branch.knots:
            panel.plot([epochs], [y], marker="o", markersize=4.5, color=tint)
            panel.annotate(text, (epochs, y), (-8, 3), textcoords="offset points", ha="right", fontsize=TICK_SIZE - 1)
        if branch.outcome == "open":
            panel.plot([end, condition.n_epochs], [y, y], color=tint, linewidth=1.2, linestyle=":", alpha=0.8)
        sign = {"selected": ("*", 11), "culled": ("x", 7), "broken": ("X", 8)}.get(branch.outcome)
        if sign:
            panel.plot([end], [y], marker=sign[0], markersize=sign[1], color=_INK, markeredgewidth=1.6, zorder=4)
        at = condition.n_epochs if branch.outcome == "open" else end
        text = branch.said if len(branch.said) <= _LONGEST else branch.said[: _LONGEST - 1] + "…"
        panel.annotate(text, (at, y), (10, 0), textcoords="offset points", va="center", fontsize=TICK_SIZE,
                       fontweight="bold" if chosen else "normal")  # fmt: skip
    return heights[-1] + 1.0


def _last_rank(branch: Branch) -> str:
    """Those that ended together go by the text of their last knot, which begins with the rank."""
    return branch.knots[-1][1] if branch.knots else "~"
