"""The atlas's page in a browser: dark and light, from 400 to 1,600 px, its player and its switch."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import Browser

from syrinx_lab.reporting.dynamics_page import write_dynamics_page

from made_atlas import made_atlas, silent_atlas  # isort: skip

GROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(246, 247, 249)", "rgb(14, 16, 19)"
# how many pixels of a canvas are not empty
DRAWN = """(name => { const c = document.querySelector(`#player-1 [data-part=${name}]`);
    const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    atlases = [made_atlas(), silent_atlas()]
    return write_dynamics_page(atlases, tmp_path_factory.mktemp("page"), title="toy", question="what?")[0]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 800, 1600])
def test_it_loads_without_complaint_and_nothing_but_tables_and_figures_scrolls(
    browser: Browser, page: Path, width: int, dark: bool
) -> None:
    browser.errors.clear()
    browser.requests.clear()
    browser.open(page, width=width, dark=dark)
    assert browser.errors == []
    assert {url.partition(":")[0] for url in browser.requests} <= {"file", "data"}
    assert sum(url.startswith("file:") for url in browser.requests) == 1
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert browser.evaluate(GROUND) == (DARK if dark else LIGHT)
    for name in ("phase", "trace", "map"):
        assert browser.evaluate(f"{DRAWN}('{name}')") > 500, name


def test_the_slider_moves_the_player_and_the_button_plays(browser: Browser, page: Path) -> None:
    browser.open(page)
    said = "document.querySelector('#player-1 [data-part=said]').textContent"
    assert "the cycle has 1000 Hz" in browser.evaluate(said)
    slider = "document.querySelector('#player-1 [data-part=time]')"
    browser.evaluate(f"{slider}.value = 5; {slider}.dispatchEvent(new Event('input'))")
    assert browser.evaluate(said) == "5.0 ms: silent: rest attracts"
    browser.evaluate("document.querySelector('#player-1 [data-part=play]').click()")
    later = f"new Promise(done => setTimeout(() => done(Number({slider}.value)), 500))"
    assert 5 < browser.evaluate(later) < 60


def test_the_switch_overrules_the_machine(browser: Browser, page: Path) -> None:
    browser.open(page, dark=False)
    ground = []
    for _ in range(3):
        browser.evaluate("document.getElementById('theme').click()")
        ground.append(browser.evaluate(GROUND))
    assert ground == [DARK, LIGHT, LIGHT]
    browser.open(page, dark=True)
    browser.evaluate("document.getElementById('theme').click(); document.getElementById('theme').click()")
    assert browser.evaluate(GROUND) == LIGHT
