"""Every backend against problems with exact solutions, and the rollout's contract."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest
import torch
from scipy.special import ellipj

from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout import BACKENDS, InitialValueProblem, choose_backend, rollout
from syrinx_lab.types import Drives, Trajectory


def constant_drives(steps: int, stiffness: float, gamma: float, terms: dict[tuple[int, int], float]) -> Drives:
    weights = torch.zeros(1, steps, 4, 4, dtype=torch.float64)
    for (i, j), value in terms.items():
        weights[..., i, j] = value
    flat = torch.ones(1, steps, dtype=torch.float64)
    return Drives(stiffness * flat, gamma * flat, weights)


def start(x: float, v: float) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([x], dtype=torch.float64), torch.tensor([v], dtype=torch.float64)


def order_of_convergence(errors: list[float]) -> list[float]:
    """log2 of the ratios of errors of successively halved steps."""
    return [math.log2(a / b) for a, b in itertools.pairwise(errors)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_fourth_order_on_the_damped_harmonic_oscillator(backend: str) -> None:
    k, g, duration = 1.3, 0.2, 6.0
    w = math.sqrt(k - g * g / 4)
    errors = []
    for steps in (20, 40, 80):
        h = duration / steps
        drives = constant_drives(steps + 1, k, g, {})
        run = rollout(InitialValueProblem(drives, start(0.7, -0.4), steps + 1, step=h), backend)
        s = h * torch.arange(steps + 1, dtype=torch.float64)
        swing = 0.7 * torch.cos(w * s) + (-0.4 + 0.35 * g) / w * torch.sin(w * s)
        errors.append((run.x[0] - torch.exp(-g * s / 2) * swing).abs().max().item())
    assert errors[-1] < 1e-5
    assert order_of_convergence(errors) == pytest.approx([4, 4], abs=0.15)


@pytest.mark.parametrize("backend", BACKENDS)
def test_fourth_order_on_duffings_oscillator(backend: str) -> None:
    """x'' + x + x^3 = 0 from rest at A: x = A cn(w s | m) with w^2 = 1 + A^2, m = A^2 / (2 w^2)."""
    amplitude, duration = 1.2, 6.0
    w = math.sqrt(1 + amplitude**2)
    m = amplitude**2 / (2 * w * w)
    errors = []
    for steps in (40, 80, 160):
        h = duration / steps
        drives = constant_drives(steps + 1, 1.0, 0.0, {(3, 0): 1.0})
        run = rollout(InitialValueProblem(drives, start(amplitude, 0.0), steps + 1, step=h), backend)
        sn, cn, dn, _ = ellipj(w * h * np.arange(steps + 1), m)
        x_error = np.abs(run.x[0].numpy() - amplitude * cn).max()
        v_error = np.abs(run.v[0].numpy() + amplitude * w * sn * dn).max()
        errors.append(float(max(x_error, v_error)))
    assert errors[-1] < 1e-5
    assert order_of_convergence(errors) == pytest.approx([4, 4], abs=0.25)


@pytest.mark.parametrize("backend", BACKENDS)
def test_step_k_is_held_at_the_drives_of_sample_k(backend: str) -> None:
    """With no slope of its own the velocity adds up minus the constant: v_k = v_0 - h sum_{l<k} w_00(l)."""
    push = torch.tensor([[3.0, -1.0, 4.0, 1.0, 5.0]], dtype=torch.float64)
    drives = constant_drives(5, 0.0, 0.0, {})
    drives.weights[..., 0, 0] = push
    run = rollout(InitialValueProblem(drives, start(0.5, 2.0), 5, step=0.1), backend)
    assert run.v[0].tolist() == pytest.approx([2.0, 1.7, 1.8, 1.4, 1.3], abs=1e-14)
    mean_v = (run.v[0, 1:] + run.v[0, :-1]) / 2  # exact: the velocity is linear within a step
    assert run.x[0].diff().tolist() == pytest.approx((0.1 * mean_v).tolist(), abs=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_clamp_acts_on_the_polynomials_inputs_and_after_each_step(backend: str) -> None:
    clamp = SoftClamp(0.5, 1.0)
    free = constant_drives(2, 0.0, 0.0, {})
    run = rollout(InitialValueProblem(free, start(0.3, 2.0), 2, step=0.25, clamp=clamp), backend)
    assert run.x[0].tolist() == pytest.approx([0.3, 0.5 * math.tanh(0.8 / 0.5)], rel=1e-14)
    assert run.v[0].tolist() == pytest.approx([2.0, math.tanh(2.0)], rel=1e-14)  # the start itself is not clamped

    h = 1e-6  # so short that a step is its first slope
    pulled = constant_drives(2, 1.0, 0.5, {(3, 0): 7.0, (1, 1): 2.0})
    run = rollout(InitialValueProblem(pulled, start(30.0, 20.0), 2, step=h, clamp=SoftClamp(5.0, 1e6)), backend)
    slope = (1e6 * math.atanh(run.v[0, 1].item() / 1e6) - 20.0) / h
    assert slope == pytest.approx(-30.0 - 0.5 * 20.0 - 7.0 * 5.0**3 - 2.0 * 5.0 * 20.0, rel=1e-4)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_horizon_of_one_is_the_start(backend: str) -> None:
    run = rollout(
        InitialValueProblem(constant_drives(3, 1.0, 0.0, {}), start(0.3, 2.0), 1, clamp=SoftClamp(0.1, 0.1)), backend
    )
    assert run.x.tolist() == [[0.3]]
    assert run.v.tolist() == [[2.0]]


def voice(alpha: float, beta: list[float], clamp: SoftClamp | None) -> Trajectory:
    """The vocal organ's normal form, v' = -(alpha + beta x + x^3 - x^2) - v (x^2 + x), at half the sample interval."""
    steps = 20_000
    drives = constant_drives(steps, 0.0, 0.0, {(0, 0): alpha, (2, 0): -1, (3, 0): 1, (1, 1): 1, (2, 1): 1})
    batch = len(beta)
    many = Drives(
        torch.tensor(beta, dtype=torch.float64)[:, None].expand(batch, steps),
        drives.gamma.expand(batch, steps),
        drives.weights.expand(batch, steps, 4, 4),
    )
    quiet = torch.full((batch,), 0.01, dtype=torch.float64)
    return rollout(InitialValueProblem(many, (quiet, quiet), steps, step=24_000 / 88_200, clamp=clamp))


def pitch_hz(x: torch.Tensor) -> float:
    x = x[len(x) // 2 :]
    y = x - x.mean()
    rising = ((y[:-1] < 0) & (y[1:] >= 0)).nonzero().flatten()
    crossings = rising + y[rising] / (y[rising] - y[rising + 1])
    return 88_200 * (len(crossings) - 1) / (crossings[-1] - crossings[0]).item()


def test_the_vocal_organs_normal_form_sings_at_its_pitches() -> None:
    """f0 from an independent integration to 1e-10; the pulse-like lowest one, near its bifurcation, within 5 %."""
    for clamp in (None, SoftClamp(1e3, 1e3)):
        run = voice(0.15, [-0.0013, 0.0, 0.1, 0.6], clamp)
        found = [pitch_hz(x) for x in run.x]
        assert found[0] == pytest.approx(225, rel=0.05)
        assert found[1:] == pytest.approx([311, 1835, 3511], rel=0.01)
        assert run.x[:, 10_000:].std(1).min() > 0.2


def test_the_vocal_organs_normal_form_is_silent_below_its_bifurcation() -> None:
    below = voice(-0.15, [-0.03, 0.1, 0.6], None)
    assert below.x[:, 10_000:].std(1).max() < 1e-9
    beside = voice(0.15, [-0.03], None)  # the saddle-node of this tension lies at alpha = 0.168
    assert beside.x[:, 10_000:].std() < 1e-9


def test_auto_is_fused_on_the_cpu_and_every_unknown_name_is_refused() -> None:
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    assert choose_backend("auto", cpu) == choose_backend("auto", cpu, torch.float64) == "fused"
    assert choose_backend("auto", cpu, torch.bfloat16) == "eager"
    assert choose_backend("eager", cuda) == "eager"
    known = "auto, eager, compile, cudagraph, scan, fused"
    with pytest.raises(ValueError, match=f"^backend 'trapeze' is unknown: choose {known}$"):
        rollout(InitialValueProblem(constant_drives(2, 1.0, 0.0, {}), start(0, 0), 2), "trapeze")


def test_auto_computes_what_fused_computes() -> None:
    drives, ic = constant_drives(9, 1.0, 0.1, {(3, 0): 1.0}), start(0.3, 0.1)
    assert torch.equal(
        rollout(InitialValueProblem(drives, ic, 9)).x, rollout(InitialValueProblem(drives, ic, 9), "fused").x
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"horizon": 4}, "horizon 4 does not lie within the drives' 1 to 3 samples"),
        ({"horizon": 0}, "horizon 0 does not lie within"),
        ({"step": 0.0}, "step 0.0 must be positive"),
        ({"step": math.nan}, "step nan must be positive"),
        ({"hop": 0}, "drives of hop 0: give 1"),
        ({"hop": 4, "horizon": 10}, "horizon 10 does not lie within the drives' 1 to 9 samples"),
        ({"stiffness": torch.zeros(1, 2)}, r"stiffness has shape \(1, 2\), but gamma asks for \(1, 3\)"),
        ({"weights": torch.zeros(1, 3, 4, 3)}, r"weights has shape \(1, 3, 4, 3\)"),
        ({"x": torch.zeros(2)}, r"initial x has shape \(2,\), but gamma asks for \(1,\)"),
        ({"v": torch.zeros(1)}, "initial v is torch.float32 on cpu, but gamma is torch.float64 on cpu"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(change: dict, message: str) -> None:
    drives, (x, v) = constant_drives(3, 1.0, 0.0, {}), start(0.1, 0.1)
    for name in ("stiffness", "weights"):
        setattr(drives, name, change.get(name, getattr(drives, name)))
    drives.hop = change.get("hop", 1)
    with pytest.raises(ValueError, match=message) as caught:
        rollout(
            InitialValueProblem(
                drives, (change.get("x", x), change.get("v", v)), change.get("horizon", 3), step=change.get("step", 1.0)
            )
        )
    assert re.fullmatch(r"rollout: [^\n]+", str(caught.value))


def test_fused_refuses_what_it_was_not_compiled_for() -> None:
    drives = constant_drives(2, 1.0, 0.0, {})
    half = Drives(drives.stiffness.half(), drives.gamma.half(), drives.weights.half())
    with pytest.raises(ValueError, match=r"torch\.float16 on cpu: choose backend=auto"):
        rollout(InitialValueProblem(half, (half.gamma[:, 0], half.gamma[:, 1]), 2), "fused")
