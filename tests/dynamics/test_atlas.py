"""The assembly of all analyses on van der Pol, whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syrinx_lab.dynamics.atlas import MapRequest, atlas_of, empty_atlas
from syrinx_lab.dynamics.axes import DriveAxis
from syrinx_lab.dynamics.path import DrivenPath
from syrinx_lab.dynamics.system_atlas import check_system, driven_state, system_atlas
from syrinx_lab.dynamics.systems.van_der_pol import VanDerPol
from syrinx_lab.types import Drives

RATE, STEP, KNOTS = 8_000, 0.2, 21


def drives() -> Drives:
    """x'' = -x - gamma v - x^2 v: a Hopf bifurcation where gamma falls through 0, a third and two thirds of the way."""
    gamma = torch.full((1, KNOTS), 0.4, dtype=torch.float64)
    gamma[:, 7:14] = -0.4
    weights = torch.zeros(1, KNOTS, 3, 3, dtype=torch.float64)
    weights[..., 2, 1] = 1.0
    return Drives(torch.ones(1, KNOTS, dtype=torch.float64), gamma, weights, hop=40)


@pytest.fixture(scope="module")
def path() -> DrivenPath:
    return DrivenPath.of(drives(), step=STEP, sample_rate=RATE)


def test_the_parts_of_an_atlas_agree(path: DrivenPath) -> None:
    axes = (DriveAxis("gamma"), DriveAxis("stiffness"))
    atlas = atlas_of(path, stem="s", name="n", request=MapRequest(axes), state=driven_state(path), moments=KNOTS)
    sings = atlas.where_it_sings()
    np.testing.assert_array_equal(sings, path.field.gamma < 0)
    # amplitude 2 sqrt(0.4) at weak damping; the period is 2 pi (1 + mu^2 / 16)
    assert atlas.cycles.amplitude[sings] == pytest.approx(2 * np.sqrt(0.4), rel=0.01)
    assert atlas.cycles.hz[sings] == pytest.approx(RATE * STEP / (2 * np.pi * (1 + 0.4**2 / 16)), rel=1e-3)
    assert atlas.cycles.trivial[sings] == pytest.approx(1.0, abs=1e-8)
    assert atlas.cycles.multiplier[sings] == pytest.approx(np.exp(-0.4 * 2 * np.pi), rel=0.06)
    assert atlas.cycles.harmonics[sings, 0] == pytest.approx(1.0, abs=0.01)
    assert all(bool(reason) != one for reason, one in zip(atlas.cycles.reasons, sings))
    (branch,) = atlas.branches
    np.testing.assert_allclose(branch.x, 0.0, atol=1e-12)
    np.testing.assert_allclose(branch.trace, -path.field.gamma)
    np.testing.assert_allclose(branch.hessian, 0.0, atol=1e-12)
    every = atlas.cycles.every
    np.testing.assert_array_equal(every.sung >= 0, sings)
    np.testing.assert_array_equal(every.hz[sings, every.sung[sings]], atlas.cycles.hz[sings])
    assert set(branch.kinds) == {"stable focus", "unstable focus"}
    assert len(atlas.nullclines) == KNOTS
    assert all(lines for lines in atlas.nullclines)
    assert atlas.map is not None
    assert any("Hopf" in curve.kind for curve in atlas.map.curves)
    hopf = np.concatenate([curve.points for curve in atlas.map.curves if "Hopf" in curve.kind])
    np.testing.assert_allclose(hopf[:, 0], 0.0, atol=1e-8)
    assert len(atlas.map.crossings) == 2
    knot = 40 / RATE
    assert [one.time_s for one in atlas.map.crossings] == pytest.approx([6.5 * knot, 13.5 * knot], abs=knot / 10)
    assert atlas.remarks == ()
    # the driven state grows to the cycle and dies away again
    size = np.abs(atlas.state[:, 0])
    assert size[: 6 * 40].max() < 0.02
    assert size[-40:].max() < 0.2 * size.max()


def test_without_a_map_or_a_cycle_the_rest_is_there() -> None:
    silent = drives()
    silent.gamma.fill_(0.4)
    atlas = atlas_of(DrivenPath.of(silent, step=STEP, sample_rate=RATE), stem="s", name="n")
    assert not atlas.where_it_sings().any()
    assert all(atlas.cycles.reasons)
    assert atlas.map is None
    assert len(atlas.branches) == 1
    nothing = empty_atlas(stem="s", name="n", where="w", remark="r")
    assert len(nothing.times_s) == 0
    assert nothing.remarks == ("r",)


def test_what_fails_leaves_a_line_and_not_the_atlas(path: DrivenPath) -> None:
    class Broken(DriveAxis):
        def values(self, field):
            raise ValueError("of no use\nhere")

    request = MapRequest((Broken("gamma"), DriveAxis("stiffness")))
    atlas = atlas_of(path, stem="s", name="n", request=request)
    assert atlas.map is None
    assert atlas.remarks == ("bifurcations: of no use here",)
    assert atlas.where_it_sings().any()


def test_a_known_system_has_an_atlas() -> None:
    atlas = system_atlas(VanDerPol(mu=1.5), name="VanDerPol: mu = 1.5", stem="van_der_pol", moments=24)
    assert atlas.sound is None
    assert atlas.map is not None
    assert len(atlas.map.crossings) >= 1
    assert np.isfinite(atlas.state).all()
    assert len(atlas.state) > 24
    with pytest.raises(ValueError, match=r"^system is a dict: derive it from syrinx_lab\.dynamics\.systems"):
        check_system({})
