"""Scores of all clips together: who is compared with whom, and when there are too few."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.set_scores import SetJudge
from syrinx_lab.metrics import two_sample
from syrinx_lab.types import Vocalisation

RATE = 22_050


def clip(seed: int, label: str, recording: str) -> Clip:
    """A note of 70 ms at a pitch of its label's, with 20 ms before and after it."""
    generator = np.random.default_rng(seed)
    n = np.arange(2482)
    hz = {"a": 1500.0, "b": 3500.0}[label] * (1 + 0.03 * generator.standard_normal())
    gate = (n >= 441) & (n < 2041)
    x = (0.3 * gate * np.sin(2 * np.pi * hz * n / RATE) + 0.01 * generator.standard_normal(n.size)).astype(np.float32)
    return Clip(Vocalisation(recording, label, 0, n.size, onset=441, offset=2041), x, x, x)


def scores(change, count: int = 16, recordings: int = 8) -> dict | None:
    clips = [clip(k, "ab"[k % 2], f"r{k % recordings}") for k in range(count)]
    return SetJudge(clips, TRAIN, RATE).scores([change(one.x) for one in clips])


TRAIN = SimpleNamespace(
    labelled_syllables=lambda: [
        ("ab"[k % 2], torch.from_numpy(clip(100 + k, "ab"[k % 2], "t").x[441:2041])) for k in range(20)
    ]
)


def test_a_copy_cannot_be_distinguished_and_is_named() -> None:
    found = scores(np.copy)
    assert found is not None
    assert found["c2st"]["patches"] == pytest.approx(0.5, abs=0.02)
    assert found["recognition"] == {"sung": 1.0, "real": 1.0, "ratio": 1.0}
    assert 0.2 < found["c2st_bird"]["patches"] < 0.8
    assert found["clips"] == 16


def test_one_note_for_all_is_distinguished_and_named_half_of_the_time() -> None:
    note = clip(0, "a", "r").x
    found = scores(lambda x: note)
    assert found is not None
    assert found["c2st"]["clips"] > 0.9
    assert found["recognition"]["sung"] == 0.5


@pytest.mark.parametrize(("count", "recordings"), [(7, 7), (16, 2)])
def test_too_few_clips_or_recordings_have_none(count: int, recordings: int) -> None:
    assert scores(np.copy, count, recordings) is None


def test_the_lead_in_does_not_matter() -> None:
    """Only syllables are compared: noise before them is nobody's fault here."""

    def noisy_before(x: np.ndarray) -> np.ndarray:
        y = x.copy()
        y[:441] += 0.2
        return y

    found = scores(noisy_before)
    assert found is not None
    assert found["c2st"]["patches"] == pytest.approx(0.5, abs=0.02)


def test_the_judge_is_made_once_for_however_many_it_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    held_out = SimpleNamespace(labelled_syllables=lambda: asked.append(1) or TRAIN.labelled_syllables())
    grown = []
    fit = two_sample.RandomForestClassifier.fit
    monkeypatch.setattr(two_sample.RandomForestClassifier, "fit", lambda self, *a: grown.append(1) or fit(self, *a))
    clips = [clip(k, "ab"[k % 2], f"r{k % 8}") for k in range(16)]
    judge = SetJudge(clips, held_out, RATE)
    found = [judge.scores([change(one.x) for one in clips]) for change in (np.copy, lambda x: 0.5 * x)]
    assert (len(asked), len(grown)) == (1, 5 + 2 * 5), "five folds for the bird, five for each that is judged"
    alone = SetJudge(clips, TRAIN, RATE).scores([0.5 * one.x for one in clips])
    assert found[1] == alone, "nothing is left of the first"
    assert found[0]["c2st_bird"] == alone["c2st_bird"]
    assert found[0]["c2st"] != alone["c2st"]
