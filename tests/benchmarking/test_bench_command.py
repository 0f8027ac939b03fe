"""The command, from the words to the file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from syrinx_lab.bench import bench
from syrinx_lab.cli import config_directory

KEYS = ("suite", "case", "backend", "device", "median_s", "spread_s", "ratio_to_eager", "peak_bytes", "floor_s")


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SYRINX_OUTPUTS": str(folder / "outputs")}
    line = [sys.executable, "-m", "syrinx_lab.bench", *words]
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def test_a_small_case_from_the_words_to_the_file(tmp_path: Path) -> None:
    words = [
        "suite=rollout",
        "batch=2",
        "horizon=64",
        "degree=3",
        "backends=[eager,fused]",
        "markdown=true",
        "threads=1",
    ]
    done = command(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "outputs" / "bench" / "rollout.json"
    rows = json.loads(path.read_text())
    assert [(row["backend"], row["hop"]) for row in rows] == [(name, n) for n in (1, 32) for name in ("eager", "fused")]
    assert all(set(KEYS) <= set(row) for row in rows)
    assert all((row["batch"], row["horizon"], row["degree"]) == (2, 64, 3) for row in rows)
    assert rows[0]["ratio_to_eager"] == 1
    assert "1 threads" in done.stdout.splitlines()[0]
    assert "| rollout | P=3 B=2 H=64 fwd+bwd | eager |" in done.stdout
    assert "times faster than eager" in done.stdout
    assert done.stdout.splitlines()[-1].split()[0] == "rows"
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["bench", "outputs", "rollout.json"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("horizon=1", "horizon is 1: it must be a whole number of at least 2"),
        ("batch=0", "error: batch is 0"),
        ("suit=rollout", "there is no key suit; like it is suite"),
    ],
)
def test_bad_words_end_in_one_line(word: str, said: str, tmp_path: Path) -> None:
    done = command(tmp_path, word)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("suite=nothing", "suite is 'nothing': use all or one of rollout, curves, synthesis, encoder, step"),
        ("backends=[fast]", "backend 'fast' is unknown"),
        ("dtype=half", "dtype is 'half': use one of float32, float64"),
        ("device=nowhere", "device is 'nowhere'"),
        ("case.degree=0", "degree is 0: it must be a whole number of at least 1"),
        ("case.control_hop=0", "control_hop is 0"),
        ("case.batch=many", "batch is 'many'"),
        ("effort.rounds=0", "rounds is 0"),
        ("effort.round_s=soon", "effort.round_s is 'soon'"),
        ("threads=0", "threads is 0: it must be a whole number of at least 1, or null"),
    ],
)
def test_bad_values_are_reported_before_anything_is_measured(word: str, said: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("syrinx_lab.bench.measure_rates", lambda *_: pytest.fail("it began"))
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("bench", overrides=[word, f"paths.outputs={tmp_path / 'outputs'}"])
    with pytest.raises(ValueError, match=re.escape(said)):
        bench(cfg)
    assert not (tmp_path / "outputs").exists()
