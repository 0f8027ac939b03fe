"""What must hold of the controls whatever the recording is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_pitch import RATE, cents, sing

from syrinx_lab.controls import AnalyticControls, PitchRange, analytic_controls, periodicity

RANGE = PitchRange(400, 6000)
NAMES = ("pitch_hz", "voiced", "periodicity", "envelope")


@pytest.fixture
def song() -> torch.Tensor:
    """Half a second: a swept stack, silence, a whistle, all in a noise floor; (1, 22050)."""
    stack, _ = sing(np.linspace(600, 800, 6000), [1 / k for k in range(1, 12)], 6000)
    whistle, _ = sing(np.linspace(5000, 3000, 5000), [0.8], 5000)
    gap = torch.zeros(1, 3000)
    x = torch.cat((gap, stack, gap, whistle, gap, torch.zeros(1, 2050)), 1)
    return x + 0.003 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))


def same(a: AnalyticControls, b: AnalyticControls, atol: float = 1e-4) -> None:
    for name in NAMES:
        torch.testing.assert_close(getattr(a, name), getattr(b, name), rtol=1e-4, atol=atol)


@pytest.mark.parametrize(
    ("samples", "hop"), [(2205, 32), (2209, 32), (2210, 32), (441, 441), (1, 32), (40, 64), (5, 1)]
)
def test_knots_cover_the_samples(samples: int, hop: int) -> None:
    found = analytic_controls(torch.randn(3, samples), RATE, hop, RANGE)
    count = -(-(samples - 1) // hop) + 1
    assert found.hop == hop
    for name in NAMES:
        assert getattr(found, name).shape == (3, count)
        assert torch.isfinite(getattr(found, name)).all()


@pytest.mark.parametrize("lookahead", [None, 5.0])
def test_a_gain_changes_the_envelope_alone(song: torch.Tensor, lookahead: float | None) -> None:
    a = analytic_controls(song, RATE, 32, RANGE, lookahead)
    for gain in (-1.0, 1e-3, 300.0):
        b = analytic_controls(gain * song, RATE, 32, RANGE, lookahead)
        b.envelope /= abs(gain)
        same(a, b)


def test_a_batch_is_its_items_one_by_one(song: torch.Tensor) -> None:
    batch = torch.stack((song[0], 0.01 * song[0].flip(0), torch.zeros_like(song[0]), song[0].roll(5000)))
    together = analytic_controls(batch, RATE, 32, RANGE)
    for item in range(4):
        alone = analytic_controls(batch[item : item + 1], RATE, 32, RANGE)
        for name in NAMES:
            torch.testing.assert_close(getattr(together, name)[item], getattr(alone, name)[0])


@pytest.mark.parametrize("lookahead", [None, 5.0])
def test_in_stretches_of_any_length(
    song: torch.Tensor, lookahead: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = analytic_controls(song, RATE, 32, RANGE, lookahead)
    for at_once in (1, 97):
        monkeypatch.setattr(periodicity, "FRAMES_AT_ONCE", at_once)
        same(whole, analytic_controls(song, RATE, 32, RANGE, lookahead))


def test_a_window_says_what_the_whole_song_says(song: torch.Tensor) -> None:
    # inside a note and away from the window's ends, which see half a frame
    whole = analytic_controls(song, RATE, 32, RANGE)
    first, knots = 4000 // 32, 100
    window = analytic_controls(song[:, first * 32 : (first + knots - 1) * 32 + 1], RATE, 32, RANGE)
    inside = slice(12, knots - 12)
    for name in NAMES:
        there = getattr(whole, name)[:, first : first + knots]
        torch.testing.assert_close(getattr(window, name)[:, inside], there[:, inside], rtol=2e-3, atol=2e-3)
    ends = 1200 * torch.log2(window.pitch_hz / whole.pitch_hz[:, first : first + knots])
    assert ends.abs().max() < 30


@pytest.mark.parametrize("hop", [8, 64, 128])
def test_the_hop_changes_only_where_the_knots_lie(song: torch.Tensor, hop: int) -> None:
    fine, coarse = (analytic_controls(song, RATE, h, RANGE) for h in (hop // 2, hop))
    common = coarse.voiced.shape[1] - 1  # the last knot may lie beyond the last sample
    both = (fine.voiced[:, ::2][:, :common] > 0) & (coarse.voiced[:, :common] > 0)
    assert both.sum() * hop > 9500
    octaves = torch.log2(fine.pitch_hz[:, ::2][:, :common] / coarse.pitch_hz[:, :common])
    assert octaves[both].abs().max() < 0.01
    share = [(c.voiced > 0).float().mean().item() for c in (fine, coarse)]
    assert share[0] == pytest.approx(share[1], abs=0.02)


@pytest.mark.parametrize("lookahead", [0.0, 2.5, 40.0])
def test_the_future_does_not_change_the_present(song: torch.Tensor, lookahead: float) -> None:
    hop = 32
    a = analytic_controls(song, RATE, hop, RANGE, lookahead)
    for now in (200, 320, 500):
        heard = now * hop + int(lookahead * 1e-3 * RATE)
        other = song.clone()
        other[:, heard + 1 :] = 3 * torch.randn(other[:, heard + 1 :].shape)
        b = analytic_controls(other, RATE, hop, RANGE, lookahead)
        for name in NAMES:
            torch.testing.assert_close(getattr(a, name)[:, : now + 1], getattr(b, name)[:, : now + 1])


def test_without_the_future_the_pitch_comes_later_and_right() -> None:
    x, f0 = sing(700, [1 / k for k in range(1, 12)], 8820)
    x[:, :2205] = 0
    whole = analytic_controls(x, RATE, 32, RANGE)
    for lookahead, latest_ms in ((0.0, 12.0), (10.0, 3.0)):
        online = analytic_controls(x, RATE, 32, RANGE, lookahead)
        start = int(torch.nonzero(online.voiced[0] > 0)[0]) * 32 / RATE * 1e3
        assert -3 < start - 50 < latest_ms
        assert cents(online.pitch_hz[0], f0, 32)[100:-15].max() < 3
        assert online.pitch_hz[0, 0] == pytest.approx(RANGE.middle_hz)  # before anything is known
    assert cents(whole.pitch_hz[0], f0, 32).max() < 30  # which the whole recording shows from the first knot on


def test_pitch_runs_straight_between_notes() -> None:
    low, _ = sing(600, [1, 0.5, 0.3], 6000)
    high, _ = sing(2400, [1, 0.5, 0.3], 6000)
    found = analytic_controls(torch.cat((low, torch.zeros(1, 6000), high), 1), RATE, 32, RANGE)
    quiet = torch.nonzero(found.voiced[0] == 0)[:, 0]
    assert (quiet[1:] == quiet[:-1] + 1).all()
    octaves = torch.log2(found.pitch_hz[0, quiet[0] - 1 : quiet[-1] + 2] / 600)
    line = torch.linspace(float(octaves[0]), float(octaves[-1]), len(octaves))
    torch.testing.assert_close(octaves, line, atol=1e-3, rtol=0)
    assert float(octaves[-1] - octaves[0]) == pytest.approx(2, abs=0.05)


def test_no_gradient_and_no_other_dtype(song: torch.Tensor) -> None:
    x = song.double().requires_grad_()
    found = analytic_controls(x, RATE, 32, RANGE)
    assert found.pitch_hz.dtype == torch.float64
    assert not found.pitch_hz.requires_grad
    same(
        found,
        analytic_controls(song, RATE, 32, RANGE).__class__(
            **{n: getattr(analytic_controls(song, RATE, 32, RANGE), n).double() for n in NAMES}, hop=32
        ),
        atol=2e-3,
    )


def test_a_recording_that_is_no_batch_is_refused() -> None:
    for x in (torch.zeros(100), torch.zeros(2, 0), torch.zeros(1, 2, 100)):
        with pytest.raises(ValueError, match=r"\(B, L\) is wanted"):
            analytic_controls(x, RATE, 32, RANGE)
