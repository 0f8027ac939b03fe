"""Share of starts that come home, over the error at the start, a line a method."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from .style import PALETTE, new_figure


def convergence_figure(shares: Mapping[str, Mapping[float, float]]) -> Figure:
    """Method -> error at the start in cents -> share that ended within 50 cents.

    Raises ValueError where nothing was measured.
    """
    if not any(shares.values()):
        raise ValueError("no method was tried: nothing to draw")
    figure = new_figure(7.2, 3.8)
    panel = figure.subplots()
    colours = [PALETTE[name] for name in ("black", "orange", "sky", "green", "purple", "yellow", "blue", "vermillion")]
    for number, (name, by) in enumerate(shares.items()):
        style = "-" if number < len(colours) else "--"
        at = sorted(by)
        colour = colours[number % len(colours)]
        panel.plot(at, [by[cents] for cents in at], style, marker="o", markersize=3, lw=1.2, color=colour, label=name)
    panel.set_xlabel("error at the start (cents)")
    panel.set_ylabel("share within 50 cents at the end")
    panel.set_ylim(-0.03, 1.03)
    panel.grid(visible=True, alpha=0.25)
    panel.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.02, 0.5))
    return figure
