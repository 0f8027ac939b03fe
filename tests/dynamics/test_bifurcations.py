"""Bifurcations against closed forms: the vocal organ, Bogdanov and Takens, Bautin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from syrinx_lab.dynamics.axes import Axis, DriveAxis, PressureAxis, TensionAxis, natural_axes
from syrinx_lab.dynamics.crossings import crossings, onset_and_offset
from syrinx_lab.dynamics.curves import Curve, bifurcation_curves
from syrinx_lab.dynamics.cycles import limit_cycles
from syrinx_lab.dynamics.distances import distances
from syrinx_lab.dynamics.field import PlanarField
from syrinx_lab.dynamics.fixed_points import fixed_points
from syrinx_lab.dynamics.integrator import fixed_point_under_rk4
from syrinx_lab.dynamics.path import DrivenPath
from syrinx_lab.dynamics.plane import DrivePlane, ParameterPlane, Plane
from syrinx_lab.dynamics.step_damping import StepDampedAxis, step_damped
from syrinx_lab.dynamics.systems.bautin import Bautin
from syrinx_lab.dynamics.systems.bogdanov_takens import BogdanovTakens
from syrinx_lab.dynamics.systems.vocal_organ import VocalOrgan
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.syrinx.oscillator import Gestures, Syrinx


def of_kind(curves: list[Curve], kind: str) -> list[Curve]:
    return [one for one in curves if one.kind == kind]


@pytest.fixture(scope="module")
def organ() -> list[Curve]:
    return bifurcation_curves(VocalOrgan().plane()[0], (-0.1, 0.3), (-0.1, 0.4))


def test_the_vocal_organs_saddle_nodes(organ: list[Curve]) -> None:
    (curve,) = of_kind(organ, "saddle-node")
    np.testing.assert_allclose(curve.a, 2 * curve.x**3 - curve.x**2, atol=1e-8)
    np.testing.assert_allclose(curve.b, 2 * curve.x - 3 * curve.x**2, atol=1e-8)
    assert curve.x.min() < 0.02
    assert curve.x.max() > 0.65


def test_the_vocal_organs_hopf_bifurcations(organ: list[Curve]) -> None:
    (curve,) = of_kind(organ, "hopf")
    np.testing.assert_allclose(np.stack((curve.a, curve.x)), 0, atol=1e-8)
    assert abs(curve.b.min()) < 1e-4, "it ends where it meets the saddle-node"
    assert curve.b.max() == pytest.approx(0.4, abs=1e-3)
    np.testing.assert_allclose(curve.lyapunov[1:-1], (-2 - 2 / curve.b[1:-1]) / 16, rtol=1e-8)
    assert set(curve.labels) == {"supercritical Hopf"}


def test_at_alpha_015_the_cycle_is_born_on_a_circle_at_beta_minus_00028(organ: list[Curve]) -> None:
    x = np.roots([2, -1, 0, -0.15])
    x = float(x[np.isreal(x)].real[0])
    beta = 2 * x - 3 * x**2
    assert beta == pytest.approx(-0.0028, abs=5e-5)
    path = DrivenPath(VocalOrgan().plane()[0].field(np.full(3, 0.15), np.array([-0.05, 0.02, 0.1])), np.arange(3.0))
    (only,) = crossings(path)
    assert only.label == "saddle-node on a circle"
    assert only.ignites
    assert -0.05 + 0.07 * only.seconds == pytest.approx(beta, abs=1e-9)
    (curve,) = of_kind(organ, "saddle-node")
    assert curve.on_circle[curve.a > 0.09].all()
    assert not curve.on_circle[curve.a < 0.07].any()
    assert {label for label, _, _ in curve.pieces()} == {"saddle-node", "saddle-node on a circle"}


def test_close_to_the_circle_the_period_grows_as_an_inverse_root() -> None:
    at = -0.0027748943
    near = at + np.array([1e-4, 4e-4])
    found = limit_cycles(VocalOrgan().plane()[0].field(np.full(2, 0.15), near))
    assert found.period[0, 0] / found.period[1, 0] == pytest.approx(2, rel=0.1)


def test_the_homoclinic_curve_is_where_cycles_end(organ: list[Curve]) -> None:
    (curve,) = of_kind(organ, "homoclinic")
    middle = len(curve.a) // 2
    a, b = curve.a[middle], curve.b[middle]
    fields = VocalOrgan().plane()[0].field(np.full(3, a), b + np.array([-1e-5, 1e-5, 1e-4]))
    found = limit_cycles(fields)
    assert list(found.count) == [0, 1, 1]
    away = fixed_points(fields).eigenvalues[1, 1, 0].real  # of the saddle, by which the cycle slows down
    assert found.period[1, 0] - found.period[2, 0] == pytest.approx(np.log(10) / away, rel=0.1)


def test_bogdanov_and_takens() -> None:
    system = BogdanovTakens()
    curves = bifurcation_curves(system.plane()[0], (-0.01, 0.005), (-0.05, 0.2))
    (fold,), (hopf,), (loop,) = (of_kind(curves, kind) for kind in ("saddle-node", "hopf", "homoclinic"))
    np.testing.assert_allclose(4 * -fold.a, fold.b**2, atol=1e-8)
    np.testing.assert_allclose(hopf.a, 0, atol=1e-8)
    assert set(hopf.labels) == {"supercritical Hopf"}
    small = (loop.b > 0.01) & (loop.b < 0.06)
    assert small.any()
    np.testing.assert_allclose(loop.a[small], 6 / 25 * loop.b[small] ** 2, rtol=0.1)


def test_bautins_two_cycles_and_where_they_end() -> None:
    found = limit_cycles(Bautin(mu=-0.5).field())
    squared = 1 + np.array([-1, 1]) * np.sqrt(0.5)
    np.testing.assert_allclose(found.x_max[0], np.sqrt(squared), atol=1e-9)
    np.testing.assert_allclose(found.period, 2 * np.pi, atol=1e-9)
    np.testing.assert_allclose(found.log_multiplier[0], 4 * np.pi * squared * (1 - squared), rtol=1e-8)
    np.testing.assert_allclose(found.multiplier[0], np.exp(found.log_multiplier[0]), rtol=1e-6, atol=1e-11)
    assert list(found.stable[0]) == [False, True]
    (curve,) = bifurcation_curves(Bautin().plane()[0], (-0.5, 1.5), (0.5, 2.0))
    np.testing.assert_allclose(curve.a, 0, atol=1e-10)
    assert set(curve.labels) == {"subcritical Hopf"}
    assert limit_cycles(Bautin(mu=-1.01).field()).count[0] == 0


def syllable(beta: float, knots: int = 60) -> DrivenPath:
    """A rise and fall of pressure at one tension, without damping."""
    p = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(knots) / (knots - 1))
    base = VocalOrgan(beta=beta).field()
    return DrivenPath(PressureAxis().moved(base, p), np.arange(knots) * 1e-3)


def test_a_whistle_is_lit_and_put_out_by_hopf_bifurcations() -> None:
    path = syllable(2.0)
    found = crossings(path)
    onset, offset = onset_and_offset(found, 0.0, 0.059)
    assert [one.label for one in found] == ["supercritical Hopf"] * 2
    assert onset is found[0]
    assert offset is found[1]
    assert (onset.before, onset.after, offset.after) == ("silent", "sings", "silent")
    pressure = np.interp([onset.seconds, offset.seconds], path.seconds, PressureAxis().values(path.field))
    np.testing.assert_allclose(pressure, 0.25, atol=1e-8)  # alpha = 0 there
    np.testing.assert_allclose(onset.seconds + offset.seconds, 0.059, atol=1e-9)
    assert onset_and_offset(found, 1.0, 1.0, within_s=0.5) == (None, None)


def test_a_low_note_is_lit_and_put_out_on_a_circle() -> None:
    onset, offset = onset_and_offset(crossings(syllable(0.05)), 0.02, 0.04)
    assert onset is not None
    assert offset is not None
    assert onset.label == offset.label == "saddle-node on a circle"
    assert (onset.before, onset.after, offset.after) == ("silent", "sings", "silent")


def test_the_distance_is_in_decibels_of_pressure() -> None:
    path = syllable(2.0)
    found = distances(path.field, PressureAxis(), -0.2, 1.2)
    np.testing.assert_allclose(found.nearest, 0.25, atol=1e-8)
    assert set(found.label) == {"supercritical Hopf"}
    pressure = PressureAxis().values(path.field)
    np.testing.assert_allclose(found.decibels[1:-1], 20 * np.log10(pressure[1:-1] / 0.25), atol=1e-6)
    nothing = distances(path.field, DriveAxis("w_33"), 0.0, 0.1, count=3)
    assert set(nothing.label) == {""}
    assert np.isnan(nothing.decibels).all()
    with pytest.raises(ValueError, match="range of pressure is 1 to 0"):
        distances(path.field, PressureAxis(), 1, 0)


def test_axes_set_what_they_read() -> None:
    field = VocalOrgan(beta=0.5).field()
    for axis in (PressureAxis(), TensionAxis(), DriveAxis("w_21"), DriveAxis("gamma"), DriveAxis("stiffness")):
        np.testing.assert_allclose(axis.values(axis.moved(field, [0.3, 0.7])), [0.3, 0.7], rtol=1e-12)
    moved = TensionAxis().moved(field, [3.0])
    np.testing.assert_allclose(PressureAxis().values(moved), PressureAxis().values(field))
    assert moved.gamma[0] < field.gamma
    for bad in ("w_1", "omega", "w_123"):
        with pytest.raises(ValueError, match="no drive is called"):
            DriveAxis(bad)
    with pytest.raises(ValueError, match="w_77 is no weight of a polynomial of degree 3"):
        DriveAxis("w_77").moved(field, 1.0)


def test_the_natural_axes() -> None:
    assert [type(one) for one in natural_axes(Syrinx(sample_rate=44_100))] == [PressureAxis, TensionAxis]
    assert [one.name for one in natural_axes(Polynomial(sample_rate=44_100, degree=3))] == ["gamma", "stiffness"]


def test_the_plane_of_an_oscillators_own_parameters_goes_through_decode() -> None:
    organ = Syrinx(sample_rate=44_100)
    one = torch.ones(1, 1)
    gestures = Gestures(2000 * one, one, one, 0 * one)
    plane = ParameterPlane(organ, gestures, torch.zeros(1, 1, 4, 4), "pressure", "pitch_hz")
    assert plane.units == ("1", "Hz")
    field = plane.field(np.array([0.0, 1.0, 1.0]), np.array([2000.0, 2000.0, 4000.0]))
    found = limit_cycles(step_damped(field))
    assert list(found.count) == [0, 1, 1]
    np.testing.assert_allclose(found.hz[1:, 0], [2000, 4000], rtol=0.01)
    curves = bifurcation_curves(plane, (0.0, 1.0), (1000.0, 5000.0), grid=9, homoclinic=False)
    assert "hopf" in {one.kind for one in curves}
    with pytest.raises(ValueError, match="no parameter of Syrinx is 'tension'"):
        ParameterPlane(organ, gestures, torch.zeros(1, 1, 4, 4), "pressure", "tension")


def test_with_the_steps_damping_the_organ_is_lit_where_the_map_is() -> None:
    organ = Syrinx(sample_rate=44_100)
    beta = torch.tensor([[4.0]])
    gestures = Gestures(organ.pitch_at(beta), torch.tensor([[0.25]]), torch.ones(1, 1), torch.zeros(1, 1))
    stiffness, gamma, weights, _ = organ.decode(gestures, torch.zeros(1, 1, 4, 4))
    field = PlanarField(*(y[0].numpy() for y in (stiffness, gamma, weights)), step=organ.step, sample_rate=44_100)
    effect = fixed_point_under_rk4(field, fixed_points(field).x[:, 0])
    assert effect.growth_equation[0] > 100  # 1/s, which the steps take away again
    assert abs(effect.growth_rk4[0]) < 0.05 * effect.growth_equation[0]
    damped = step_damped(field)
    assert abs(fixed_points(damped).growth_per_second[0, 0]) < 0.05 * effect.growth_equation[0]


def test_axes_and_planes_that_lack_something_are_refused() -> None:
    class Deaf(Axis):
        name = "deaf"

        def values(self, field: PlanarField) -> np.ndarray:
            return field.gamma

    class Flat(Plane):
        names = ("a", "b")

    with pytest.raises(ValueError, match=r"Deaf has no moved: add the method moved\(self, field, to\)"):
        Deaf()
    with pytest.raises(ValueError, match="Flat has no field"):
        Flat()
    with pytest.raises(ValueError, match="base is"):
        DrivePlane(replace(VocalOrgan().field())[None], PressureAxis(), TensionAxis())
    with pytest.raises(ValueError, match="range of w_00"):
        bifurcation_curves(VocalOrgan().plane()[0], (1.0, 0.0), (0.0, 1.0))


def test_a_plane_with_the_steps_damping_has_the_organs_hopf_curve_at_a_quarter_of_the_pressure() -> None:
    """The tension axis takes gamma along that undoes the steps; what remains of both is no damping at all."""
    base = VocalOrgan(beta=1.0).field()
    base = replace(base, gamma=base.gamma - step_damped(base).gamma)  # the drives' own, as `Syrinx.decode` makes it
    plane = DrivePlane(base, PressureAxis(), StepDampedAxis(TensionAxis()))
    np.testing.assert_allclose(plane.field(np.array([0.2, 0.9]), np.array([0.5, 5.0])).gamma, 0, atol=1e-12)
    (curve,) = bifurcation_curves(plane, (0.0, 1.0), (1.0, 6.0), homoclinic=False)
    np.testing.assert_allclose(curve.a, 0.25, atol=1e-8)
    np.testing.assert_allclose(distances(base[None], StepDampedAxis(PressureAxis()), 0.0, 1.0).nearest, 0.25, atol=1e-8)
