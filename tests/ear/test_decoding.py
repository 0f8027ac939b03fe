"""From distributions made by hand to a pitch a knot."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.ear.axis import BINS, FINE, place
from syrinx_lab.ear.decoding import at_place, decode, find_candidates
from syrinx_lab.ear.objective import soft_target

N = FINE * BINS


def logits(*knots: dict[float, float]) -> torch.Tensor:
    """(1, T, N + 1) of knots that say {Hz: probability}, a bump each; the rest is none."""
    p = torch.full((1, len(knots), N + 1), 1e-7)
    for t, knot in enumerate(knots):
        for hz, probability in knot.items():
            p[0, t] += probability * soft_target(torch.tensor([[hz]]), torch.tensor([[True]]))[0, 0]
        p[0, t, -1] += max(0.0, 1 - sum(knot.values()))
    return p.log()


def test_the_pitch_lies_between_the_bins() -> None:
    for hz in (160.0, 437.3, 2211.1, 9000.0):
        found = decode(logits({hz: 0.9}))
        assert bool(found.voiced.all())
        assert 1200 * float(found.octaves[0, 0] - math.log2(hz)) == pytest.approx(0, abs=2)
        assert float(found.sure[0, 0]) == pytest.approx(0.9, abs=0.01)


def test_an_octave_is_not_jumped_for_one_doubtful_knot() -> None:
    sure, doubt = {1000.0: 0.8}, {1000.0: 0.35, 2000.0: 0.5}
    found = decode(logits(sure, sure, doubt, sure, sure))
    assert torch.exp2(found.octaves[0]).tolist() == pytest.approx([1000.0] * 5, rel=2e-3)
    # three times as probable for long enough, it is
    other = decode(logits(sure, *[{1000.0: 0.1, 2000.0: 0.8}] * 5))
    assert float(torch.exp2(other.octaves[0, -1])) == pytest.approx(2000, rel=2e-3)


def test_silence_is_silence_and_its_pitch_has_no_gap() -> None:
    found = decode(logits({1000.0: 0.9}, {}, {}, {}, {4000.0: 0.9}))
    assert found.voiced[0].tolist() == [True, False, False, False, True]
    assert torch.exp2(found.octaves[0]).tolist() == pytest.approx([1000, 1414.2, 2000, 2828.4, 4000], rel=3e-3)
    assert float(found.sure[0, 2]) < 0.01


def test_online_knots_do_not_know_what_comes() -> None:
    knots = [{1000.0: 0.9}, {1000.0: 0.3, 2000.0: 0.5}, {}, {2000.0: 0.9}]
    for stop in range(1, 5):
        now = decode(logits(*knots), online=True)
        then = decode(logits(*knots[:stop]), online=True)
        assert torch.equal(now.octaves[:, :stop], then.octaves)


def test_a_range_leaves_the_rest_out() -> None:
    found = decode(logits({1000.0: 0.3, 2000.0: 0.6}), range_hz=(500.0, 1500.0))
    assert float(torch.exp2(found.octaves[0, 0])) == pytest.approx(1000, rel=2e-3)
    assert float(found.sure[0, 0]) == pytest.approx(0.3 / 0.4, abs=0.02)


def test_maps_are_read_at_the_pitch() -> None:
    maps = torch.arange(float(N)).expand(1, 1, N)
    found = find_candidates(logits({1234.0: 0.6, 4000.0: 0.3}))
    read = at_place(maps, found.place)
    assert float(read[0, 0, 0]) == round(float(place(torch.tensor(1234.0))))
    assert float(read[0, 0, 1]) == round(float(place(torch.tensor(4000.0))))
