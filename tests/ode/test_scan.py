"""The compiled form of the scan backend, on the CPU through a compiler that generates no code."""

from __future__ import annotations

import pytest
import torch

import syrinx_lab.ode.rollout.scan as scan
from syrinx_lab.ode.oscillator import SoftClamp
from syrinx_lab.ode.rollout.eager import integrate as eager_integrate
from syrinx_lab.types import Drives


@pytest.mark.slow
@pytest.mark.parametrize("ic_needs_gradient", [True, False])
def test_torchs_scan_operator_computes_the_same(ic_needs_gradient: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = ((3, 6), (3, 6), (3, 6, 4, 4), (3,), (3,))
    inputs = [(0.3 * torch.randn(*s, generator=generator, dtype=torch.float64)).requires_grad_() for s in shapes]
    stiffness, gamma, weights, *state = inputs
    x0, v0 = (y if ic_needs_gradient else y.detach() for y in state)
    wanted = inputs if ic_needs_gradient else inputs[:3]
    monkeypatch.setattr(scan, "_operator_works", lambda device: True)
    compiled = scan._compiled_fold
    monkeypatch.setattr(scan, "_compiled_fold", lambda step, clamp: compiled(step, clamp, "aot_eager"))
    results = []
    for integrate in (eager_integrate, scan.integrate):
        x, v = integrate(Drives(stiffness, gamma, weights), (x0, v0), 6, 0.7, SoftClamp())
        results.append([x, v, *torch.autograd.grad(x.square().sum() + v.sum(), wanted)])
    for a, b in zip(*results):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def test_devices_that_cannot_compile_use_the_python_fold() -> None:
    assert not scan._operator_works(torch.device("cpu"))
