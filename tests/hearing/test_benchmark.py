"""The benchmark on trackers whose faults are known."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from syrinx_lab.ear.features import PERIOD_S, knots_of
from syrinx_lab.ear.objective import Truth
from syrinx_lab.ear.truth_scores import voice_of
from syrinx_lab.hearing.anchors import Harvest, _at_knots, _package
from syrinx_lab.hearing.benchmark import Row, compare
from syrinx_lab.hearing.table import markdown, write
from syrinx_lab.hearing.tracker import AnalyticTracker, EarTracker, Tracked
from syrinx_lab.simulation.aviary import Aviary

SEED, SECONDS, RECORDINGS = 100, 0.4, 6


def aviary(ratio: float) -> Aviary:
    return Aviary(hop=128, seed=SEED, songs_per_bird=1, snr_db=(ratio, ratio))


class Cheat:
    """Knows the truth, and changes it."""

    def __init__(self, factor: float = 1.0, deaf: bool = False) -> None:
        song = aviary(20.0).draw(range(RECORDINGS), SECONDS)
        self.voice, self.song, self.factor, self.deaf = voice_of(Truth.of(song)), song, factor, deaf

    def track(self, x: Tensor, sample_rate: int) -> Tracked:
        k = next(i for i, audio in enumerate(self.song.audio) if torch.equal(audio, x))
        voiced = self.voice.sings[k] & (not self.deaf)
        onsets = [onset + 0.003 for onset in self.song.onsets[k]]
        return Tracked(self.factor * self.voice.pitch_hz[k], voiced, self.voice.pressure[k], onsets)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    trackers = {"right": Cheat(), "octave": Cheat(2.0), "sharp": Cheat(2 ** (40 / 1200)), "deaf": Cheat(deaf=True)}
    said: list[str] = []
    found = compare(trackers, aviary, snr_db=[20.0], recordings=RECORDINGS, seconds=SECONDS, say=said.append)
    assert len(said) == 4
    return found


def scores(rows: list[Row], tracker: str, kind: str = "all", band: str = "all") -> dict[str, float]:
    [row] = [row for row in rows if (row.tracker, row.kind, row.band) == (tracker, kind, band)]
    return dict(row.scores)


def test_faults_are_counted(rows: list[Row]) -> None:
    right = scores(rows, "right")
    assert [right[name] for name in ("gross", "octave", "missed", "false", "frames")] == [0.0] * 5
    assert right["tension_r"] == pytest.approx(1)
    assert right["pressure_r"] == pytest.approx(1)
    assert right["onset_ms"] == pytest.approx(3, abs=0.1)
    assert scores(rows, "octave")["octave"] == scores(rows, "octave")["gross"] == 1.0
    assert scores(rows, "sharp")["cents"] == pytest.approx(40, abs=0.1)
    assert scores(rows, "sharp")["gross"] == 0.0
    assert scores(rows, "deaf")["missed"] == 1.0
    assert math.isnan(scores(rows, "deaf")["gross"])


def test_kinds_and_bands_share_the_knots(rows: list[Row]) -> None:
    of = {(row.kind, row.band): row.knots for row in rows if row.tracker == "right"}
    assert of["all", "all"] == of["tonal", "all"] + of["stacks", "all"] > 100
    assert sum(knots for (_, band), knots in of.items() if band != "all") == of["all", "all"]


def test_tables_hold_the_same_numbers(rows: list[Row], tmp_path: Path) -> None:
    paths = write(rows, tmp_path, {"seed": SEED})
    table = list(csv.DictReader(paths[0].open()))
    stored = json.loads(paths[1].read_text())
    assert len(table) == len(stored["rows"]) == len(rows)
    assert stored["about"] == {"seed": SEED}
    sharp = next(row for row in table if row["tracker"] == "sharp")
    assert float(sharp["cents"]) == pytest.approx(40, abs=0.1)
    assert "| 20 | all | octave | 100.0 |" in markdown(rows)


def test_the_labs_trackers_and_an_anchor_hear_a_stack() -> None:
    t = torch.arange(11_025) / 44_100
    x = sum(0.1 / k * torch.sin(2 * math.pi * k * 800 * t) for k in range(1, 13)).float()  # type: ignore[union-attr]
    middle = slice(20, 60)
    for tracker in (EarTracker(), EarTracker(lookahead_ms=10.0), AnalyticTracker(), Harvest()):
        found = tracker.track(x, 44_100)  # type: ignore[attr-defined]
        assert found.hz.shape == (knots_of(11_025, 44_100),)
        assert float(found.voiced[middle].float().mean()) > 0.95, tracker
        assert float(found.hz[middle][found.voiced[middle]].median()) == pytest.approx(800, rel=0.01)


def test_frames_go_to_the_nearest_knot_and_missing_packages_are_named() -> None:
    times = torch.arange(5).double().numpy() * PERIOD_S + 0.4 * PERIOD_S
    found = _at_knots(torch.tensor([0.0, 100.0, 200.0, 300.0, 400.0]).numpy(), times, 5 * 128 + 1, 44_100)
    assert found.hz.tolist() == [0.0, 100.0, 200.0, 300.0, 400.0, 400.0]
    assert found.voiced.tolist() == [False, True, True, True, True, True]
    with pytest.raises(ValueError, match=r"no_such_tracker is not installed: pip install 'syrinx-lab\[anchors\]'"):
        _package("no_such_tracker")
