"""A figure as SVG within a page: its ink is the page's, so that one picture reads well on light and on dark."""

from __future__ import annotations

import io
import re
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure

from ..figures.style import PALETTE

_MOST = 1.6  # CSS pixels a point
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_PATH = re.compile(r'\bd="[^"]*"')
_ID = re.compile(r'\bid="([^"]+)"')
_SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "syrinx_lab", "font.family": ["DejaVu Sans", "sans-serif"]}


def inline_svg(figure: Figure, name: str, text: str, *, least: float = 1.0, dpi: int = 150) -> Markup:
    """The figure as an <svg> element.

    figure  left as it is but for the patches behind it and its panels, which become transparent
    name    distinct on the page: the element's ids begin with it
    text    what the figure shows, for those who do not see it
    least   CSS pixels a point, below which the figure no longer follows the width of the page: it scrolls
    dpi     of what is drawn as pixels (spectrograms)

    Black becomes the page's ink, and a colour of `PALETTE` the custom property --NAME, which a page can set apart for
    dark and light. White stays white: it lies on spectrograms.
    """
    figure.patch.set_visible(False)
    for axes in figure.axes:
        axes.patch.set_visible(False)
    file = io.StringIO()
    with matplotlib.rc_context(_SETTINGS):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", dpi=dpi, metadata=nothing)
    source = file.getvalue()
    source = source[source.index("<svg") :]
    source = re.sub(r"<style.*?</style>", "", source, count=1, flags=re.S)  # it would hold for the whole page
    names = {value.lower(): f"var(--{key}, {value})" for key, value in PALETTE.items()}
    names["#000000"] = "currentColor"
    source = _COLOUR.sub(lambda found: names.get(found[0], found[0]), source)
    # a hundredth of a point is not seen
    source = _PATH.sub(lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), source)
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', source))
    source = _ID.sub(lambda found: f'id="{name}-{found[1]}"' if found[1] in used else "", source)
    source = re.sub(r'(url\(|href=")#', rf"\g<1>#{name}-", source)
    width, height = (72 * inches for inches in figure.get_size_inches())
    size = f"min-width:{least * width:.0f}px;max-width:{_MOST * width:.0f}px"
    opening = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'fill="currentColor" viewBox="0 0 {width:g} {height:g}" style="{size}" '
    )
    return Markup(opening) + Markup('aria-label="{}">').format(text) + Markup(source[source.index(">") + 1 :])
