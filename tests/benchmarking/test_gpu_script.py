"""benchmarks/gpu.sh: one JSON whatever happens, every part under its limit, and all of it runs where no GPU is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("SECONDS_IN_ALL", "60")
    import gpu_driver

    monkeypatch.setattr(gpu_driver, "machine", lambda: {"processor": "a slide rule"})
    monkeypatch.setattr(gpu_driver, "cuda_device", lambda: (False, "no CUDA GPU"))
    return gpu_driver


def part(name: str, code: str, limit: float = 30.0) -> tuple[Any, ...]:
    return name, ["-c", f"from gpu_results import check, report_result, Skip\nimport time\n{code}"], limit


def test_whatever_a_part_does_the_rest_runs_and_all_is_reported(
    driver: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        part("well", "check('a', lambda: {'ms': 3})"),
        part("wrong", "check('a', lambda: 1 / 0)\ncheck('b', lambda: None)"),
        part("dead", "report_result('a', 'pass')\nimport os\nos.abort()"),
        part("stuck", "report_result('a', 'pass')\ncheck('b', lambda: time.sleep(3600))", limit=1.5),
        part("none here", "def no(): raise Skip('needs a CUDA GPU')\ncheck('a', no)"),
        part("foreign", "import no_such_module.part"),
        part("ours", "import syrinx_lab.no_such_module"),
    ]
    monkeypatch.setattr(driver, "parts", lambda device: found)
    assert driver.main(tmp_path / "deep" / "gpu.json") == 1, "and the stuck one is not waited for"
    report = json.loads((tmp_path / "deep" / "gpu.json").read_text())
    assert (report["status"], report["cuda"], report["machine"]) == ("fail", False, {"processor": "a slide rule"})
    outcomes = {name: (one["status"], one["reason"]) for name, one in report["parts"].items()}
    assert outcomes == {
        "well": ("pass", None),
        "wrong": ("fail", "1 of 2 failed: a"),
        "dead": ("fail", "ended with status -6"),
        "stuck": ("stopped", "stopped at its limit of 2 s in b"),
        "none here": ("skip", "nothing ran: needs a CUDA GPU"),
        "foreign": ("skip", "not installed: no_such_module"),
        "ours": ("fail", "ended with status 1"),
    }
    results = {name: one["results"] for name, one in report["parts"].items()}
    assert results["well"][0]["ms"] == 3
    assert results["wrong"][0]["reason"] == "ZeroDivisionError: division by zero"
    assert [one["name"] for one in results["stuck"]] == ["a"], "what was found before is kept"


def test_no_part_begins_when_the_time_is_over(
    driver: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECONDS_IN_ALL", "6")
    monkeypatch.setattr(driver, "parts", lambda device: [part("late", "report_result('a', 'pass')")])
    assert driver.main(tmp_path / "gpu.json") == 0
    report = json.loads((tmp_path / "gpu.json").read_text())
    assert report["parts"]["late"]["reason"] == "no time is left of 6 s"
    assert report["status"] == "skip"


def test_on_a_gpu_the_kernels_run_for_real_and_nothing_takes_their_time(driver: ModuleType) -> None:
    (words,) = [words for name, words, _ in driver.parts("cuda") if name == "tests"]
    named = [*words[: words.index(driver.TESTS[0])], "--collect-only", *driver.TESTS[:2], *driver.ON_GPU]
    done = subprocess.run(
        [sys.executable, *[word for word in named if word not in ("-p", "gpu_tests")]],
        cwd=BENCHMARKS.parent, capture_output=True, text=True,
    )  # fmt: skip
    tests = [line for line in done.stdout.splitlines() if "::" in line]
    assert words[-2:] == driver.ON_GPU
    assert sum("[cuda" in line for line in tests) > 30, done.stdout
    assert sum("hardware" in line for line in tests) == 2
    assert not [line for line in tests if "interpreter" in line or "compiler" in line]


def test_the_script_runs_here(tmp_path: Path) -> None:
    environment = os.environ | {"TINY": "1", "PYTHON": sys.executable, "PARTS": "kernels,steps", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [str(BENCHMARKS / "gpu.sh"), "gpu.json"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "gpu.json").read_text())
    assert report["cuda"] is torch.cuda.is_available()
    assert report["machine"]["versions"]["lightning"]
    assert {name: one["status"] for name, one in report["parts"].items()} == {"kernels": "pass", "steps": "pass"}
    (step,) = report["parts"]["steps"]["results"]
    assert 0 < step["losses"]["cpu"]["total"] < 10
    differences = [
        one["largest_difference"] for one in report["parts"]["kernels"]["results"] if one["status"] == "pass"
    ]
    assert len(differences) >= 3
    assert max(differences) < 1e-4


def test_without_a_python_there_is_a_json_too(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHON": "no-such-python"}
    done = subprocess.run([str(BENCHMARKS / "gpu.sh")], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    report = json.loads((tmp_path / "gpu.json").read_text())
    assert (report["status"], report["reason"]) == ("fail", "PYTHON=no-such-python is no Python 3.11 or newer")
