"""An installation that cannot be written to, used by somebody without a home, works."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import syrinx_lab
from syrinx_lab import homeless
from syrinx_lab.homeless import own_folder

USE = """
import sys
import torch
import syrinx_lab.data.vocal_organ, syrinx_lab.encoders.selective_scan.kernels.scan
import syrinx_lab.ode.rollout.kernels.forward, syrinx_lab.figures.style
from syrinx_lab.controls.viterbi_cpu import cheapest_path_cpu
path = cheapest_path_cpu(torch.tensor([[[0.0, 9.0], [9.0, 0.0]]]), torch.zeros(1, 2, 2), 5.0, 1.0, 1.0, False)
assert path.tolist() == [[0, 1]], path
assert syrinx_lab.__file__.startswith(sys.argv[1])
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose folders take no __pycache__, for root neither: a file of that name stands in its place."""
    root = tmp_path_factory.mktemp("installed")
    source = Path(syrinx_lab.__file__).parent
    shutil.copytree(source, root / "syrinx_lab", ignore=shutil.ignore_patterns("__pycache__", "reporting", "_config"))
    for folder in {path.parent for path in (root / "syrinx_lab").rglob("*.py")}:
        (folder / "__pycache__").touch()
    return root


def use(installation: Path, temporary: Path) -> tuple[int, str]:
    """The status and the errors of a process that uses the installation without a home."""
    homeless = {"HOME": "/dev/null/nobody", "TMPDIR": str(temporary), "PYTHONPATH": str(installation)}
    left_out = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "XDG_DATA_HOME")
    environment = {k: v for k, v in os.environ.items() if k not in left_out} | homeless
    command = [sys.executable, "-c", USE, str(installation)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=installation)
    return done.returncode, done.stderr


def test_what_is_kept_lies_among_the_temporary_files(installation: Path, tmp_path: Path) -> None:
    assert use(installation, tmp_path) == (0, "")
    folder = tmp_path / f"syrinx_lab-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {file.name.partition(".")[0] for file in folder.rglob("*.nbi")} == {"viterbi_cpu"}
    assert (folder / "matplotlib").is_dir()


def test_what_others_can_write_to_is_not_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(homeless.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = tmp_path / f"syrinx_lab-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    for _ in range(2):
        assert own_folder() is None
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"note: compiled kernels cannot be kept ({folder} is not this user's alone)")
    own_folder.cache_clear()
    folder.chmod(0o700)
    assert own_folder() == folder
    own_folder.cache_clear()


def test_who_has_a_home_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*homeless._PLACES, *homeless._MOVED.values()):
        monkeypatch.setenv(name, ""), monkeypatch.delenv(name)  # both, so that it is put back
    monkeypatch.setenv("HOME", str(tmp_path))
    homeless.provide()
    assert "MPLCONFIGDIR" not in os.environ
    monkeypatch.setenv("HOME", "/dev/null/nobody")
    monkeypatch.setenv("WANDB_CONFIG_DIR", "chosen")
    homeless.provide()
    assert os.environ.pop("MPLCONFIGDIR").endswith(f"syrinx_lab-{os.getuid()}/matplotlib")
    assert os.environ["WANDB_CONFIG_DIR"] == "chosen"
