"""Alive or not: divergence, vanishing and the clamp."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx_lab.metrics.boundedness import bounded

N, ONSET, OFFSET = 4000, 1000, 3000
X, V = 0.5, 1.0


def song(level: float = 0.3) -> np.ndarray:
    return level * np.sin(0.3 * np.arange(N))


def check(output: np.ndarray, x: np.ndarray | None = None, v: np.ndarray | None = None, clamped: bool = True) -> float:
    clamps = {"clamp_x": X, "clamp_v": V} if clamped else {}
    return bounded(output, onset=ONSET, offset=OFFSET, state_x=x, state_v=v, **clamps)


def test_a_live_run_is_bounded() -> None:
    assert check(song()) == 1.0
    assert check(song(), song(), song()) == 1.0


@pytest.mark.parametrize("where", ["output", "x", "v"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1e80])
def test_divergence_of_any_of_the_three(where: str, wrong: float) -> None:
    signals = {"output": song(), "x": song(), "v": song()}
    signals[where][-1] = wrong
    assert check(**signals) == 0.0


@pytest.mark.parametrize("where", ["output", "x", "v"])
def test_vanishing_is_judged_on_the_syllable(where: str) -> None:
    signals = {"output": song(), "x": song(), "v": song()}
    signals[where][ONSET:OFFSET] = 0.2  # stuck at a fixed point, though noisy before and after
    assert check(**signals) == 0.0
    signals[where][:] = 0.0
    signals[where][ONSET:OFFSET] = song()[ONSET:OFFSET]  # silent outside alone
    assert check(**signals) == 1.0


@pytest.mark.parametrize(("share", "expected"), [(0.049, 1.0), (0.05, 1.0), (0.051, 0.0)])
@pytest.mark.parametrize("which", ["x", "v"])
@pytest.mark.parametrize("sign", [1, -1])
def test_more_than_5_percent_on_the_clamp(share: float, expected: float, which: str, sign: int) -> None:
    state = song()
    state[: round(share * N)] = sign * 0.991 * {"x": X, "v": V}[which]
    given = {"x": song(), "v": song()} | {which: state}
    assert check(song(), **given) == expected


def test_near_is_one_percent_of_the_level() -> None:
    state = song()
    state[:2000] = 0.989 * X
    assert check(song(), state, song()) == 1.0
    state[:2000] = 0.99 * X
    assert check(song(), state, song()) == 0.0


def test_without_a_clamp_there_is_nothing_to_sit_on() -> None:
    state = song()
    state[:2000] = 7.0
    assert check(song(), state, song(), clamped=False) == 1.0
    # each clamp belongs to its own state: v may exceed X
    assert bounded(song(), onset=ONSET, offset=OFFSET, state_v=state, clamp_x=X) == 1.0


def test_the_soft_clamp_holds_a_state_that_near_only_when_pushed_hard() -> None:
    # the size of the push a step at which x = X tanh((x + push) / X) settles within 1 % of X
    def settles(push: float) -> float:
        x = 0.0
        for _ in range(2000):
            x = X * np.tanh((x + push) / X)
        return x / X

    assert settles(1.64 * X) < 0.99 < settles(1.67 * X)
