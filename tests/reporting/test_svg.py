"""A figure within a page takes the page's colours and disturbs nothing around it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from syrinx_lab.figures.comparison import comparison_figure
from syrinx_lab.figures.style import PALETTE
from syrinx_lab.reporting.svg import inline_svg

from made_sweeps import RATE, song  # isort: skip


def drawn(name: str = "one") -> str:
    return str(inline_svg(comparison_figure(song(), song(0.5), RATE), name, 'the "bird" & <me>'))


def test_ink_and_palette_are_the_page_s() -> None:
    text = drawn()
    outside = re.sub(r'"data:[^"]*"', "", text)
    assert "#000000" not in outside
    assert "currentColor" in outside
    assert f"var(--blue, {PALETTE['blue']})" in outside
    assert PALETTE["vermillion"].lower() not in re.sub(r"var\([^)]*\)", "", outside).lower()
    assert "<style" not in outside


def test_it_is_one_element_with_a_name_for_those_who_do_not_see_it() -> None:
    root = ET.fromstring(drawn())
    assert root.tag.endswith("svg")
    assert root.get("aria-label") == 'the "bird" & <me>'
    assert root.get("role") == "img"
    assert root.get("viewBox") == "0 0 648 374.4"
    words = {"".join(node.itertext()) for node in root.iter() if node.tag.endswith("}text")}
    assert {"target", "time (ms)", "frequency (kHz)"} <= words, "text stays text"


def test_references_stay_within_the_figure() -> None:
    text = drawn("two")
    ids = re.findall(r'\bid="([^"]+)"', text)
    wanted = set(re.findall(r'(?:url\(|href=")#([^)"]+)', text))
    assert set(ids) == wanted
    assert all(name.startswith("two-") for name in ids)
    assert len(ids) == len(set(ids)) > 3


def test_numbers_are_as_long_as_they_need_to_be() -> None:
    path = max(re.findall(r'\bd="([^"]*)"', drawn()), key=len)
    assert not re.search(r"\.\d{3}", path)
    assert re.search(r"\.\d{2}\b", path)
