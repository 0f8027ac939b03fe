"""The compiled run of a recurrence against plain operations, values and gradients, and against closed forms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from syrinx_lab.recurrences.almost_linear import AlmostLinearRnn
from syrinx_lab.recurrences.kernel import run_compiled
from syrinx_lab.recurrences.pieces import Pieces, Pull
from syrinx_lab.recurrences.recurrence import Recurrence
from syrinx_lab.recurrences.shallow_plrnn import ShallowPlrnn
from syrinx_lab.recurrences.steps import jacobians, run, run_by_operations, step

CASES: dict[str, Callable[[], Recurrence]] = {
    "clipped, inputs": lambda: ShallowPlrnn(2, 3, 7, True, 4),
    "plain": lambda: ShallowPlrnn(2, 2, 7, False),
    "almost linear, inputs": lambda: AlmostLinearRnn(2, 6, 2, 3),
    "linear": lambda: AlmostLinearRnn(2, 4, 0),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("forced", [False, True])
def test_values_and_gradients_agree(case: str, forced: bool) -> None:
    torch.manual_seed(1)
    recurrence = CASES[case]().double()
    given = torch.randn(5, 12, recurrence.inputs).double() if recurrence.inputs else None
    rate = torch.rand(12).double()
    pull = Pull(torch.randn(5, 12, 2).double(), rate) if forced else None
    start = torch.randn(5, 2).double()
    found: list[list[Tensor]] = []
    for through in (run_compiled, run_by_operations):
        seen = start.clone().requires_grad_()
        recurrence.zero_grad()
        states = through(recurrence.lifted(seen), recurrence.pieces(given), 12, pull, 0.9)
        (states.square() * torch.arange(12)[:, None]).sum().backward()
        slopes = [p.grad.clone() for p in recurrence.parameters() if p.grad is not None]
        assert seen.grad is not None
        found.append([states.detach(), seen.grad, *slopes])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_a_turn_comes_round() -> None:
    turn = torch.tensor(torch.pi / 6, dtype=torch.float64)
    rows = [[turn.cos(), -turn.sin()], [turn.sin(), turn.cos()]]
    nothing = torch.zeros(1, 1, 0, dtype=torch.float64)
    pieces = Pieces(
        torch.tensor(rows), nothing[0].expand(2, 0), nothing[0].mT.expand(0, 2), nothing, torch.zeros(1, 1, 2)
    )
    states = run(torch.tensor([[1.0, 0.0]]).double(), pieces, 13)
    torch.testing.assert_close(states[0, 12], states[0, 0])
    torch.testing.assert_close(states[0, 3], torch.tensor([0.0, 1.0]).double())


@pytest.mark.parametrize("case", ["clipped, inputs", "plain"])
def test_jacobians_are_the_steps_derivatives(case: str) -> None:
    torch.manual_seed(2)
    recurrence = CASES[case]().double()
    pieces = recurrence.pieces()
    z = torch.randn(recurrence.size).double()
    by_torch = torch.autograd.functional.jacobian(lambda y: step(y[None], pieces)[0], z)
    torch.testing.assert_close(jacobians(z, pieces), by_torch)


def test_a_clipped_recurrence_stays_bounded() -> None:
    torch.manual_seed(3)
    recurrence = ShallowPlrnn(2, 2, 20)
    with torch.no_grad():
        recurrence.diagonal.fill_(0.9)
        recurrence.out.mul_(30)
        recurrence.into.mul_(30)
        states = recurrence.run(torch.tensor([[1e3, -1e3]]), 400)
        bound = 10 * (recurrence.out.abs() @ recurrence.threshold.abs() + recurrence.offset.abs()).max()
    assert float(states[:, 200:].abs().max()) <= float(bound)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ShallowPlrnn(3, 2, 5), "size is 2: use 3"),
        (lambda: ShallowPlrnn(2, 2, 0), "hidden is 0"),
        (lambda: AlmostLinearRnn(2, 4, 3), "rectified is 3: use 0 .linear. to 2"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(make: Callable[[], Recurrence], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
