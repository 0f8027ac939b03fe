"""A browser for the tests that open a page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import Browser, find_chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on this machine: install it, or name it in SYRINX_CHROMIUM")
    with Browser(program, tmp_path_factory.mktemp("profile")) as browser:
        yield browser
