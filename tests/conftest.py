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


@pytest.fixture(scope="module")
def offline_forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Commands without a W&B key and without a way to its server; nobody is at their keyboard."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_SERVICE", "SYRINX_TRACEBACK"):
            patch.delenv(name, raising=False)
        patch.setenv("NETRC", str(tmp_path_factory.mktemp("nobody") / "no-netrc"))
        patch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
        forks = Forks()
        yield forks
        forks.close()


def _data_folder(variable: str, name: str, holds: str) -> Path:
    """The folder that a variable of the environment names, else one beside the checkout; the test skips without."""
    root = Path(os.environ.get(variable, REPOSITORY.parent / "shared" / name))
    if not (root / holds).exists():
        pytest.skip(f"no {name} at {root}: set {variable} to a folder with audio/ and {holds}")
    return root


@pytest.fixture(scope="session")
def song_root() -> Path:
    """The folder of real zebra finch song."""
    return _data_folder("SYRINX_SONG", "zebra_finch_G402", "segments")


@pytest.fixture(scope="session")
def faults_root() -> Path:
    """The folder of made annotations with their truth."""
    return _data_folder("SYRINX_FAULTS", "faults", "truth.csv")


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
