"""The network: equivariant along frequency, causal where it is said to be, the same in pieces."""

from __future__ import annotations

import pytest
import torch

from syrinx_lab.ear.axis import BINS, FINE
from syrinx_lab.ear.features import PERIOD_S
from syrinx_lab.ear.layers import Along, at_ratio
from syrinx_lab.ear.listening import listen
from syrinx_lab.ear.network import Ear

RATE = 44_100


def small(frequency: str = "conv") -> Ear:
    torch.manual_seed(0)
    return Ear(channels=4, d_model=8, n_layers=1, d_state=2, frequency=frequency).eval()  # type: ignore[arg-type]


def noise(samples: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(1, samples, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("frequency", ["conv", "mamba", "gru"])
def test_shapes_and_gradients(frequency: str) -> None:
    ear = small(frequency).train()
    out = ear(noise(4410).expand(2, -1), RATE)
    assert out.first.shape == out.second.shape == (2, 36, FINE * BINS + 1)
    assert out.pressure.shape == out.loudness.shape == (2, 36, FINE * BINS)
    assert out.onset.shape == out.breath.shape == (2, 36)
    sum(value.square().mean() for value in vars(out).values()).backward()  # type: ignore[union-attr]
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in ear.parameters())


def test_a_shift_along_the_axis_goes_through_the_convolutions() -> None:
    ear = small()
    maps = torch.zeros(1, 4, 9, BINS)
    maps[..., 60:80] = torch.randn(1, 4, 9, 20)
    moved = maps.roll(24, -1)
    ear.requires_grad_(False)
    layers = [ear.near, ear.past, ear.wide, *ear.again]
    one, other = maps, moved
    for layer in layers:
        assert isinstance(layer, Along)
        one, other = layer(one), layer(other)
    assert float((one - one.mean(-1, keepdim=True)).abs().max()) > 0.1
    within = slice(55, 130)  # beyond, the ends of the axis are felt
    torch.testing.assert_close(other[..., within], one.roll(24, -1)[..., within], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("ratio", "bins"), [(2.0, 24.0), (0.5, -24.0), (3.0, 38.039), (2 / 3, -14.039)])
def test_harmonics_lie_where_they_belong(ratio: float, bins: float) -> None:
    maps = torch.arange(float(BINS)).expand(1, 1, 1, BINS).clone()
    middle = slice(50, 100)
    torch.testing.assert_close(
        at_ratio(maps, ratio)[0, 0, 0, middle], torch.arange(50.0, 100.0) + bins, atol=2e-3, rtol=0
    )


@pytest.mark.parametrize("lookahead_ms", [None, 10.0])
def test_pieces_are_the_whole(lookahead_ms: float | None) -> None:
    ear, x = small(), noise(22_050)
    whole = listen(ear, x, RATE, lookahead_ms=lookahead_ms)
    parts = listen(ear, x, RATE, lookahead_ms=lookahead_ms, chunk_knots=37)
    for voice in ("first", "second"):
        for name in ("there", "sure", "octaves", "pressure", "loudness"):
            one, other = (getattr(getattr(heard, voice), name) for heard in (whole, parts))
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(whole.onset, parts.onset, atol=1e-5, rtol=1e-4)


def test_the_causal_ear_hears_nothing_that_comes_later() -> None:
    ear, x = small(), noise(13_230)
    at = 6615
    changed = torch.cat([x[:, :at], noise(13_230 - at, 1)], 1)
    one, other = (listen(ear, y, RATE, lookahead_ms=10.0) for y in (x, changed))
    # a knot between two of the ear's is read off both, so that the later one's samples are heard at the earlier
    last = int((at / RATE - 0.010) / PERIOD_S) + 1
    for name in ("there", "octaves", "sure", "pressure"):
        assert torch.equal(getattr(one.first, name)[:, :last], getattr(other.first, name)[:, :last])
    assert not torch.allclose(one.first.there[:, last + 2 :], other.first.there[:, last + 2 :])
    whole = [listen(ear, y, RATE).first.there[:, : last - 20] for y in (x, changed)]
    assert not torch.equal(*whole)  # Mamba, backward


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="lookahead_ms is 3: the ear needs 6 or more"):
        small().frames_ms(3)
    with pytest.raises(ValueError, match="frequency is 'lstm'"):
        Ear(frequency="lstm")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="channels is 0"):
        Ear(channels=0)
