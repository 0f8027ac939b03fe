"""Known systems: what they are, and what a stranger's lacks."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx_lab.dynamics.axes import DriveAxis
from syrinx_lab.dynamics.crossings import crossings
from syrinx_lab.dynamics.cycles import limit_cycles
from syrinx_lab.dynamics.system_atlas import system_atlas
from syrinx_lab.dynamics.systems.bautin import Bautin
from syrinx_lab.dynamics.systems.bogdanov_takens import BogdanovTakens
from syrinx_lab.dynamics.systems.system import System
from syrinx_lab.dynamics.systems.van_der_pol import VanDerPol
from syrinx_lab.dynamics.systems.vocal_organ import VocalOrgan
from syrinx_lab.ode.syrinx.normal_form import fixed_weights

ALL = (VanDerPol, VocalOrgan, BogdanovTakens, Bautin)


@pytest.mark.parametrize("kind", ALL)
def test_every_system_has_a_plane_and_a_gesture_that_lights_and_ends(kind: type[System]) -> None:
    system = kind()
    plane, *ranges = system.plane()
    assert all(low < high for low, high in ranges)
    assert plane.field(*(np.array([r[0]]) for r in ranges)).shape == (1,)
    assert system.about
    assert system.source
    found = crossings(system.gesture(31))
    assert found, "its gesture shows nothing"
    assert any(one.before != one.after for one in found)


def test_van_der_pol_by_name() -> None:
    found = limit_cycles(VanDerPol(mu=1.0, tau=1e-3).field())
    np.testing.assert_allclose(found.hz[0, 0], 1000 / 6.66328685932313, rtol=1e-9)
    assert VanDerPol.numbers() == {"mu": 1.0, "tau": 1.0, "step": 0.05}
    with pytest.raises(ValueError, match="mu is nan: use a finite number"):
        VanDerPol(mu=float("nan"))
    with pytest.raises(ValueError, match="tau is 0: use a finite number above 0"):
        VanDerPol(tau=0)


def test_the_vocal_organ_is_the_normal_form() -> None:
    np.testing.assert_allclose(VocalOrgan(alpha=0.0).field().weights, fixed_weights(3).numpy())


def test_what_a_strangers_system_lacks_is_said() -> None:
    class Mute(System):
        about = source = "nothing"

        def coefficients(self) -> dict[str, float]:
            return {}

    class Nameless(System):
        about, source, axes, ranges = "", "", (DriveAxis("gamma"), DriveAxis("stiffness")), ((0.0, 1.0), (0.0, 1.0))

    class Odd(Nameless):
        def coefficients(self) -> dict[str, float]:
            return {"omega": 1.0}

    with pytest.raises(ValueError, match="Mute has no axes: add the class attribute axes"):
        Mute()
    with pytest.raises(ValueError, match="Nameless has no coefficients"):
        Nameless()
    with pytest.raises(ValueError, match=r"Odd\.coefficients names 'omega': use stiffness, gamma, or w_ij"):
        Odd().field()


@pytest.mark.parametrize("mu", [0.05, 30.0])
def test_the_gesture_holds_the_number_that_was_asked_for(mu: float) -> None:
    system = VanDerPol(mu=mu, tau=1e-3)
    atlas = system_atlas(system, name="mine", stem="mine", moments=13)
    own = limit_cycles(system.field())
    held = np.isclose(atlas.cycles.hz, own.hz[0, 0], rtol=1e-9)
    assert held.sum() >= 6
    np.testing.assert_allclose(atlas.cycles.amplitude[held], own.amplitude[0, 0], rtol=1e-9)
    assert np.isfinite(atlas.state).all()
    _, damping, _ = system.plane()
    assert damping[0] < -mu < damping[1]


def test_bautins_song_goes_on_where_rest_attracts_too() -> None:
    state = system_atlas(Bautin(mu=-0.5), name="b", stem="b", moments=5).state
    np.testing.assert_allclose(np.abs(state[int(0.8 * len(state)) - 200 :, 0]).max(), np.sqrt(1 + 0.5**0.5), rtol=0.02)
