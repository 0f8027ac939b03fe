"""Shared fixtures."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from forks import Forks

REPOSITORY = Path(__file__).resolve().parents[1]

LONGEST = ("test_sweeps_end_to_end.py", "test_shipped_sweeps.py", "test_runs_end_to_end.py", "test_wandb_runs.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that of two workers with a file each none ends long after the other."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """Commands that need not wait for imports."""
    forks = Forks()
    yield forks
    forks.close()


@pytest.fixture(scope="session")
def song_root() -> Path:
    """The folder of real zebra finch song; tests that need it skip where it is absent."""
    root = Path(os.environ.get("SYRINX_SONG", REPOSITORY.parent / "shared" / "zebra_finch_G402"))
    if not (root / "audio").is_dir():
        pytest.skip(f"no real song at {root}: set SYRINX_SONG to a folder with audio/ and segments/")
    return root


@pytest.fixture(scope="session")
def faults_root() -> Path:
    """The folder of made annotations with their truth; tests that need it skip where it is absent."""
    root = Path(os.environ.get("SYRINX_FAULTS", REPOSITORY.parent / "shared" / "faults"))
    if not (root / "truth.csv").is_file():
        pytest.skip(f"no annotations at {root}: set SYRINX_FAULTS to a folder with audio/ and truth.csv")
    return root


@pytest.fixture(scope="session")
def tiny_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six short recordings of two-label chirps in a faint noise floor, with text annotations beside them."""
    root = tmp_path_factory.mktemp("tiny") / "song"
    root.mkdir()
    rate = 44100
    rng = np.random.default_rng(7)
    for number in range(6):
        samples = 1e-3 * rng.standard_normal(int(1.2 * rate))
        lines = []
        for k, (label, f0) in enumerate([("a", 900.0), ("b", 2500.0), ("a", 950.0), ("b", 2400.0)]):
            onset, duration = 0.1 + 0.27 * k + 0.01 * rng.random(), 0.12
            t = np.arange(int(duration * rate)) / rate
            sweep = np.sin(2 * np.pi * (f0 * t + 800.0 * t**2)) + 0.3 * np.sin(4 * np.pi * (f0 * t + 800.0 * t**2))
            start = int(onset * rate)
            samples[start : start + len(t)] += 0.3 * sweep * np.hanning(len(t)) ** 0.3
            lines.append(f"{start / rate:.6f} {(start + len(t)) / rate:.6f} {label}")
        sf.write(root / f"song{number}.wav", samples.astype(np.float32), rate, subtype="FLOAT")
        (root / f"song{number}.txt").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user of the machine can get at: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)
