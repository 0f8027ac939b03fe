"""What watching says of a run: spikes, signs of life, and that it has died; from histories made by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.events import Event, events_between, heartbeats, loss_spikes, nan_spikes
from syrinx_lab.runs.progress import read_progress


def rows(losses: list[float | None], skipped: dict[int, int] | None = None) -> list[dict[str, Any]]:
    return [
        {"epoch": n, "seconds": 2.0, "loss/total": loss, "loss/nan_skip": float((skipped or {}).get(n, 0))}
        for n, loss in enumerate(losses, start=1)
    ]


def begin(folder: Path, history: list[dict[str, Any]]) -> RunDirectory:
    run = RunDirectory(folder)
    run.claim({"seed": 0, "n_epochs": 50, "trainer": {"max_epochs": 20}}, "f00d")
    run.set_status("running")
    for row in history:
        run.history.append(row)
    return run


def test_a_loss_spike_is_measured_against_the_epochs_before() -> None:
    # median 3, absolute deviations 2 1 0 1 2: MAD 1; (20 - 3) / 1.4826 = 11.466
    ((epoch, loss, score),) = loss_spikes(rows([1.0, 2.0, 3.0, 4.0, 5.0, 20.0]))
    assert (epoch, loss) == (6, 20.0)
    assert score == pytest.approx(17 / 1.4826)
    assert loss_spikes(rows([1.0, 2.0, 3.0, 4.0, 5.0, 20.0]), z=12.0) == []
    assert loss_spikes(rows([1.0, 2.0, 3.0, 4.0, 20.0])) == [], "five epochs show the usual spread, not four"
    assert loss_spikes(rows([9.0, 7.0, 5.0, 4.0, 3.0, 2.0, 1.5, 1.0])) == [], "a fall is none"
    assert loss_spikes(rows([1.0, 2.0, 3.0, 4.0, 5.0, -20.0])) == []


def test_neither_spikes_nor_gaps_hide_a_spike() -> None:
    found = loss_spikes(rows([1.0, 1.1, None, 0.9, float("inf"), 1.0, 1.05, 9.0, 1.0, 8.0, float("inf")]))
    assert [epoch for epoch, _, _ in found] == [8, 10]
    # what has not moved at all: one hundredth of the median counts as its spread
    assert [round(score, 6) for _, _, score in loss_spikes(rows([2.0] * 6 + [2.14]))] == [7.0]
    assert loss_spikes(rows([2.0] * 6 + [2.1])) == []


def test_only_the_window_counts() -> None:
    losses = [100.0] * 5 + [1.0, 1.1, 0.9, 1.0, 1.1, 30.0]
    assert loss_spikes(rows(losses), window=10) == []  # half of those ten epochs are as high: the spread is wide
    assert [epoch for epoch, _, _ in loss_spikes(rows(losses), window=5)] == [11]
    for z, window in ((0.0, 10), (6.0, 4)):
        with pytest.raises(ValueError, match=rf"spike_z {z} and spike_window {window}: use more than 0, and 5 or more"):
            loss_spikes([], z=z, window=window)


def test_updates_that_were_left_out() -> None:
    assert nan_spikes(rows([1.0, 1.0, 1.0], {2: 3})) == [(2, 3.0)]
    assert nan_spikes([{"epoch": 1}]) == []


def test_events_come_once_with_time_run_epoch_and_value(tmp_path: Path) -> None:
    run = begin(tmp_path / "run", rows([1.0, 1.1, 0.9, 1.0, 1.1], {2: 3}))
    names = {run.path: "seed=0"}
    first = [read_progress(run)]
    seen = events_between(None, first, names, at=10.0)
    assert seen == [
        Event("NAN_SPIKE", "seed=0", run.path, 2, 3.0, "3 updates left out: loss or gradient not finite", 10.0)
    ]
    run.history.append({"epoch": 6, "loss/total": 5.0, "loss/nan_skip": 1.0})
    second = [read_progress(run)]
    found = events_between(first, second, names, at=20.0)
    assert [(e.kind, e.epoch, e.value) for e in found] == [("NAN_SPIKE", 6, 1.0), ("LOSS_SPIKE", 6, 5.0)]
    assert found[1].as_line().startswith("LOSS_SPIKE seed=0 epoch 6: loss/total 5 is 27.0 deviations above its recent ")
    assert found[1].as_json() == {
        "time": "1970-01-01T00:00:20+00:00",
        "event": "LOSS_SPIKE",
        "run": "seed=0",
        "path": str(run.path),
        "epoch": 6,
        "value": 5.0,
        "text": "loss/total 5 is 27.0 deviations above its recent median",
    }
    assert Event("PLATEAU", "seed=0", run.path, 6, float("nan"), "", 0.0).as_json()["value"] is None
    assert events_between(second, [read_progress(run)], names, at=30.0) == []
    assert [e.kind for e in events_between(first, second, names, at=20.0, spike_z=30.0)] == ["NAN_SPIKE"]


def test_a_heartbeat_of_what_trains_and_a_word_on_what_died(tmp_path: Path) -> None:
    run = begin(tmp_path / "run", rows([1.0] * 8))
    names = {run.path: "run"}
    alive = [read_progress(run)]
    (beat,) = heartbeats(alive, names, at=0.0)
    assert (beat.epoch, beat.value, beat.text) == (8, 2.0, "of 20, 2 s/epoch, ETA 24 s")
    for path in (*run.path.rglob("*"), run.path):
        os.utime(path, (time.time() - 2 * 3600,) * 2)
    dead = [read_progress(run)]
    assert heartbeats(dead, names, at=0.0) == []
    (event,) = events_between(alive, dead, names, at=0.0)
    assert (event.kind, event.epoch) == ("DEAD_RUN", 8)
    assert event.value == pytest.approx(7200, abs=60)
    assert event.text == "no process trains it, and nothing was written for 2 h 00 min; start it again"
    assert events_between(dead, dead, names, at=0.0) == []
    assert [e.kind for e in events_between(None, dead, names, at=0.0)] == ["DEAD_RUN"]
    run.set_status("finished", epoch=8)
    assert events_between(dead, [read_progress(run)], names, at=0.0) == []


def test_events_go_to_a_file_and_a_dead_run_to_the_exit_status(tmp_path: Path) -> None:
    run = begin(tmp_path / "outputs" / "run", rows([1.0, 1.0], {2: 3}))
    command = [sys.executable, "-m", "syrinx_lab.watch", "run=outputs/run", "once=true", "events=deep/events.jsonl"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in (tmp_path / "deep" / "events.jsonl").read_text().splitlines()]
    assert [(e["event"], e["run"], e["epoch"], e["value"]) for e in events] == [
        ("NAN_SPIKE", "run", 2, 3.0),
        ("HEARTBEAT", "run", 2, 2.0),
    ]
    assert "HEARTBEAT run epoch 2: of 20, 2 s/epoch, ETA 36 s" in done.stdout
    for path in (*run.path.rglob("*"), run.path):
        os.utime(path, (time.time() - 2 * 3600,) * 2)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "DEAD_RUN run epoch 2: no process trains it" in done.stdout
    assert len((tmp_path / "deep" / "events.jsonl").read_text().splitlines()) == 4, "NAN_SPIKE again, and DEAD_RUN"


def test_a_heartbeat_comes_as_often_as_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from omegaconf import OmegaConf

    from syrinx_lab import watch

    run = begin(tmp_path / "run", rows([1.0] * 3))
    clock = [1000.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds
        if clock[0] >= 1050:
            run.set_status("finished", epoch=3)

    monkeypatch.setattr(watch, "time", SimpleNamespace(time=lambda: clock[0], sleep=sleep))
    given = [f"run={run.path}", "every_s=10", "heartbeat_s=20"]
    watch.watch(
        OmegaConf.merge(
            OmegaConf.load(Path(__file__).parents[2] / "conf" / "watch.yaml"), OmegaConf.from_dotlist(given)
        )
    )
    assert capsys.readouterr().out.count("HEARTBEAT run epoch 3") == 3, "after 0, 20 and 40 s"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("events=run.jsonl/x", "events=run.jsonl/x cannot be written: "),
        ("overlay=.", "overlay=. is a folder: name a file in it, as picture.png"),
        ("overlay=run.txt", "overlay=run.txt: no picture has this ending: use .png, .pdf or .svg"),
        ("overlay=run.jsonl/x.png", "run.jsonl is no folder: give overlay=FILE"),
        ("smooth=0", "smooth is 0: use none, auto, or a number of epochs, 1 or more"),
        ("heartbeat_s=0", "heartbeat_s is 0: use more than 0 s"),
    ],
)
def test_bad_keys_are_one_line(tmp_path: Path, word: str, message: str) -> None:
    from omegaconf import OmegaConf

    from syrinx_lab.watch import watch

    begin(tmp_path / "run", rows([1.0]))
    (tmp_path / "run.jsonl").write_text("")
    cfg = OmegaConf.merge(
        OmegaConf.load(Path(__file__).parents[2] / "conf" / "watch.yaml"),
        OmegaConf.from_dotlist(
            [f"run={tmp_path / 'run'}", "once=true", word.replace("run.jsonl", str(tmp_path / "run.jsonl"))]
        ),
    )
    with pytest.raises(ValueError) as error:
        watch(cfg)
    assert str(error.value).replace(f"{tmp_path}/", "").startswith(message)
