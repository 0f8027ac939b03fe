"""Rivals are scored as cold starts are; a run that learned the clips may not take part; results are read again."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from made_clips import RATE, clip, songs, stack

from syrinx_lab.evaluation.clips import Clip, Samples
from syrinx_lab.evaluation.scoring import Scoring
from syrinx_lab.evaluation.set_scores import SetJudge
from syrinx_lab.metrics.autonomy import score_clip
from syrinx_lab.metrics.facts import METRICS
from syrinx_lab.metrics.sung_clip import SungClip
from syrinx_lab.rivals.comparison import outcome, outcomes, targets
from syrinx_lab.rivals.fairness import refuse_learned, refuse_other_reading
from syrinx_lab.rivals.files import as_csv, joined_points, read_points, write_results
from syrinx_lab.rivals.outcome import Comparison
from syrinx_lab.rivals.rival import Rival
from syrinx_lab.rivals.sung_model import AnalyticPrior

SCORING = Scoring(1e-3, 7)


class Half(Rival):
    """The recording at half its size."""

    about = "half of it"
    cut = 0

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        return 0.5 * clip.x[self.cut :]

    @property
    def numbers_per_second(self) -> float:
        return float(self.sample_rate)


class Whole(Half):
    """The recording."""

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        return clip.x


class Hiss(Half):
    """Noise; it writes down its seeds."""

    def __init__(self, *, sample_rate: int) -> None:
        super().__init__(sample_rate=sample_rate)
        self.seeds: list[int] = []

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        self.seeds.append(seed)
        return 0.01 * np.random.default_rng(seed).standard_normal(len(clip.x)).astype(np.float32)


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return [clip(stack()), clip(stack(0.1, 900.0, 800.0), label="b/c")]


def compared(clips: list[Clip]) -> Comparison:
    found = outcomes({"hiss": Hiss(sample_rate=RATE), "half": Half(sample_rate=RATE)}, songs(*clips), clips, SCORING)
    return Comparison("bird", "test", RATE, targets(clips, RATE), found, {"tf_corr": 0.8, "pairs": 3})


def test_scores_are_those_of_a_sung_clip_raw_and_rescaled(clips: list[Clip]) -> None:
    found = outcome("half", Half(sample_rate=RATE), songs(*clips), clips, SCORING)
    assert found.raw["amp_pen"] == pytest.approx(np.log(2), abs=1e-4)
    assert found.rescaled["amp_pen"] == pytest.approx(0.0, abs=1e-6)
    assert found.rescaled["tf_corr"] == pytest.approx(1.0, abs=1e-6)
    where = {"sample_rate": RATE, "onset": clips[1].onset, "offset": clips[1].offset}
    rate = found.numbers_per_second
    sung = SungClip(0.5 * clips[1].x, clips[1].x, **where, numbers_per_second=rate)
    again = score_clip(sung).values()
    assert found.rows[1]["raw"] == {name: pytest.approx(value, nan_ok=True) for name, value in again.items()}
    assert found.rows[1]["label"] == "b/c"
    assert found.raw["oscillator_share"] is None, "there is no oscillator"
    np.testing.assert_allclose(found.at_level[0], clips[0].x, rtol=1e-4, atol=1e-7)


def test_the_best_comes_first_and_each_clip_has_a_seed_of_its_own(clips: list[Clip]) -> None:
    hiss = Hiss(sample_rate=RATE)
    found = outcomes({"hiss": hiss, "half": Half(sample_rate=RATE)}, songs(*clips), clips, SCORING)
    assert [one.name for one in found] == ["half", "hiss"]
    assert hiss.seeds == [7 * 10_007, 7 * 10_007 + 1]


def test_another_length_is_refused(clips: list[Clip]) -> None:
    short = Half(sample_rate=RATE)
    short.cut = 5
    with pytest.raises(ValueError, match=rf"rivals\.short made \({len(clips[0].x) - 5},\) samples of a clip of "):
        outcome("short", short, songs(*clips), clips, SCORING)


def test_the_untrained_prior_takes_part(clips: list[Clip]) -> None:
    found = outcome("prior", AnalyticPrior(sample_rate=RATE), songs(*clips), clips, SCORING)
    assert found.kind == "prior"
    assert found.numbers_per_second == pytest.approx(3 * RATE / 32), "pitch, pressure and gain"
    assert found.raw["f0_cents"] is not None
    assert found.raw["f0_cents"] < 30


def test_metrics_are_those_that_are_defined(clips: list[Clip]) -> None:
    found = compared(clips)
    assert "tf_corr" in found.metrics
    assert "oscillator_share" not in found.metrics
    assert "numbers_per_second" not in found.metrics
    assert set(found.metrics) <= set(METRICS)


def test_two_are_told_apart(clips: list[Clip]) -> None:
    found = compared(clips)
    assert [one.name for one in found.pair(None, None)] == ["half", "hiss"]
    assert [one.name for one in found.pair("hiss", None)] == ["hiss", "half"]
    assert [one.name for one in found.pair(None, "half")] == ["hiss", "half"]
    mixed = replace(found, outcomes=(*found.outcomes, replace(found.outcomes[1], name="mine", kind="run")))
    assert [one.name for one in mixed.pair(None, None)] == ["mine", "half"], "ours is the run"
    with pytest.raises(ValueError, match=r"abx\.theirs is 'no': use one of half, hiss"):
        found.pair(None, "no")
    with pytest.raises(ValueError, match=r"abx\.ours and abx\.theirs are both half: name two"):
        found.pair("half", "half")
    with pytest.raises(ValueError, match="there are not two rivals"):
        replace(found, outcomes=found.outcomes[:1]).pair(None, None)


class Known:
    """Syllables of train, as a datamodule has them."""

    def __init__(self, *clips: Clip) -> None:
        self.known = [(one.vocalisation.label, torch.from_numpy(one.x[one.onset : one.offset])) for one in clips]

    def labelled_syllables(self) -> list[tuple[str, torch.Tensor]]:
        return self.known


def test_all_clips_together_are_judged_and_means_have_intervals() -> None:
    """The recording itself cannot be distinguished from the bird and is always recognised; noise can, and is not."""
    pitches = {"a": 700.0, "b": 1500.0, "c": 2500.0}
    clips = [clip(stack(0.08, hz + 15 * day, 0.8 * hz), label=a) for day in range(4) for a, hz in pitches.items()]
    clips = [
        replace(one, vocalisation=replace(one.vocalisation, recording=f"day{number // 3}"))
        for number, one in enumerate(clips)
    ]
    judge = SetJudge(clips, Known(*clips[:6]), RATE)  # type: ignore[arg-type]
    whole, hiss = (
        outcome(name, kind(sample_rate=RATE), songs(*clips[:2]), clips, SCORING, judge)
        for name, kind in (("whole", Whole), ("hiss", Hiss))
    )
    assert whole.together["recognition"] == pytest.approx(1.0)
    assert whole.together["c2st_patches"] == pytest.approx(0.5, abs=0.1)
    assert hiss.together["c2st_patches"] == pytest.approx(1.0, abs=0.02)
    assert hiss.together["c2st_clips"] == 1.0
    assert hiss.together["recognition"] is not None
    assert hiss.together["recognition"] < 0.7
    low, high = hiss.intervals["tf_corr"] or (0.0, 0.0)
    assert low < hiss.raw["tf_corr"] < high
    assert high - low < 0.1
    found = Comparison("bird", "test", RATE, targets(clips, RATE), (whole, hiss), {})
    assert found.together == ["c2st_patches", "c2st_clips", "recognition"]
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert float(rows[1]["c2st_clips"]) == 1.0


def test_files_hold_what_was_found(clips: list[Clip], tmp_path: Path) -> None:
    found = compared(clips)
    write_results(tmp_path, found, {"versions": {}, "git": None, "created_at": "now"}, 9)
    stored = json.loads((tmp_path / "rivals.json").read_text())
    assert list(stored["rivals"]) == ["half", "hiss"]
    assert stored["rivals"]["half"]["raw"]["tf_corr"] == found.outcomes[0].raw["tf_corr"]
    assert stored["clips"] == len(stored["rivals"]["half"]["per_vocalisation"]) == 2
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert [row["rival"] for row in rows] == ["half", "hiss"]
    assert float(rows[0]["rescaled_tf_corr"]) == pytest.approx(1.0)
    assert float(rows[0]["numbers_per_second"]) == RATE
    assert sorted(path.name for path in (tmp_path / "audio").iterdir()) == [
        *(f"test-000-a-{kind}.wav" for kind in ("half", "hiss", "target")),
        *(f"test-001-b_c-{kind}.wav" for kind in ("half", "hiss", "target")),
    ]
    for kind, gain in (("half", 0.5), ("target", 1.0)):
        heard, rate = soundfile.read(tmp_path / "audio" / f"test-001-b_c-{kind}.wav")
        assert rate == RATE
        np.testing.assert_allclose(heard, gain * clips[1].x, atol=1e-7)
    write_results(tmp_path, found, {"versions": {}, "git": None, "created_at": "now"}, 1)
    assert len(list((tmp_path / "audio").iterdir())) == 3, "those of before are gone"


def test_a_run_must_read_what_the_others_read() -> None:
    data = {"sample_rate": 44100, "channel": 0, "highpass_hz": None, "scale": "peak", "scale_per": "recording"}
    data["scale_to"] = 0.4
    refuse_other_reading("outputs/RUN", data, dict(data))
    with pytest.raises(ValueError, match=r"^outputs/RUN reads .*: add data\.highpass_hz=300\.0 data\.scale=rms, so"):
        refuse_other_reading("outputs/RUN", {**data, "highpass_hz": 300.0, "scale": "rms"}, data)


def test_a_run_must_not_have_learned_what_is_scored() -> None:
    split = {"train": {"one": "x"}, "val": {"two": "y"}, "test": {"three": "z"}}
    split["audio"] = {"one": "1", "two": "2", "three": "3"}
    refuse_learned("RUN", split, {"three": "3", "four": "4"}, ("train", "val"))
    refuse_learned("RUN", split, {"two": "2"}, ("train",))
    with pytest.raises(ValueError, match=r"^RUN has renamed in its train, and it would be scored on it here: give"):
        refuse_learned("RUN", split, {"renamed": "1"}, ("train", "val"))
    with pytest.raises(ValueError, match="RUN has two in its val"):
        refuse_learned("RUN", split, {"two": "2"}, ("train", "val"))
    with pytest.raises(ValueError, match="RUN stores no split"):
        refuse_learned("RUN", None, {}, ("train",))


def test_rates_and_means_are_read_back_for_a_figure(clips: list[Clip], tmp_path: Path) -> None:
    comparison = compared(clips)
    write_results(tmp_path, comparison, {"versions": {}, "git": None, "created_at": "now"}, most=0)
    points = read_points(tmp_path / "rivals.json")
    assert set(points) == {"hiss", "half"}
    half = next(one for one in comparison.outcomes if one.name == "half")
    assert points["half"]["tf_corr"] == pytest.approx((half.numbers_per_second, half.raw["tf_corr"]))
    assert "oscillator_share" not in points["half"]
    twice = joined_points([tmp_path / "rivals.json"] * 2)
    assert twice["half"]["tf_corr"] == [points["half"]["tf_corr"]] * 2
    (tmp_path / "other.json").write_text('{"schema": 0}')
    for name, line in (("gone.json", "there is no such file"), ("other.json", "no comparison of this version")):
        with pytest.raises(ValueError, match=line):
            read_points(tmp_path / name)
