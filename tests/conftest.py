"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def song_root() -> Path:
    """The folder of real zebra finch song; tests that need it skip where it is absent."""
    root = Path(os.environ.get("SYRINX_SONG", REPOSITORY.parent / "shared" / "zebra_finch_G402"))
    if not (root / "audio").is_dir():
        pytest.skip(f"no real song at {root}: set SYRINX_SONG to a folder with audio/ and segments/")
    return root
