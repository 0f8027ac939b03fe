"""Two-sample test and recognition: what differs is found, what does not is not, and no clip stands on both sides."""

from __future__ import annotations

import math

import numpy as np
import pytest

from syrinx_lab.metrics import two_sample
from syrinx_lab.metrics.recognition import Recogniser, syllable_features
from syrinx_lab.metrics.two_sample import c2st, c2st_of_the_bird, log_patches

RATE = 22_050


def clip(seed: int, hz: float = 2000.0, noise: float = 0.02) -> np.ndarray:
    """70 ms of a note with a glide and a formant of its own, in noise of its own."""
    generator = np.random.default_rng(seed)
    n = np.arange(1600)
    f = hz * (1 + 0.05 * generator.standard_normal()) * (1 + 0.2 * generator.standard_normal() * n / 1600)
    return 0.3 * np.sin(2 * np.pi * np.cumsum(f) / RATE) + noise * generator.standard_normal(1600)


@pytest.fixture(scope="module")
def real() -> list[np.ndarray]:
    return [clip(seed) for seed in range(24)]


GROUPS = [f"r{number // 2}" for number in range(24)]


def test_draws_of_one_distribution_cannot_be_told(real: list[np.ndarray]) -> None:
    """The same note in other noise of the same level: not the sample, but the distribution is the bird's."""
    generator = np.random.default_rng(9)
    clean = [x + 0.02 * generator.standard_normal(1600) for x in real]
    again = [x + 0.02 * generator.standard_normal(1600) for x in real]
    found = c2st(clean, again, GROUPS, sample_rate=RATE)
    assert found.patches == pytest.approx(0.5, abs=0.08)
    assert found.clips == pytest.approx(0.5, abs=0.2)


def test_a_muffled_copy_is_told_and_a_whisper_less(real: list[np.ndarray]) -> None:
    muffled = [np.convolve(x, [0.5, 0.5], "same") for x in real]
    found = c2st(muffled, real, GROUPS, sample_rate=RATE)
    assert found.patches > 0.9
    assert found.clips > 0.95
    slightly = [np.convolve(x, [0.02, 0.98], "same") for x in real]
    assert 0.5 < c2st(slightly, real, GROUPS, sample_rate=RATE).patches < found.patches


def test_patches_of_a_clip_never_help_to_know_it(real: list[np.ndarray]) -> None:
    """Sides that are equal cannot be separated, and with a single recording nothing can be held out."""
    same = c2st(real, real, GROUPS, sample_rate=RATE)
    assert same.patches == pytest.approx(0.5, abs=0.02)
    assert math.isnan(c2st(real, real, ["one"] * 24, sample_rate=RATE).patches)


def test_the_bird_against_itself(real: list[np.ndarray]) -> None:
    found = c2st_of_the_bird(real, GROUPS, sample_rate=RATE)
    assert 0.25 < found.patches < 0.75


def test_one_seed_one_result(real: list[np.ndarray]) -> None:
    sung = [0.9 * x for x in real]
    first, second = (c2st(sung, real, GROUPS, sample_rate=RATE, seed=3) for _ in range(2))
    assert first == second


def test_a_broken_clip_counts_as_silence(real: list[np.ndarray]) -> None:
    broken = real[0].copy()
    broken[5] = math.inf
    assert (log_patches(broken, real[0], sample_rate=RATE) == -60.0).all()


def test_names_are_known_and_a_voice_that_sings_one_note_is_not() -> None:
    labels = ["low", "high"] * 15
    of = {"low": 1200.0, "high": 4000.0}
    train = [clip(100 + k, of[label]) for k, label in enumerate(labels)]
    held, names = [clip(500 + k, of[label]) for k, label in enumerate(labels[:12])], labels[:12]
    judge = Recogniser(train, labels, held, names, sample_rate=RATE)
    good = judge.recognition(held)
    assert (good.sung, good.real, good.ratio) == (1.0, 1.0, 1.0)
    one_note = judge.recognition([clip(k, 1200.0) for k in range(12)])
    assert (one_note.sung, one_note.ratio) == (0.5, 0.5)
    assert math.isnan(Recogniser(train, ["a"] * 30, held, names, sample_rate=RATE).recognition(held).ratio)


def test_features_have_the_duration_and_any_length(real: list[np.ndarray]) -> None:
    for n in (200, 1600, 40_000):
        x = np.resize(real[0], n)
        features = syllable_features(x, x, sample_rate=RATE)
        assert features.shape == (481,)
        assert features[-1] == pytest.approx(20 * math.log(n / RATE), rel=1e-6)


def test_a_reference_is_looked_at_once(real: list[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    power = two_sample._band_power
    monkeypatch.setattr(two_sample, "_band_power", lambda x, rate: looked.append(1) or power(x, rate))
    c2st([0.5 * x for x in real], real, GROUPS, sample_rate=RATE)
    assert len(looked) == 2 * len(real)
    log_patches(real[0], real[0], sample_rate=RATE)
    assert len(looked) == 2 * len(real) + 1


def test_the_reference_does_not_lean_to_either_side() -> None:
    """Three recordings of twelve clips of noise."""
    found = []
    for seed in range(10):
        generator = np.random.default_rng(seed)
        noise = [generator.standard_normal(900) for _ in range(36)]
        groups = [f"r{k // 12}" for k in range(36)]
        found.append(c2st_of_the_bird(noise, groups, sample_rate=RATE, seed=seed))
    assert np.mean([one.patches for one in found]) == pytest.approx(0.5, abs=0.07)
    assert np.mean([one.clips for one in found]) == pytest.approx(0.5, abs=0.07)
