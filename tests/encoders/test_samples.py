"""The published encoder against formulas written out here on top of mambapy, its chunks, its heads, its checkpoints."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from allocations import Allocations
from mambapy.mamba import Mamba as PublicMamba
from mambapy.mamba import MambaConfig
from torch import Tensor, nn

from syrinx_lab.encoders.samples import SamplesEncoder, load_published
from syrinx_lab.ode.oscillator import Reading
from syrinx_lab.ode.polynomial import Polynomial


def published_state_dict(degree: int, seed: int = 0) -> dict[str, Tensor]:
    """Random weights under the names of a published checkpoint."""
    torch.manual_seed(seed)
    config = MambaConfig(d_model=2, n_layers=3, d_state=4, d_conv=4, expand_factor=10)
    parts: dict[str, nn.Module] = {f"{name}_mamba": PublicMamba(config) for name in ("omega", "gamma", "kernel")}
    parts |= {
        "omega_net": nn.Linear(2, 1),
        "gamma_net": nn.Linear(2, 1),
        "kernel.weights": nn.Linear(2, (degree + 1) ** 2),
    }
    named = {f"{part}.{name}": p.detach() for part, module in parts.items() for name, p in module.named_parameters()}
    return named | {"kernel.deg_exp": torch.arange(degree + 1)}


def smoothed(y: Tensor, sigma: float) -> Tensor:
    """Zero-phase Gaussian of y (B, T, C) along T, reflected at the ends."""
    reach = int(5 * sigma)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2).to(y)
    padded = F.pad(y.mT, (reach, reach), mode="reflect")
    return F.conv1d(padded.flatten(0, 1)[:, None], (kernel / kernel.sum())[None, None]).view(y.mT.shape).mT


def song(length: int, batch: int = 2) -> tuple[Tensor, Tensor]:
    """A rising tone x (B, L) and v = dt x' (B, L), in float64."""
    t = torch.arange(length, dtype=torch.float64)
    phase = torch.stack([(0.05 + 0.01 * b) * t + 1e-5 * t**2 for b in range(batch)])
    rate = torch.stack([0.05 + 0.01 * b + 2e-5 * t for b in range(batch)])
    return 0.3 * torch.sin(phase), 0.3 * rate * torch.cos(phase)


def make(published: dict[str, Tensor], **arguments: Any) -> SamplesEncoder:
    encoder = SamplesEncoder(**arguments)
    encoder.load_state_dict(load_published(published), strict=True)
    return encoder.double()


@pytest.mark.parametrize(("stiffness", "keep_const", "degree"), [("squared", True, 15), ("signed", False, 3)])
def test_acceleration_is_that_of_the_formulas_on_mambapy(stiffness: str, keep_const: bool, degree: int) -> None:
    """-k x - gamma v - sum_ij w_ij x^i v^j, the drives low-passed AFTER the full linear heads, as published."""
    published = published_state_dict(degree)
    published["omega_net.bias"] -= 0.18  # so that omega takes both signs
    x, v = song(300)
    sigma = 12.0

    z = torch.stack([x, v], -1)
    twice = torch.cat([z.flip(1), z], 1)

    def public(name: str) -> Tensor:
        stack = PublicMamba(MambaConfig(d_model=2, n_layers=3, d_state=4, d_conv=4, expand_factor=10))
        prefix = f"{name}_mamba."
        stack.load_state_dict({k.removeprefix(prefix): p for k, p in published.items() if k.startswith(prefix)})
        return stack.double()(twice)[:, x.shape[1] :]

    def linear(name: str, read: Tensor) -> Tensor:
        return read @ published[f"{name}.weight"].double().T + published[f"{name}.bias"].double()

    omega = linear("omega_net", public("omega"))
    omega = smoothed(omega.abs() if stiffness == "squared" else omega, sigma)[..., 0]
    gamma = smoothed(linear("gamma_net", public("gamma")), sigma)[..., 0]
    full = smoothed(linear("kernel.weights", public("kernel")), sigma)
    expected = -(omega**2 if stiffness == "squared" else omega) * x - gamma * v
    for i in range(degree + 1):
        for j in range(degree + 1):
            if (i, j) in ((1, 0), (0, 1)) or ((i, j) == (0, 0) and not keep_const):
                continue
            expected = expected - full[..., i * (degree + 1) + j] * x**i * v**j

    encoder = make(published, degree=degree, keep_const=keep_const)
    controls = encoder(x, v)
    oscillator = Polynomial(sample_rate=44100, degree=degree, stiffness=stiffness)
    assert (controls.hop, controls.omega.shape, controls.weight_code.shape) == (1, (2, 300), (2, 300, 2))
    stacked = torch.cat(
        [oscillator.rectify(controls.omega)[..., None], controls.gamma[..., None], controls.weight_code], -1
    )
    smooth = smoothed(stacked, sigma)
    weights = encoder.weights(smooth[..., 2:])
    powers = torch.arange(degree + 1)
    polynomial = torch.einsum("bti,btij,btj->bt", x[..., None] ** powers, weights, v[..., None] ** powers)
    stiff = oscillator.encode(Reading(smooth[..., 0], smooth[..., 1], lambda: weights)).stiffness
    found = -stiff * x - smooth[..., 1] * v - polynomial
    assert (found - expected).abs().max() < 1e-6 * expected.abs().max()
    if stiffness == "signed":
        assert bool((controls.omega < 0).any())
        assert bool((controls.omega > 0).any())


