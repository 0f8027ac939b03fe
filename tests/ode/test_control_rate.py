"""Knots, and what lies between them."""

from __future__ import annotations

import pytest
import torch

from syrinx_lab.ode.control_rate import acceleration_along, at_audio_rate, interpolate, to_knots
from syrinx_lab.ode.right_hand_side import acceleration
from syrinx_lab.types import Drives, knot_count


def test_straight_lines_between_knots_by_hand() -> None:
    knots = torch.tensor([[0.0, 4.0, -4.0]])
    expected = [0.0, 1.0, 2.0, 3.0, 4.0, 2.0, 0.0, -2.0, -4.0]
    assert interpolate(knots, 4, 9)[0].tolist() == expected
    assert interpolate(knots, 4, 6)[0].tolist() == expected[:6]
    assert interpolate(knots, 4, 1)[0].tolist() == [0.0]
    assert interpolate(knots, 1, 2)[0].tolist() == [0.0, 4.0]


def test_interpolation_keeps_the_axes_behind_time() -> None:
    knots = torch.randn(2, 4, 3, 3)
    dense = interpolate(knots, 5, 16)
    assert dense.shape == (2, 16, 3, 3)
    torch.testing.assert_close(dense[:, ::5], knots)
    torch.testing.assert_close(dense[:, 7], 0.6 * knots[:, 1] + 0.4 * knots[:, 2])


@pytest.mark.parametrize(("hop", "samples"), [(4, 10), (0, 3), (4, 0), (1, 4)])
def test_knots_that_do_not_reach_are_refused(hop: int, samples: int) -> None:
    with pytest.raises(ValueError, match=f"{samples} samples do not lie on 3 knots of hop {hop}"):
        interpolate(torch.zeros(1, 3), hop, samples)


def test_as_many_knots_as_it_takes_and_no_more() -> None:
    counts = {samples: knot_count(samples, 32) for samples in (1, 2, 32, 33, 34, 65, 66)}
    assert counts == {1: 1, 2: 2, 32: 2, 33: 2, 34: 3, 65: 3, 66: 4}
    assert [knot_count(samples, 1) for samples in (1, 2, 7)] == [1, 2, 7]
    for samples, count in counts.items():
        assert interpolate(torch.zeros(1, count), 32, samples).shape == (1, samples)
        with pytest.raises(ValueError, match="do not lie on"):
            interpolate(torch.zeros(1, count - 1), 32, samples)


@pytest.mark.parametrize("length", [1, 2, 31, 32, 33, 34, 65])
def test_knots_of_a_straight_line_give_it_back(length: int) -> None:
    line = 2.0 + 0.5 * torch.arange(float(length))[None, :, None]
    knots = to_knots(line, 32)
    assert knots.shape == (1, -(-(length - 1) // 32) + 1, 1)
    whole = (length - 1) // 32 * 32 + 1  # up to the last knot that is a sample
    torch.testing.assert_close(interpolate(knots, 32, length)[:, :whole], line[:, :whole])
    assert knots[0, -1, 0] == line[0, -1, 0]


def test_the_error_of_knots_is_that_of_a_chord() -> None:
    """A sine of frequency w loses w^2 hop^2 / 8 of its height between knots."""
    t = torch.arange(4097, dtype=torch.float64)
    wave = torch.sin(2 * torch.pi * t / 512)[None]
    worst = (interpolate(to_knots(wave, 32), 32, 4097) - wave).abs().max().item()
    assert worst == pytest.approx((2 * torch.pi / 512 * 32) ** 2 / 8, rel=0.03)


def test_windows_of_knots_begin_where_they_are_asked_to() -> None:
    dense = torch.randn(2, 17, dtype=torch.float64)
    drives = Drives(dense, dense + 1, dense[..., None, None].expand(2, 17, 2, 2), hop=4)
    assert drives.samples == 65
    for start in (torch.tensor([8, 8]), torch.tensor([4, 24])):
        cut = at_audio_rate(drives.window(start, 10), 10)
        for item, first in enumerate(start.tolist()):
            torch.testing.assert_close(cut.gamma[item], at_audio_rate(drives, 65).gamma[item, first : first + 10])


@pytest.mark.parametrize(
    ("start", "length", "reason"), [(6, 8, "multiples"), (60, 6, "leave drives of 65 samples"), (-4, 4, "leave")]
)
def test_windows_that_do_not_fit_are_refused(start: int, length: int, reason: str) -> None:
    drives = Drives(torch.zeros(1, 17), torch.zeros(1, 17), torch.zeros(1, 17, 2, 2), hop=4)
    with pytest.raises(ValueError, match=reason):
        drives.window(torch.tensor([start]), length)


@pytest.mark.parametrize("hop", [1, 3, 8])
@pytest.mark.parametrize("samples", [1, 16, 17, 20])
def test_acceleration_along_knots_is_that_of_the_samples_between_them(hop: int, samples: int) -> None:
    generator = torch.Generator().manual_seed(0)
    count = -(-(samples - 1) // hop) + 1

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()

    drives = Drives(draw(2, count), draw(2, count), draw(2, count, 4, 4), hop)
    x, v = draw(2, samples), draw(2, samples)
    dense = at_audio_rate(drives, samples)
    expected = acceleration(x, v, dense.stiffness, dense.gamma, dense.weights)
    found = acceleration_along(x, v, drives)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    leaves = (x, v, drives.stiffness, drives.gamma, drives.weights)
    for a, b in zip(torch.autograd.grad(found.sin().sum(), leaves), torch.autograd.grad(expected.sin().sum(), leaves)):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
