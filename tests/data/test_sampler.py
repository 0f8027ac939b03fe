"""What an epoch trains on: exact counts, even coverage, and nothing but the seed and the epoch to decide it."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hydra.utils import instantiate
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from syrinx_lab.cli import config_directory
from syrinx_lab.data.sampler import EdgeBiasedSampler, UniformSampler, apportion
from syrinx_lab.data.segments import Pools
from syrinx_lab.types import Category, Segment

ONSET, OFFSET, MID = Category
SAMPLERS = [EdgeBiasedSampler(max_segments=100), UniformSampler(max_segments=100)]


def pools_of(onset: int, offset: int, mid: int) -> Pools:
    """Pools of these sizes; what the windows hold does not matter here."""
    kinds = [ONSET] * onset + [OFFSET] * offset + [MID] * mid
    segments = tuple(Segment("r", "a", k, k + 50, kind, k, k + 100) for k, kind in enumerate(kinds))
    return Pools(segments, 50, Counter(), Counter(), ())


def test_default_counts_are_the_published_shares() -> None:
    assert EdgeBiasedSampler().counts(pools_of(41, 41, 30)) == {ONSET: 2400, OFFSET: 2400, MID: 1200}


def test_the_preset_of_sustained_song_draws_from_within_syllables_alone() -> None:
    preset = OmegaConf.load(config_directory() / "sampler" / "mid.yaml")
    del preset["name"]
    sampler = instantiate(preset)
    assert sampler.counts(pools_of(41, 41, 30)) == {ONSET: 0, OFFSET: 0, MID: 6000}


def test_largest_remainder_by_hand() -> None:
    # quotas 2.8, 2.8, 1.4: the remainders of the first two win the two seats left over
    assert apportion(7, [0.4, 0.4, 0.2]) == [3, 3, 1]
    assert apportion(10, [1, 1, 1]) == [4, 3, 3]
    assert apportion(5, [0, 1, 1]) == [0, 3, 2]


@given(total=st.integers(1, 10_000), weights=st.lists(st.integers(0, 50), min_size=1, max_size=5).filter(any))
@settings(max_examples=100, deadline=None)
def test_apportioned_numbers_keep_to_their_quota(total: int, weights: list[int]) -> None:
    numbers = apportion(total, weights)
    assert sum(numbers) == total
    for number, weight in zip(numbers, weights):
        assert abs(number - Fraction(total * weight, sum(weights))) < 1


@given(
    sizes=st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40)).filter(any),
    size=st.integers(1, 130),
    biased=st.booleans(),
    epoch=st.integers(0, 3),
)
@settings(max_examples=100, deadline=None)
def test_counts_are_exact_and_every_window_of_a_category_comes_equally_often(sizes, size, biased, epoch) -> None:
    pools = pools_of(*sizes)
    sampler = EdgeBiasedSampler(max_segments=size) if biased else UniformSampler(max_segments=size)
    counts, picks = sampler.counts(pools), sampler.draw(pools, epoch, seed=7)
    assert picks.dtype == np.int64
    assert len(picks) == size == sum(counts.values())
    times = np.bincount(picks, minlength=len(pools.segments))
    for category, (first, last) in zip(Category, zip(np.cumsum([0, *sizes]), np.cumsum(sizes))):
        assert times[first:last].sum() == counts[category]
        assert np.ptp(times[first:last]) <= 1 if last > first else True
    if not biased:
        assert np.ptp(times) <= 1


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_draws_follow_the_seed_and_the_epoch_alone(sampler) -> None:
    pools = pools_of(30, 30, 60)
    first = sampler.draw(pools, epoch=3, seed=11)
    np.random.seed(5)  # noqa: NPY002  a disturbed global state must not matter
    sampler.draw(pools, epoch=4, seed=11)
    assert np.array_equal(sampler.draw(pools, epoch=3, seed=11), first)
    assert not np.array_equal(sampler.draw(pools, epoch=4, seed=11), first)
    assert not np.array_equal(sampler.draw(pools, epoch=3, seed=12), first)
    # (seed, epoch) is a pair, not a sum
    assert not np.array_equal(sampler.draw(pools, epoch=11, seed=3), first)


def test_histogram_of_many_epochs_meets_the_exact_probabilities() -> None:
    pools = pools_of(10, 25, 40)
    epochs = 400
    for sampler in (EdgeBiasedSampler(max_segments=20), UniformSampler(max_segments=20)):
        picks = np.array([sampler.draw(pools, epoch, seed=1) for epoch in range(epochs)])
        chance = np.concatenate(
            [np.full(m, sampler.counts(pools)[c] / m) for c, m in pools.sizes().items()]
        )  # of one window in one epoch, drawn without replacement
        times = np.bincount(picks.ravel(), minlength=75)
        score = (times - epochs * chance) / np.sqrt(epochs * chance * (1 - chance))
        assert np.abs(score).max() < 4
        assert 0.6 < score.std() < 1.4
        # the categories are mixed along the epoch: an ONSET is as likely at the first place as at any other
        onset_share = sampler.counts(pools)[ONSET] / 20
        deviation = (picks < 10).mean(axis=0) - onset_share
        assert np.abs(deviation).max() < 4 * np.sqrt(onset_share * (1 - onset_share) / epochs)


@pytest.mark.parametrize("size", [None, 0])
def test_no_limit_takes_every_window_once(size) -> None:
    pools = pools_of(5, 6, 7)
    for sampler in (EdgeBiasedSampler(max_segments=size), UniformSampler(max_segments=size)):
        assert sampler.counts(pools) == {ONSET: 5, OFFSET: 6, MID: 7}
        picks = sampler.draw(pools, epoch=0, seed=0)
        assert sorted(picks) == list(range(18))
        assert list(picks) != list(range(18))


def test_an_empty_pool_gives_its_share_to_the_others_and_says_so() -> None:
    pools = pools_of(5, 0, 7)
    sampler = EdgeBiasedSampler(max_segments=60)
    assert sampler.counts(pools) == {ONSET: 40, OFFSET: 0, MID: 20}
    assert sampler.notes(pools) == (
        "60 windows an epoch (40 ONSET, 0 OFFSET, 20 MID) from pools of 5 ONSET, 0 OFFSET, 7 MID",
        "no OFFSET window: its share of 0.4 went to the other categories",
    )
    with pytest.raises(ValueError, match="asks only for categories without windows, 5 ONSET, 0 OFFSET, 7 MID"):
        EdgeBiasedSampler(ratios=[0, 1, 0]).counts(pools)


def test_uniform_keeps_the_proportions_of_the_pools() -> None:
    assert UniformSampler(max_segments=100).counts(pools_of(10, 20, 70)) == {ONSET: 10, OFFSET: 20, MID: 70}
    assert UniformSampler(max_segments=200).notes(pools_of(10, 0, 70)) == (
        "200 windows an epoch (25 ONSET, 0 OFFSET, 175 MID) from pools of 10 ONSET, 0 OFFSET, 70 MID",
    )


@pytest.mark.parametrize("ratios", [(0.4, 0.4), (0.5, 0.5, 0.5), (1.2, -0.2, 0.0), (float("nan"), 0.5, 0.5)])
def test_ratios_that_are_no_shares_are_refused(ratios) -> None:
    with pytest.raises(ValueError, match=r"sampler\.ratios is .* add up to 1"):
        EdgeBiasedSampler(ratios=ratios)


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sampler\.max_segments is -1"):
        UniformSampler(max_segments=-1)
    with pytest.raises(ValueError, match="seed -1 and epoch 0"):
        UniformSampler().draw(pools_of(1, 1, 1), epoch=0, seed=-1)