def test_low_pass_commutes_with_the_head() -> None:
    """The lab's own low-pass sums to one at the ends too, so it may come before weights_net."""
    from syrinx_lab.ode.lowpass import gaussian_lowpass

    encoder = make(published_state_dict(5), degree=5)
    control = torch.randn(2, 200, 2, dtype=torch.float64)
    before, after = encoder.weights(gaussian_lowpass(control, 20.0)), gaussian_lowpass(encoder.weights(control), 20.0)
    assert (before - after).abs().max() < 1e-12 * after.abs().max()


@pytest.mark.parametrize("backend", ["auto", "parallel"])
def test_chunks_are_the_whole(backend: str) -> None:
    """Encoded in pieces with carried states: the same controls and the same gradients, whatever the pieces."""
    published = published_state_dict(2)
    x, v = song(300)
    weights = torch.linspace(-1, 1, 300, dtype=torch.float64)

    def run(chunk: int | None) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        encoder = make(published, degree=2, backend=backend, chunk_samples=chunk)
        c = encoder(x, v)
        loss = (c.omega * weights).sum() + (c.gamma * weights).sum() + (c.weight_code.sum(-1) * weights).sum()
        parameters = [p for name, p in encoder.named_parameters() if not name.startswith("weights_net")]
        return c.omega, c.gamma, c.weight_code, list(torch.autograd.grad(loss, parameters))

    *whole, whole_gradients = run(None)
    *pieces, gradients = run(133)
    for a, b in zip(pieces, whole):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)
    for a, b in zip(gradients, whole_gradients):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-8 * float(b.abs().max()))
    with torch.no_grad():
        encoder = make(published, degree=2, backend=backend, chunk_samples=2).float()
        found = encoder(x[:, :41].float(), v[:, :41].float())
        encoder.chunk_samples = None
        wanted = encoder(x[:, :41].float(), v[:, :41].float())
    for a, b in zip((found.omega, found.gamma, found.weight_code), (wanted.omega, wanted.gamma, wanted.weight_code)):
        assert (a - b).abs().max() < 1e-5 * b.abs().max()


def test_memory_does_not_grow_with_the_recording() -> None:
    """No tensor that an encoding in pieces makes is longer than a piece, but for its input and its outputs."""
    encoder = SamplesEncoder(degree=1, chunk_samples=64, n_layers=1, backend="parallel")
    largest = []
    for length in (320, 960):
        with torch.no_grad(), Allocations() as made:
            encoder(torch.zeros(1, length), torch.zeros(1, length))
        largest.append(made.largest)
    # a piece of 64 samples has 64 * 20 * 4 states; the recording itself has 2 numbers a sample
    assert largest[0] == largest[1] < 3 * 64 * 20 * 4


