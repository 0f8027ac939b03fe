"""The rollout's own map, and its damping told apart from the equation's."""

from __future__ import annotations

import numpy as np
import torch

from syrinx_lab.dynamics.cycles import limit_cycles
from syrinx_lab.dynamics.field import PlanarField
from syrinx_lab.dynamics.integrator import cycle_under_rk4, fixed_point_under_rk4
from syrinx_lab.dynamics.rk4_map import rk4_step
from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.syrinx.normal_form import numerical_damping_correction


def test_what_the_steps_take_from_a_harmonic_oscillator_is_the_closed_form() -> None:
    beta, h = np.array([0.1, 1.0, 2.0, 4.0]), 24000 / 44100
    field = PlanarField(beta, np.zeros(4), np.zeros((4, 2, 2)), step=h, sample_rate=44100)
    effect = fixed_point_under_rk4(field, np.zeros(4))
    correction = numerical_damping_correction(torch.as_tensor(beta), h).numpy()
    np.testing.assert_allclose(effect.damping_rk4, correction / 2 / field.tau, rtol=1e-8)
    np.testing.assert_allclose(effect.growth_equation, 0, atol=1e-9)
    y = h * np.sqrt(beta)
    turned = np.arctan2(y - y**3 / 6, 1 - y**2 / 2 + y**4 / 24)
    np.testing.assert_allclose(effect.hz_rk4, turned * 44100 / 2 / np.pi, rtol=1e-12)
    np.testing.assert_allclose(effect.hz_equation, np.sqrt(beta) * 24000 / 2 / np.pi)
    np.testing.assert_allclose(effect.damping_clamp, 0, atol=1e-9)


def test_of_a_cycle_the_equation_and_its_steps_differ_by_the_order_of_the_method() -> None:
    weights = np.zeros((2, 3, 3))
    weights[:, 2, 1] = 1.0
    effects = []
    for h in (0.04, 0.08):
        field = PlanarField(np.ones(2), -np.ones(2), weights, step=h, sample_rate=1000 / h)
        effects.append(cycle_under_rk4(limit_cycles(field)))
    coarse = effects[1].hz_rk4 - effects[1].hz_equation
    fine = effects[0].hz_rk4 - effects[0].hz_equation
    np.testing.assert_allclose(coarse / fine, 16, rtol=0.1)
    np.testing.assert_allclose(effects[0].growth_rk4, effects[0].growth_equation, rtol=1e-3)
    np.testing.assert_allclose(effects[0].hz_rollout, effects[0].hz_rk4)


def test_the_pitch_of_a_rollout_with_a_clamp_is_counted_right() -> None:
    weights = np.zeros((1, 4, 4))
    weights[0, 2, 1] = 2.0
    field = PlanarField(np.ones(1), np.array([-0.05]), weights, step=0.4, sample_rate=10_000, clamp=SoftClamp(0.5, 1.0))
    effect = cycle_under_rk4(limit_cycles(field))
    x, v = np.array([0.2]), np.zeros(1)
    states = []
    for _ in range(10_000):
        x, v = rk4_step(field, x, v)
        states.append(v[0])
    v_all = np.array(states[2000:])
    down = np.nonzero((v_all[:-1] > 0) & (v_all[1:] <= 0))[0]
    when = down + v_all[down] / (v_all[down] - v_all[down + 1])
    counted = (len(when) - 1) / (when[-1] - when[0]) * 10_000
    np.testing.assert_allclose(effect.hz_rollout, counted, rtol=1e-5)
    assert abs(effect.hz_rollout[0] - effect.hz_rk4[0]) > 1e-4 * counted
    assert effect.damping_clamp[0] != 0


def test_a_cycle_that_the_steps_put_out_has_no_pitch() -> None:
    weights = np.zeros((1, 4, 4))
    weights[0, 2, 1] = 0.01
    field = PlanarField(np.array([9.0]), np.array([-1e-3]), weights, step=0.6, sample_rate=1000)
    cycles = limit_cycles(field)
    assert cycles.sung[0] == 0
    assert np.isnan(cycle_under_rk4(cycles).hz_rollout[0])
