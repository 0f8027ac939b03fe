"""Models that reconstruct: what they must find exactly, and what is published of them."""

from __future__ import annotations

import os
from functools import partial

import numpy as np
import pytest
import torch
from test_measures import circle

from syrinx_lab.reconstruction.models.trained_recurrence import TrainedRecurrence
from syrinx_lab.reconstruction.outcome import Outcome, reconstructed
from syrinx_lab.reconstruction.prediction import forecast
from syrinx_lab.reconstruction.systems.lorenz import Lorenz
from syrinx_lab.recurrences.almost_linear import AlmostLinearRnn
from syrinx_lab.recurrences.forcing import GeneralisedForcing, SparseForcing
from syrinx_lab.recurrences.shallow_plrnn import ShallowPlrnn

MINUTES = pytest.mark.skipif(
    not os.environ.get("SYRINX_PUBLISHED"), reason="trains for minutes: SYRINX_PUBLISHED=1 runs it"
)


def linear(updates: int, **settings: float) -> TrainedRecurrence:
    return TrainedRecurrence(
        recurrence=partial(AlmostLinearRnn, rectified=0),
        forcing=SparseForcing(10),
        updates=updates,
        length=40,
        **settings,  # type: ignore[arg-type]
    )


def test_a_linear_recurrence_learns_a_turn_and_again_the_same() -> None:
    model, again = linear(300, lr=2e-2, lr_end=2e-3), linear(300, lr=2e-2, lr_end=2e-3)
    before = torch.random.get_rng_state()
    for one in (model, again):
        one.fit(circle(), 0.1, 0)
    assert torch.equal(torch.random.get_rng_state(), before)
    found = forecast(model, circle(), 0.1, starts=5, longest=100)
    assert found.error < 1e-3
    angles = np.angle(np.linalg.eigvals(model.jacobian(np.zeros(2))))
    assert np.abs(angles).max() == pytest.approx(0.1, abs=5e-3)
    np.testing.assert_array_equal(model.run(circle()[:1], 9), again.run(circle()[:1], 9))


def test_the_compiled_run_is_its_steps() -> None:
    model = TrainedRecurrence(
        recurrence=partial(ShallowPlrnn, hidden=8), forcing=GeneralisedForcing(), hidden=1, updates=2, length=20
    )
    model.fit(circle(200), 0.1, 0)
    states = model.states(model.begun(circle()[:1])[None], 5)
    for t in range(5):
        np.testing.assert_allclose(states[t + 1], model.step(states[t]), atol=1e-12)
    assert model.seen(states).shape == (6, 1, 2)


def test_a_path_shorter_than_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="length is 40: the path has 30 samples"):
        linear(5).fit(circle(30), 0.1, 0)
    with pytest.raises(ValueError, match="updates is out of range"):
        linear(0)


def test_sparse_identification_finds_the_equations() -> None:
    pytest.importorskip("pysindy")
    from syrinx_lab.reconstruction.models.sindy import Sindy

    model, path = Sindy(degree=2, threshold=0.05, window=5), Lorenz().path(4_000, 0)
    model.fit(path / 10, 0.01, 0)
    names = {tuple(row): k for k, row in enumerate(model._powers)}
    assert model.coefficients[0, names[1, 0, 0]] == pytest.approx(-10, abs=0.2)
    assert model.coefficients[1, names[1, 0, 1]] == pytest.approx(-10, abs=0.4)
    assert (np.abs(model.coefficients) > 0).sum() <= 14
    assert forecast(model, path / 10, 0.01, starts=5, longest=300).valid_time > 1.5


def test_a_hankel_map_continues_two_tones() -> None:
    pytest.importorskip("pydmd")
    from syrinx_lab.reconstruction.models.hankel_dmd import HankelDmd
    from syrinx_lab.reconstruction.models.havok import Havok

    t = 0.1 * np.arange(2_000)
    path = np.stack((np.sin(t) + np.sin(2.7 * t), np.cos(t)), 1)
    for model in (HankelDmd(delays=10, rank=4), Havok(delays=10, rank=5)):
        model.fit(path, 0.1, 0)
        assert forecast(model, path, 0.1, starts=5, longest=200).error < 3e-3


def compared(model: TrainedRecurrence) -> Outcome:
    return reconstructed(Lorenz(), model, 0, samples=100_000, noise=0.05, names=("lorenz", "model"))[0]


@MINUTES
@pytest.mark.slow
def test_generalised_teacher_forcing_is_as_good_as_published_on_lorenz() -> None:
    make = partial(ShallowPlrnn, hidden=50)
    found = compared(
        TrainedRecurrence(recurrence=make, forcing=GeneralisedForcing(0.1), updates=60_000, lr=5e-3, lr_end=1e-5)
    )
    assert found.d_stsp < 0.26 + 0.03
    assert found.d_h < 0.090 + 0.007
    assert found.lyapunov == pytest.approx(0.9056, rel=0.15)