@pytest.mark.parametrize(("name", "field"), [("omega", "omega"), ("gamma", "gamma"), ("kernel", "weight_code")])
def test_every_stack_is_used_for_its_own_drive(name: str, field: str) -> None:
    published = published_state_dict(2)
    x, v = song(120)
    before = make(published, degree=2)(x, v)
    changed = dict(published)
    changed[f"{name}_mamba.layers.1.mixer.in_proj.weight"] = (
        published[f"{name}_mamba.layers.1.mixer.in_proj.weight"] * 1.5
    )
    after = make(changed, degree=2)(x, v)
    for other in ("omega", "gamma", "weight_code"):
        same = torch.equal(getattr(before, other), getattr(after, other))
        assert same is (other != field), other
    encoder = make(published, degree=2)
    getattr(encoder(x, v), field).sum().backward()
    reached = {n.split(".")[0] for n, p in encoder.named_parameters() if p.grad is not None and bool(p.grad.any())}
    assert reached == {"omega": {"omega_mamba", "omega_net"}, "gamma": {"gamma_mamba", "gamma_net"}}.get(
        name, {"kernel_mamba"}
    )


def test_every_sample_sees_the_whole_recording_and_no_other_item() -> None:
    encoder = make(published_state_dict(2), degree=2)
    x, v = song(60)
    x.requires_grad_()
    controls = encoder(x, v)
    for at in (0, 59):
        for drive in (controls.omega, controls.gamma, controls.weight_code[..., 0]):
            (g,) = torch.autograd.grad(drive[0, at], x, retain_graph=True)
            assert bool((g[0] != 0).all())
            assert not bool(g[1].any())


def test_absent_terms_are_exactly_zero_and_take_no_gradient() -> None:
    degree = 4
    for keep_const in (True, False):
        encoder = make(published_state_dict(degree), degree=degree, keep_const=keep_const)
        control = torch.randn(2, 7, 2, dtype=torch.float64)
        weights = encoder.weights(control)
        assert weights.shape == (2, 7, 5, 5)
        head = encoder.weights_net
        assert torch.equal(weights[..., 1, 0], torch.zeros(2, 7))
        assert torch.equal(weights[..., 0, 1], torch.zeros(2, 7))
        number = 2 * (degree + 1) + 3
        expected = control @ head.weight[number] + head.bias[number]
        torch.testing.assert_close(weights[..., 2, 3], expected, rtol=1e-12, atol=1e-14)
        assert bool(weights[..., 0, 0].any()) is keep_const
        weights.sum().backward()
        assert head.weight.grad is not None
        assert head.bias.grad is not None
        silent = head.weight.grad.eq(0).all(1) & head.bias.grad.eq(0)
        zero_rows = silent.nonzero().flatten().tolist()
        assert zero_rows == [1, 5] if keep_const else [0, 1, 5]


def test_constant_term_starts_at_zero() -> None:
    head = SamplesEncoder(degree=3).weights_net
    assert not bool(head.weight[0].any())
    assert not bool(head.bias[0].any())
    assert bool(head.weight[1:].any(1).all())
    assert torch.equal(SamplesEncoder(degree=3).weights(torch.randn(1, 5, 2))[..., 0, 0], torch.zeros(1, 5))


def test_published_defaults() -> None:
    encoder = SamplesEncoder()
    assert sum(p.numel() for p in encoder.omega_mamba.parameters()) == 3 * (2 + 80 + 100 + 180 + 40 + 80 + 20 + 40)
    assert encoder.weights_net.weight.shape == (256, 2)
    assert len(encoder.kernel_mamba.layers) == 3
    assert set(encoder.state_dict()) == set(load_published(published_state_dict(15)))


def test_load_published_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match=r"it holds 'decoder\.weight'"):
        load_published(published_state_dict(1) | {"decoder.weight": torch.zeros(1)})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"degree": 0}, "degree is 0"),
        ({"chunk_samples": 0}, "chunk_samples is 0"),
        ({"n_layers": 0}, "n_layers is 0"),
        ({"backend": "gpu"}, "unknown scan backend 'gpu'"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SamplesEncoder(**arguments)


def test_it_says_what_later_heads_and_the_model_ask_for() -> None:
    encoder = make(published_state_dict(2), degree=2)
    x, v = song(60)
    controls = encoder(x, v, None)
    assert (encoder.hop, encoder.width, encoder.lookahead_ms) == (1, 2, None)
    assert controls.features is controls.weight_code
