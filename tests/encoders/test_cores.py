"""What may stand for Mamba in an encoder: causal, the same in pieces, gradients, the written cell, both rates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from syrinx_lab.controls import AnalyticControls
from syrinx_lab.encoders.conv import Conv
from syrinx_lab.encoders.core import Core
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.encoders.gru import GRU
from syrinx_lab.encoders.lstm import LSTM, LSTMMixer
from syrinx_lab.encoders.mamba import Mamba
from syrinx_lab.encoders.peephole_lstm import CellState, PeepholeLSTM, PeepholeMixer
from syrinx_lab.encoders.samples import SamplesEncoder

CORES: dict[str, Callable[[int, int], Core]] = {
    "lstm": partial(LSTM, hidden=5),
    "peephole_lstm": partial(PeepholeLSTM, hidden=5),
    "no_forget_gate": partial(PeepholeLSTM, hidden=5, forget_gate=False, peepholes=False),
    "gru": partial(GRU, hidden=5),
    "conv": partial(Conv, hidden=5, kernel=3),
    "mamba": partial(Mamba, d_state=2),
}
AS_MAMBA = {"lstm": LSTM, "peephole_lstm": PeepholeLSTM, "gru": GRU, "conv": Conv}


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def core_of(name: str, d_model: int = 4, n_layers: int = 2) -> Core:
    torch.manual_seed(0)
    return CORES[name](d_model, n_layers).double()


@pytest.mark.parametrize("name", CORES)
def test_pieces_are_the_whole_and_nothing_later_is_seen(name: str) -> None:
    core, x = core_of(name), drawn(2, 30, 4)
    mixture = drawn(2, 30, 4, seed=2)

    def gradients(y: Tensor) -> list[Tensor]:
        learned = [p for p in core.parameters() if p.requires_grad]
        return list(torch.autograd.grad((y * mixture).sum(), learned))

    whole = core(x)
    states, pieces = None, []
    for piece in x.split([1, 12, 2, 15], 1):
        y, states = core.advance(piece, states)
        pieces.append(y)
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=1e-10, atol=1e-12)
    for a, b in zip(gradients(torch.cat(pieces, 1)), gradients(whole)):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-10)
    later = core(torch.cat([x[:, :20], -x[:, 20:]], 1))
    assert torch.equal(later[:, :20], whole[:, :20])
    assert bool((later[:, 20] != whole[:, 20]).all())
    assert torch.allclose(core(x[1:]), whole[1:])


@pytest.mark.parametrize("name", CORES)
def test_gradients_are_central_differences(name: str) -> None:
    core, x = core_of(name, 3, 1), drawn(2, 6, 3).requires_grad_()
    learned = {key: p.detach().clone().requires_grad_() for key, p in core.named_parameters() if p.requires_grad}

    def read(x: Tensor, *values: Tensor) -> Tensor:
        return torch.func.functional_call(core, dict(zip(learned, values)), (x,))

    assert torch.autograd.gradcheck(read, (x, *learned.values()), eps=1e-6, atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("forget_gate", [True, False])
def test_the_compiled_cell_is_the_written_one(forget_gate: bool) -> None:
    """Values, states, and gradients by way of everything that goes in, the first state included."""
    torch.manual_seed(0)
    mixer = PeepholeMixer(3, 6, forget_gate=forget_gate).double()
    x, mixture = drawn(2, 17, 3).requires_grad_(), drawn(2, 17, 3, seed=2)
    first = [drawn(2, 6, seed=seed).requires_grad_() for seed in (3, 4)]
    found = []
    for advance in (mixer.advance, mixer.advance_by_operations):
        y, after = advance(x, CellState(*first))
        total = (y * mixture).sum() + (after.h * first[0]).sum() + (after.c * first[1]).sum()
        found.append([y, *after, *torch.autograd.grad(total, [x, *first, *mixer.parameters()])])
    for a, b in zip(*found):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)
    single = mixer.float().advance(x.detach().float(), CellState(*(y.detach().float() for y in first)))[0]
    torch.testing.assert_close(single.double(), found[0][0].detach(), rtol=1e-4, atol=1e-5)


def test_without_peepholes_it_is_the_lstm_of_torch() -> None:
    torch.manual_seed(0)
    public, ours = LSTMMixer(3, 6).double(), PeepholeMixer(3, 6, peepholes=False).double()
    cells: nn.LSTM = public.cells
    assert torch.equal(ours.peepholes, torch.zeros(3, 6))
    assert not ours.peepholes.requires_grad
    with torch.no_grad():
        ours.into.weight.copy_(cells.weight_ih_l0)
        ours.into.bias.copy_(cells.bias_ih_l0 + cells.bias_hh_l0)
        ours.recurrent.copy_(cells.weight_hh_l0)
        ours.out.weight.copy_(public.out.weight)
    x, mixture = drawn(2, 40, 3).requires_grad_(), drawn(2, 40, 3, seed=2)
    found = []
    for mixer, recurrent in ((public, cells.weight_hh_l0), (ours, ours.recurrent)):
        y, state = mixer.advance(x)
        found.append([y, *(s.reshape(2, 6) for s in state), *torch.autograd.grad((y * mixture).sum(), [x, recurrent])])
    for a, b in zip(*found):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def test_a_step_of_the_cell_by_hand() -> None:
    """One cell, all weights zero but biases and peepholes: what is open is a sigmoid of the cell, o of the new one."""
    mixer = PeepholeMixer(1, 1).double()
    with torch.no_grad():
        for p in (mixer.into.weight, mixer.recurrent):
            p.zero_()
        mixer.into.bias.copy_(torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64))
        mixer.peepholes.copy_(torch.tensor([[1.0], [-2.0], [3.0]]))
        mixer.out.weight.fill_(1)
    h, c = torch.tensor([[0.9]]).double(), torch.tensor([[0.5]]).double()
    with torch.no_grad():
        y, after = mixer.advance(torch.zeros(1, 1, 1).double(), CellState(h, c))
    s = torch.sigmoid
    t = torch.tensor([0.6, 0.2 - 1.0, 0.3], dtype=torch.float64)
    cell = s(t[1]) * 0.5 + s(t[0]) * torch.tanh(t[2])
    assert float(after.c) == pytest.approx(float(cell), rel=1e-12)
    assert float(y) == pytest.approx(float(s(0.4 + 3 * cell) * torch.tanh(cell)), rel=1e-12)


def test_forget_gates_begin_open_and_may_be_absent() -> None:
    assert PeepholeMixer(2, 3).into.bias[3:6].tolist() == [1.0] * 3
    lstm = LSTMMixer(2, 3, forget_bias=2.0).cells
    assert (lstm.bias_ih_l0 + lstm.bias_hh_l0)[3:6].tolist() == [2.0] * 3
    held = PeepholeMixer(2, 3, forget_gate=False)
    with torch.no_grad():
        held.into.bias[:3] = -50.0  # nothing goes in
        state = CellState(torch.zeros(1, 3), torch.tensor([[0.5, -1.0, 2.0]]))
        assert torch.allclose(held.advance(torch.randn(1, 200, 2), state)[1].c, state.c)


@pytest.mark.parametrize("name", AS_MAMBA)
def test_parameters_are_as_many_as_those_of_mamba(name: str) -> None:
    def count(core: nn.Module) -> int:
        return sum(p.numel() for p in core.parameters())

    assert count(AS_MAMBA[name](48, 2)) == pytest.approx(count(Mamba(48, 2, d_state=8)), rel=0.01)


def test_a_convolution_sees_kernel_to_the_layers_steps() -> None:
    x = drawn(1, 40, 4).requires_grad_()
    (g,) = torch.autograd.grad(core_of("conv")(x)[0, 30].sum(), x)
    assert g[0].any(-1).nonzero().flatten().tolist() == list(range(22, 31))


@pytest.mark.parametrize("direction", ["both", "causal"])
@pytest.mark.parametrize("name", AS_MAMBA)
def test_at_control_rate(name: str, direction: str) -> None:
    x = 0.1 * drawn(2, 1600)
    level = x.new_ones(2, 51)
    analytic = AnalyticControls(2500 * level, 0.7 * level, 0.8 * level, 0.1 * level, 32)

    def read(chunk: int | None, x: Tensor = x) -> Tensor:
        torch.manual_seed(0)
        encoder = FramesEncoder(
            3, True, 44100, d_model=6, n_layers=2, direction=direction, chunk_knots=chunk, core=CORES[name]
        )
        return encoder.double()(x, x, analytic).features

    whole = read(None)
    torch.testing.assert_close(read(7), whole, rtol=1e-9, atol=1e-12)
    changed = read(None, torch.cat([x[:, :1200], -0.5 * x[:, 1200:]], 1))
    early = (changed != whole)[:, :15].any(-1)
    assert bool(early.all()) is (direction == "both" and name != "conv")
    assert bool(early.any()) is bool(early.all())


@pytest.mark.parametrize("name", AS_MAMBA)
def test_at_audio_rate(name: str) -> None:
    x = 0.1 * drawn(2, 60)

    def read(chunk: int | None) -> Tensor:
        torch.manual_seed(0)
        encoder = SamplesEncoder(2, 2, chunk_samples=chunk, core=CORES[name]).double()
        controls = encoder(x, 2 * x)
        return torch.cat([controls.omega[..., None], controls.gamma[..., None], controls.weight_code], -1)

    whole = read(None)
    assert whole.shape == (2, 60, 4)
    torch.testing.assert_close(read(13), whole, rtol=1e-9, atol=1e-12)
    assert bool((whole[:, :-1] != whole[:, 1:]).all())


class Lacking(Core):
    def __init__(self, d_model: int, n_layers: int) -> None:
        super().__init__()


@pytest.mark.parametrize(
    ("core", "message"),
    [
        (Lacking, r"Lacking has no advance: add the method advance\(self, x, states\), see syrinx_lab\.encoders\.core"),
        (lambda d, n: nn.Identity(), r"core makes a Identity: derive it from syrinx_lab\.encoders\.core\.Core"),
        (nn.Identity, r"core makes a Identity: derive it"),
        (3, r"core is a int that is built already: give it _partial_: true"),
        (partial(LSTM, hidden=0), "hidden is 0: it must be at least 1"),
        (partial(Conv, kernel=0), "kernel is 0: it must be at least 1"),
    ],
)
def test_what_is_no_core_is_refused(core: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SamplesEncoder(core=core)
    with pytest.raises(ValueError, match=message):
        FramesEncoder(3, True, 44100, core=core)


@pytest.mark.parametrize("core", [LSTM, PeepholeLSTM, GRU, Conv])
def test_no_layers_are_refused(core: Any) -> None:
    with pytest.raises(ValueError, match="n_layers is 0"):
        core(4, 0)
