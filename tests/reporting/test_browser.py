"""The page in a browser: dark and light, wide and narrow, by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import Browser
from made_sweeps import MadeSweep

from syrinx_lab.reporting.page import write_report
from syrinx_lab.runs.sweep_study import read_sweep

LOSSES = tuple(f"loss_mode_number_{number}" for number in range(1, 9))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of 8 conditions x 3 seeds, of which two can be heard."""
    made = MadeSweep(tmp_path_factory.mktemp("lab"), losses=LOSSES, seeds=3, silent=LOSSES[2:], share={LOSSES[3]: 0.1})
    made.sweep()
    return write_report(read_sweep(made.path), made.path / "report")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_loads_without_complaint_and_only_tables_and_figures_scroll(
    browser: Browser, page: Path, width: int, dark: bool
) -> None:
    browser.errors.clear()
    browser.requests.clear()
    browser.open(page, width=width, dark=dark)
    assert browser.errors == []
    assert {url.partition(":")[0] for url in browser.requests} <= {"file", "data"}
    assert sum(url.startswith("file:") for url in browser.requests) == 1
    assert browser.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    box = "document.getElementById('table-runs')"
    if width == 400:
        assert browser.evaluate(f"{box}.scrollWidth > {box}.clientWidth"), "the wide table scrolls in its own box"
    assert browser.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    ground = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(14, 16, 19)" if dark else "rgb(246, 247, 249)")


def test_players_play_and_tables_hold_what_was_found(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.evaluate("document.querySelectorAll('audio').length") == 2 * 2 * 3
    # every sound is decoded: 150 ms
    lengths = """Promise.all([...document.querySelectorAll('audio')].map(async a => {
        const bytes = await (await fetch(a.src)).arrayBuffer();
        return (await new OfflineAudioContext(1, 1, 22050).decodeAudioData(bytes)).duration; }))"""
    found = browser.evaluate(lengths)
    assert found == pytest.approx([0.15] * 12, abs=1e-3)
    rows = "document.querySelectorAll('#table-{} tbody tr').length"
    assert [browser.evaluate(rows.format(name)) for name in ("summary", "scores", "runs")] == [8, 8 * 12, 24]
    assert browser.evaluate("[...document.querySelectorAll('svg[role=img]')].every(s => s.getAttribute('aria-label'))")
    assert browser.evaluate("document.querySelectorAll('svg[role=img]').length") == 3 + 4


def contrast(color: str, ground: str) -> float:
    """The ratio of WCAG 2.1, of two colours as a browser writes them."""

    def luminance(text: str) -> float:
        parts = [int(part) / 255 for part in text.removeprefix("rgb(").rstrip(")").split(",")]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(color), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_and_modes_stand_out_on_the_paper(browser: Browser, page: Path, dark: bool) -> None:
    browser.open(page, dark=dark)
    paper = browser.evaluate("getComputedStyle(document.querySelector('section')).backgroundColor")
    text = browser.evaluate("getComputedStyle(document.querySelector('#scores svg text')).fill")
    assert contrast(text, paper) > 7
    quiet = browser.evaluate("getComputedStyle(document.querySelector('.hint')).color")
    assert contrast(quiet, paper) > 4.5
    fills = browser.evaluate("[...document.querySelectorAll('h3 .badge path')].map(p => getComputedStyle(p).fill)")
    assert len(set(fills)) == 6
    assert min(contrast(fill, paper) for fill in fills) > 3
    shapes = browser.evaluate("[...document.querySelectorAll('h3 .badge path')].map(p => p.getAttribute('d'))")
    assert len(set(zip(fills, shapes))) == 8


def test_the_keyboard_reaches_tables_and_sorts_them(browser: Browser, page: Path) -> None:
    browser.open(page, width=400)
    seen = []
    for _ in range(60):
        browser.press("Tab")
        seen.append(browser.evaluate("(document.activeElement.id || document.activeElement.tagName)"))
    assert seen[0] == "A", "first the way past the navigation"
    assert "table-summary" in seen
    assert "AUDIO" in seen
    browser.evaluate("document.getElementById('table-summary').focus()")
    browser.press("ArrowRight")
    moved = "new Promise(done => setTimeout(() => done(document.getElementById('table-summary').scrollLeft), 400))"
    assert browser.evaluate(moved) > 0
    column = "[...document.querySelectorAll('#table-runs tbody tr')].map(r => r.cells[3].innerText.trim())"
    before = browser.evaluate(column)
    head = "document.querySelectorAll('#table-runs thead th')[3]"
    browser.evaluate(f"{head}.querySelector('button').click()")
    after = browser.evaluate(column)
    assert after == sorted(before, key=float)
    assert after != before
    assert browser.evaluate(f"{head}.getAttribute('aria-sort')") == "ascending"
    browser.evaluate(f"{head}.querySelector('button').click()")
    assert browser.evaluate(column) == after[::-1]


def test_a_script_in_a_label_is_not_run(browser: Browser, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=document.title='run'>"
    made = MadeSweep(tmp_path, losses=(hostile, "mse_accel"), seeds=1, label=hostile, sounds=1)
    made.sweep()
    path = write_report(read_sweep(made.path), made.path / "report", question=hostile)
    browser.errors.clear()
    browser.open(path)
    assert browser.evaluate("document.title") == "question: report"
    assert browser.errors == []
