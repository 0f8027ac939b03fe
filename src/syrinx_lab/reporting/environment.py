"""The templates of the pages, with the style and the script that all of them share."""

from __future__ import annotations

import base64

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .badges import badge
from .numbers import shown_score


def page_environment() -> Environment:
    """The templates, which escape whatever comes from data; `source(NAME)` is a file beside them as it is."""
    environment = Environment(
        loader=PackageLoader("syrinx_lab.reporting", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    loader = environment.loader
    assert loader is not None
    environment.globals["source"] = lambda name: Markup(loader.get_source(environment, name)[0])
    environment.globals["style"] = Markup(loader.get_source(environment, "report.css")[0])
    environment.globals["script"] = Markup(loader.get_source(environment, "report.js")[0])
    environment.globals["badge"] = badge
    environment.filters["score"] = shown_score
    environment.globals["icon"] = _icon()
    return environment


def _icon() -> Markup:
    """A picture for the browser's tab, so that it asks for none."""
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 8Q3-4 5 8T9 8T13 8" fill="none" '
        'stroke="#D55E00" stroke-width="2"/></svg>'
    )
    return Markup("data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode())
