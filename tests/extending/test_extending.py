"""A package from outside adds one thing of every kind, without an edit in the lab: `docs/extending.md`."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import soundfile as sf
import torch
from forks import Forks

HERE = Path(__file__).resolve().parent
FIRST = f"import sys; sys.path.insert(0, {str(HERE)!r})"

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def cwd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("extending")


@pytest.fixture(scope="module")
def command(forks: Forks, cwd: Path) -> Command:
    return lambda module, *arguments: forks.completed(cwd, module, *arguments, first=FIRST)


@pytest.fixture(scope="module")
def train(command: Command, tiny_song: Path) -> Command:
    def run(*arguments: str) -> CompletedProcess[str]:
        mine = ("--config-dir", str(HERE / "conf"), "+experiment=mine", "data=folder", f"data.root={tiny_song}")
        small = ("data.label=[a]", "data.batch_size=8", "sampler.max_segments=16", "eval.val_count=1")
        small += (
            "eval.test_count=1",
            "eval.renditions_per_clip=1",
            "callbacks.evaluation.eval_every=1",
            "trainer.save_every=1",
        )
        return command("train", *mine, *small, "n_epochs=3", *arguments)

    return run


@pytest.fixture(scope="module")
def run(train: Command, cwd: Path) -> Path:
    done = train("run_dir=run")
    assert done.returncode == 0, done.stderr
    assert "16 windows an epoch in turn" in done.stdout, "the sampler's notes"
    assert "the logger LinesLogger gets no pictures: it does not define log_pictures" in done.stdout
    return cwd / "run"


def rows(folder: Path) -> list[dict]:
    lines = map(json.loads, (folder / "history.jsonl").read_text().splitlines())
    return [row for row in lines if "loss/total" in row]


def state(folder: Path, epoch: int) -> dict[str, torch.Tensor]:
    path = folder / "checkpoints" / f"epoch{epoch:05d}.ckpt"
    return torch.load(path, map_location="cpu", weights_only=True)["state_dict"]


def test_it_trains_under_its_own_schedules_and_logs_its_term_and_metric(run: Path) -> None:
    history = rows(run)
    assert [row["train/lam_peak"] for row in history] == [0.0, 0.25, 0.5]
    assert [row["train/horizon"] for row in history] == [256, 256, 512]
    assert all(row["loss/peak"] > 0 and row["loss/nan_skip"] == 0 for row in history)
    assert all(0 <= row["val/peak_error"] <= 200 for row in history)
    before, after = state(run, 1), state(run, 3)
    for name in ("model.tract.a", "model.encoder.into.weight"):
        assert not torch.equal(before[name], after[name]), f"{name} is learned"
    floor = next(value for name, value in after.items() if name.endswith("peak.floor"))
    assert 1e-4 < float(floor) < 1e-3, "a share of the loudest sample of the training set"
    units = json.loads((run / "state.json").read_text())["units"]
    assert units["peak"] == "|log ratio|"
    assert (run / "notes.txt").read_text().split() == ["done", "0", "done", "1", "done", "2"], "its callback"


def test_its_term_and_metric_have_a_panel_each_in_the_figure_of_the_run(run: Path) -> None:
    titles = (run / "figures" / "losses.png").read_text().splitlines()  # `Forks` writes them in place of pixels
    assert {"loss/peak", "val/peak_error"} <= set(titles)


def test_its_logger_gets_what_it_takes_and_says_what_it_does_not(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "lines-train.jsonl").read_text().splitlines()]
    numbers = [line for line in lines if "epoch" in line]
    assert [line["epoch"] for line in numbers] == [0, 1, 2]
    assert [line["train/lam_peak"] for line in numbers] == [0.0, 0.25, 0.5]
    assert [line["val/peak_error"] for line in numbers] == [row["val/peak_error"] for row in rows(run)]
    assert sum("sounds" in line for line in lines) >= 3
    assert all(min(line["seconds"]) > 0.1 for line in lines if "sounds" in line)
    scored = [json.loads(line) for line in (run / "lines-eval.jsonl").read_text().splitlines()]
    (table, *_) = [line for line in scored if "table" in line]
    assert any("peak_error" in column for column in table["columns"])


def test_it_resumes_bit_for_bit(train: Command, run: Path, cwd: Path) -> None:
    assert train("run_dir=split", "trainer.max_epochs=1").returncode == 0
    second = train("run_dir=split")
    assert "going on after epoch 1 of 3" in second.stdout, second.stderr
    straight, resumed = state(run, 3), state(cwd / "split", 3)
    assert straight.keys() == resumed.keys()
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)
    same = ("loss/peak", "val/peak_error", "train/lam_peak")
    assert [[row[name] for name in same] for row in rows(cwd / "split")] == [
        [row[name] for name in same] for row in rows(run)
    ]


@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_less_of_its_metric_is_better(train: Command, run: Path, cwd: Path, checkpoint: str) -> None:
    done = train("run_dir=run", f"checkpoint={checkpoint}", "checkpoint.metric=peak_error")
    assert done.returncode == 0, done.stderr
    chosen = json.loads((run / "selected_model.json").read_text())["epoch"]
    errors = {row["epoch"]: row["val/peak_error"] for row in rows(run)}
    assert chosen == (min(errors, key=errors.__getitem__) if checkpoint == "best" else 3)


def test_a_sweep_culls_and_selects_by_it(train: Command, command: Command, cwd: Path) -> None:
    done = train("-m", "seed=0,1,2", "sweep_name=sweep", "checkpoint.metric=peak_error", "n_epochs=2")
    assert done.returncode == 0, done.stderr
    sweep = cwd / "outputs" / "sweeps" / "sweep"
    decision = json.loads((sweep / "decisions" / "epoch00001.json").read_text())
    errors = [place["scores"]["peak_error"] for place in decision["ranking"]]
    assert errors == sorted(errors)
    assert len(set(errors)) == 3
    assert decision["culled"] == [decision["ranking"][2]["seed"]], "the largest error goes"
    with open(sweep / "seed_cv.csv", encoding="utf-8", newline="") as file:
        assert any("peak_error" in name for name in next(csv.reader(file)))
    best = command("runs.__main__", "best", "--by", "val/peak_error")
    assert best.returncode == 0, best.stderr
    # read by whom does not have the package
    page = subprocess.run([sys.executable, "-m", "syrinx_lab.report", f"sweep={sweep}"], capture_output=True, text=True)
    assert page.returncode == 0, page.stderr
    drawn = set(re.findall(r"<text[^>]*>([^<]+)</text>", (sweep / "report" / "report.html").read_text()))
    assert {"loss/peak", "val/peak_error", "peak_error (less is better)"} <= drawn


def test_its_song_is_synthesised_from_a_table_with_its_own_columns(
    command: Command, run: Path, tiny_song: Path, cwd: Path
) -> None:
    done = command("synthesize", f"run={run}", f"song={tiny_song / 'song0.wav'}", "out=sung.wav", "picture=none")
    assert done.returncode == 0, done.stderr
    with open(cwd / "sung.csv", encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    codes = [f"weight_code_{number}" for number in range(3)]
    assert header == ["time_s", "pitch_hz", "drive", "gain", "level", *codes, "tract_0"]
    again = command(
        "synthesize", f"run={run}", "drives_in=sung.csv", "out=again.wav", "drives_out=none", "picture=none"
    )
    assert again.returncode == 0, again.stderr
    assert sf.read(cwd / "again.wav")[0].tolist() == sf.read(cwd / "sung.wav")[0].tolist()
    text = (cwd / "sung.csv").read_text().splitlines()
    (cwd / "bad.csv").write_text(
        "\n".join([text[0], ",".join([*text[1].split(",")[:2], "1.5", *text[1].split(",")[3:]])])
    )
    bad = command("synthesize", f"run={run}", "drives_in=bad.csv", "out=bad.wav", "drives_out=none", "picture=none")
    assert bad.returncode == 1
    assert "bad.csv, line 2: drive is 1.5; use from 0 to 1" in bad.stderr


@pytest.mark.parametrize("module", ["evaluate", "synthesize"])
def test_without_its_package_a_line_says_where_python_looks(
    forks: Forks, run: Path, tiny_song: Path, cwd: Path, module: str
) -> None:
    given = ["run=run", *([f"song={tiny_song / 'song0.wav'}"] if module == "synthesize" else [])]
    lost = forks.completed(cwd, module, *given)
    assert lost.returncode == 1
    assert lost.stderr.startswith("error: ")
    assert len(lost.stderr.splitlines()) == 1
    assert re.search(
        r"\b\w+\._target_ is stranger_lab\.\S+: Python finds no such class: .* PYTHONPATH$", lost.stderr.strip()
    )


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("logger._target_=stranger_lab.lacking.NoLogger", "logger: NoLogger is no MediaLogger: start a class Mine("),
        ("logger._target_=stranger_lab.lacking.Logger", "logger: Logger has no logged_epochs: add it, the set of"),
        (
            "logger._target_=stranger_lab.lacking.started_by_nothing",
            "logger: started_by_nothing cannot be started with",
        ),
        (
            "+loss.terms.more={weight:0.5,loss:{_target_:stranger_lab.lacking.Hasty}}",
            "loss.terms.more.loss: AttributeError",
        ),
        ("sampler._target_=stranger_lab.lacking.Sampler", "sampler is a Sampler, which has no draw"),
        ("horizon._target_=stranger_lab.lacking.horizon", "horizon is a object, which has no max"),
        ("tract._target_=stranger_lab.lacking.Tract", "tract is a Tract, which has no reach"),
        ("loss.terms.peak.loss._target_=stranger_lab.lacking.Loss", "Loss has no needs_acceleration: add"),
        ("eval.metrics.peak_error._target_=stranger_lab.lacking.Metric", "does not say its higher_is_better"),
        ("oscillator._target_=stranger_lab.lacking.Oscillator", "does not say its nonlinear_maps"),
        ("encoder._target_=stranger_lab.lacking.Encoder", "lookahead_ms"),
        (
            "+loss.terms.more={weight:0.5,loss:{_target_:torch.nn.Identity}}",
            "loss.terms.more.loss is a Identity, which is no LossTerm",
        ),
        (
            "+loss.terms.more={loss:{_target_:torch.nn.Identity}}",
            "loss.terms.more.weight is not set: a term has a loss and a weight",
        ),
        (
            "+loss.terms.more={weight:-1,loss:{_target_:torch.nn.Identity}}",
            "loss.terms.more.weight is -1: use a number from 0",
        ),
        ("+loss.terms.more=3", "loss.terms.more is 3: use a group of keys"),
    ],
)
def test_what_keeps_no_contract_is_refused_in_a_line(train: Command, cwd: Path, override: str, said: str) -> None:
    refused = train("run_dir=refused", override)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert not (cwd / "refused").exists()
