"""Every command has a help page of its own, which needs neither torch nor a walk through the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from syrinx_lab.voices.finding import shipped_voices

REPOSITORY = Path(__file__).resolve().parents[1]
COMMANDS = (
    *("train", "check_data", "evaluate", "rate", "bench", "watch", "dashboard", "report", "synthesize"),
    *(
        "rivals",
        "blind_spots",
        "dynamics",
        "probe",
        "reconstruct",
        "hear",
        "gradients",
        "pack_voice",
        "segment",
        "runs",
    ),
)
WITH_GROUPS = ("train", "check_data", "rivals", "blind_spots", "gradients")
# runs commands one after the other, notes what they print, the folders that they list and whether torch is there
RUN = """
import contextlib, io, json, runpy, sys
listed = []
sys.addaudithook(lambda event, a: listed.append(str(a[0])) if event in ("os.listdir", "os.scandir") and a else None)
answers = {}
for words in json.loads(sys.argv[1]):
    sys.argv, out = [words[0], *words[1:]], io.StringIO()
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            runpy.run_module(f"syrinx_lab.{words[0]}", run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            status = ended.code or 0
    answers[" ".join(words)] = [status, out.getvalue()]
print(json.dumps([answers, listed, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def asked(*commands: list[str], **variables: str) -> tuple[dict[str, tuple[int, str]], list[str], list[str]]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SYRINX_")} | variables
    command = [sys.executable, "-c", RUN, json.dumps(commands)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    answers, listed, modules = json.loads(done.stdout)
    return {name: (status, text) for name, (status, text) in answers.items()}, listed, modules


@pytest.fixture(scope="module")
def pages() -> tuple[dict[str, tuple[int, str]], list[str], list[str]]:
    return asked(*([name, "--help"] for name in COMMANDS))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_says_what_how_and_where(name: str, pages) -> None:
    status, text = pages[0][f"{name} --help"]
    assert status == 0
    lines = text.splitlines()
    first = next(line for line in lines if line and not line.startswith("usage"))
    assert first.endswith(".") or name == "runs"
    assert sum(f"-m syrinx_lab.{name}" in line for line in lines) >= (2 if name == "runs" else 4)
    assert "README.md" in text
    assert "powered by Hydra" not in text.lower()
    if name not in WITH_GROUPS:
        assert "$" not in text
        assert len(lines) < 45


@pytest.mark.parametrize("name", ["train", "evaluate", "rate", "rivals", "dynamics", "synthesize"])
def test_where_a_voice_is_named_the_shipped_ones_are_listed(name: str, pages) -> None:
    listed = re.search(r"^Voices that travel with the lab: (.*)$", pages[0][f"{name} --help"][1], re.MULTILINE)
    assert listed is not None
    assert listed[1].split(", ") == shipped_voices()


@pytest.mark.parametrize("name", WITH_GROUPS)
def test_groups_and_choices_are_those_of_the_readme_and_no_others(name: str, pages) -> None:
    text = pages[0][f"{name} --help"][1]
    listed = {match[1]: match[2].split(", ") for match in re.finditer(r"^([a-z]+): (\S.*)$", text, re.MULTILINE)}
    conf = REPOSITORY / "conf"
    there = {
        folder.name: sorted(file.stem for file in folder.glob("*.yaml"))
        for folder in [*conf.iterdir(), REPOSITORY / "sweeps"]
        if folder.is_dir() and folder.name != "hydra"
    }
    assert listed == there
    table = (REPOSITORY / "README.md").read_text().partition("| group | choices | decides |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    groups = {group for row in rows for group in re.findall(r"`(\w+)`", row[0])}
    assert groups == set(there) - {"sweeps"}
    for row in rows:
        names = [group for group in re.findall(r"`(\w+)`", row[0])]
        for choice in re.findall(r"`(\w+)`", row[1]):
            assert any(choice in listed[group] for group in names) or choice in listed["sweeps"], (row, choice)


def test_nothing_is_walked_and_no_torch_is_imported(pages) -> None:
    _, listed, modules = pages
    assert {"torch", "lightning", "wandb"}.isdisjoint(modules)
    roots = [REPOSITORY / "conf", REPOSITORY / "sweeps", REPOSITORY / "src"]
    below = [Path(path).resolve() for path in listed if Path(path).resolve().is_relative_to(REPOSITORY)]
    packages = Path(sys.prefix)
    strange = {
        str(path) for path in below if not any(map(path.is_relative_to, roots)) and not path.is_relative_to(packages)
    }
    assert strange <= {str(REPOSITORY)}, "Python itself looks for modules in the working directory"
    # Hydra lists each group twice or so; the packages of the environment are thousands
    assert len({path for path in below if path.is_relative_to(packages)}) < 100


def test_the_sweeps_lie_where_the_variable_says_under_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "questions"
    (folder / "more").mkdir(parents=True)
    (folder / "mine.yaml").write_text("# @package _global_\n# Mine?\nn_epochs: 7\n")
    (folder / "more" / "deep.yaml").write_text("# @package _global_\n# Deep?\nn_epochs: 9\n")
    (tmp_path / "stray").mkdir()
    (tmp_path / "stray" / "other.yaml").write_text("n_epochs: 8\n")
    answers, _, modules = asked(
        ["train", "--help"],
        ["train", "+sweeps=mine", "--cfg", "job"],
        ["train", "+sweeps/more=deep", "--cfg", "job"],
        ["train", "--hydra-help"],
        ["train", "--info", "defaults"],
        SYRINX_SWEEPS=str(folder),
    )
    text = answers["train --help"][1]
    assert "\nsweeps: mine\n" in text
    assert "stray" not in text
    assert answers["train +sweeps=mine --cfg job"][1].count("n_epochs: 7\n") == 1
    assert "n_epochs: 9\n" in answers["train +sweeps/more=deep --cfg job"][1]
    assert "--multirun" in answers["train --hydra-help"][1]
    assert "edge_biased" in answers["train --info defaults"][1]
    assert all(status == 0 for status, _ in answers.values())
    assert "torch" not in modules


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    answers, _, _ = asked(
        ["train", "--cfg", "job", "--resolve"], SYRINX_OUTPUTS="", SYRINX_SWEEPS=" ", SYRINX_CONF="", SYRINX_REGISTRY=""
    )
    status, text = answers["train --cfg job --resolve"]
    assert status == 0, text
    assert "root: outputs/data/synthetic\n" in text
