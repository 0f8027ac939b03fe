"""The criterion of Vo et al. against the dynamics that it is of, and time constants against what is remembered."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.encoders.mamba import Mamba, MambaBlock
from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.encoders.time_constants import layer_dynamics
from syrinx_lab.encoders.token_dynamics import input_output, token_criterion

Tokens = NDArray[np.float64]


def flow(matrix: Tokens, s_d: Tokens, start: Tokens, depth: float, rate: float = 1.0) -> Tokens:
    """The continuous-time limit of a deep model: tokens (L, d) at every depth that was reached, (depths, L, d)."""

    def slope(_: float, y: Tokens) -> Tokens:
        x = y.reshape(start.shape)
        steps = np.logaddexp(0, x @ s_d.T)  # (L, d)
        moved = np.zeros_like(x)
        for late in range(len(x)):
            for early in range(late + 1):
                decay = np.exp(-rate * steps[early + 1 : late + 1].sum(0))
                moved[late] += (x[late] @ matrix @ x[early]) * steps[early] * decay * x[early]
        return moved.ravel()

    with np.errstate(all="ignore"):  # a blow-up ends where the solver's steps vanish
        found = solve_ivp(slope, (0, depth), start.ravel(), "RK45", rtol=1e-8, atol=1e-10)
    return found.y.T.reshape(-1, *start.shape)


def test_one_dimension_converges_diverges_slowly_or_at_once() -> None:
    start = np.array([[1.0], [0.7], [-0.5]])
    one = torch.ones(1, 1)
    convergent = token_criterion(one, -0.8 * one)
    assert (convergent.scenario, convergent.eigenvalues.real.tolist()) == ("convergent", pytest.approx([-0.8]))
    last = flow(np.array([[-0.8]]), np.array([[0.3]]), start, 1e4)[-1]
    assert np.abs(last).max() < 0.02
    # the first token goes as 1 / sqrt(2 |mu| ln 2 t), once its step size is softplus(0)
    assert last[0, 0] == pytest.approx(1 / math.sqrt(2 * 0.8 * math.log(2) * 1e4), rel=0.02)
    assert token_criterion(one, 0.8 * one).scenario == "divergent"
    slow = flow(np.array([[0.8]]), np.array([[-1.0]]), start[:1], 1e4)
    assert 3 < slow[-1, 0, 0] < 30, "where the step size shrinks with the token: as ln t"
    fast = flow(np.array([[0.8]]), np.array([[1.0]]), start[:1], 1e4)
    assert fast[-1, 0, 0] > 1e4, "within a finite depth"


def test_more_dimensions_follow_the_sign_of_the_eigenvalues() -> None:
    generator = np.random.default_rng(2)
    start = 0.5 * generator.standard_normal((3, 2))
    basis = np.array([[1.0, 0.4], [0.0, 1.0]])
    for values, wanted in (((-1.0, -0.4), "convergent"), ((0.6, 0.3), "divergent")):
        matrix = basis @ np.diag(values) @ np.linalg.inv(basis)
        s_b, s_c = torch.eye(2, dtype=torch.float64), torch.from_numpy(matrix.T.copy())  # S_C' S_B
        found = token_criterion(s_b, s_c)
        assert found.scenario == wanted
        np.testing.assert_allclose(sorted(found.eigenvalues.real.tolist()), sorted(values), atol=1e-12)
        size = np.linalg.norm(flow(matrix, 0.1 * np.eye(2), start, 300.0), axis=(1, 2))
        assert (size[-1] < 0.2 * size[0]) == (wanted == "convergent")
        assert (size[-1] > size[0]) == (wanted == "divergent")


def test_eigenvalues_of_a_blocks_weights() -> None:
    """The N eigenvalues that need not be zero are those of the whole matrix."""
    torch.manual_seed(1)
    s_b, s_c, s_d = input_output(MambaBlock(6, d_state=3, expand=2))
    assert s_d.shape == (12, 12)
    whole = torch.linalg.eigvals((s_c.T @ s_b).double())
    largest = whole[whole.abs().argsort(descending=True)[:3]]
    found = token_criterion(s_b, s_c).eigenvalues
    np.testing.assert_allclose(sorted(largest.real.tolist()), sorted(found.real.tolist()), atol=1e-6)
    zeros = torch.zeros(3, 5)
    assert token_criterion(zeros, zeros).scenario == "neutral"


def test_time_constants_are_what_is_remembered() -> None:
    """With a step size that does not move, the state of an impulse falls to 1/e after the time constant."""
    torch.manual_seed(0)
    stack = Mamba(3, 1, d_state=2, expand=2)
    mixer = stack.layers[0].mixer
    with torch.no_grad():
        mixer.dt_proj.weight.zero_()
        mixer.conv1d.bias.zero_()  # nothing enters after the impulse
        mixer.dt_proj.bias.fill_(math.log(math.expm1(0.02)))  # softplus gives 0.02
    x = torch.zeros(1, 400, 3)
    x[:, 0] = 1.0
    (found,) = layer_dynamics(torch.nn.ModuleDict({"stack": stack}), lambda: stack(x), step_ms=0.5)
    assert (found.stack, found.layer) == ("stack", 0)
    wanted = 0.5 / (0.02 * torch.tensor([1.0, 2.0]))
    torch.testing.assert_close(found.time_constants_ms, wanted.expand(6, 2))
    torch.testing.assert_close(found.course_ms[1], torch.full((400,), float(wanted.mean())), atol=7, rtol=0)
    states = [stack.advance(x[:, :stop])[1][0].scan[0] for stop in (50, 100)]
    slow, fast = (states[1] / states[0])[0].tolist()
    assert -50 * 0.5 / math.log(slow) == pytest.approx(25, rel=0.01)
    assert -50 * 0.5 / math.log(fast) == pytest.approx(12.5, rel=0.01)


@pytest.mark.parametrize("chunk", [None, 128])
def test_watching_an_encoder_leaves_it_as_it_was(chunk: int | None) -> None:
    torch.manual_seed(0)
    encoder = SamplesEncoder(degree=3, n_layers=2, expand=2, chunk_samples=chunk).eval()
    x = 0.1 * torch.randn(1, 300, generator=torch.Generator().manual_seed(1))
    before = encoder(x, x)
    found = layer_dynamics(encoder, lambda: encoder(x, x), step_ms=1.0)
    assert [(one.stack, one.layer) for one in found] == [
        (f"{name}_mamba", layer) for name in ("omega", "gamma", "kernel") for layer in (0, 1)
    ]
    assert found[0].course_ms.shape == (3, 600), "it reads the recording backwards, and again"
    for one in found:
        assert 0 <= one.positive_share <= 1
        assert one.row()["scenario"] in ("convergent", "divergent")
        assert all(-1 <= one <= 1 for one in one.similarity)
    after = encoder(x, x)
    assert torch.equal(before.omega, after.omega)
    assert all("advance" not in vars(one) and one.mixer.backend == "auto" for one in encoder.omega_mamba.layers)


def test_an_encoder_without_mamba_layers_has_none() -> None:
    plain = torch.nn.Linear(2, 2)
    assert layer_dynamics(plain, lambda: plain(torch.ones(1, 2)), 1.0) == []
    causal = FramesEncoder(3, True, 44_100, d_model=8, n_layers=1, direction="causal")
    assert causal.backward_mamba is None
