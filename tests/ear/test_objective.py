"""The targets of the ear, in closed form."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.ear.axis import BINS, FINE, place
from syrinx_lab.ear.network import EarOutput
from syrinx_lab.ear.objective import Truth, by_pitch, edge_target, losses, soft_target
from syrinx_lab.ear.truth_scores import pitch_scores, voice_of

N = FINE * BINS
KNOTS, HOP, RATE = 20, 128, 44_100


def truth(low: float = 1000.0, high: float | None = None) -> Truth:
    """One recording: a tone of amplitude 0.1 (and another) in the first ten knots."""
    samples = (KNOTS - 1) * HOP + 1
    t = torch.arange(samples, dtype=torch.float64) / RATE
    sides = torch.zeros(1, 2, KNOTS)
    voiced = torch.zeros(1, 2, KNOTS, dtype=torch.bool)
    voiced[:, 0, :10] = True
    voiced[:, 1, :10] = high is not None
    pitch = torch.tensor([low, high or low])[None, :, None].expand(1, 2, KNOTS)
    return Truth(
        audio=(0.1 * math.sqrt(2) * torch.sin(2 * math.pi * 1000 * t)).float()[None],
        pitch_hz=pitch,
        pressure=0.8 * voiced,
        voiced=voiced,
        gain=sides + 0.1 * voiced,
        breath=torch.zeros(1, KNOTS),
        background=torch.tensor([1e-3]),
        onsets=[[0.0]],
        offsets=[[10 * HOP / RATE]],
        rate_hz=torch.tensor([RATE]),
        hop=HOP,
        sample_rate=RATE,
    )


def right(of: Truth) -> EarOutput:
    """What the perfect ear says."""
    (there, side), (both, other) = by_pitch(of)
    first, second = (
        soft_target(of.pitch_hz.gather(1, index[:, None])[:, 0], where).clamp_min(1e-9).log()
        for where, index in ((there, side), (both, other))
    )
    flat = torch.zeros(1, KNOTS)
    return EarOutput(first, second, torch.full((1, KNOTS, N), 0.8), torch.zeros(1, KNOTS, N), flat - 40, flat - 40,
                     edge_target(of.onsets, flat, HOP / RATE).clamp(1e-6, 1 - 1e-6).logit(),
                     edge_target(of.offsets, flat, HOP / RATE).clamp(1e-6, 1 - 1e-6).logit())  # fmt: skip


def test_a_target_is_a_gaussian_of_25_cents() -> None:
    target = soft_target(torch.tensor([[440.0]]), torch.tensor([[True]]))[0, 0]
    assert float(target.sum()) == pytest.approx(1)
    at = (target[:-1] * torch.arange(N)).sum()
    assert float(at) == pytest.approx(float(place(torch.tensor(440.0))), abs=1e-3)
    spread = (target[:-1] * (torch.arange(N) - at).square()).sum().sqrt()
    assert float(spread) == pytest.approx(1, abs=1e-3)  # 25 cents are one
    assert soft_target(torch.tensor([[440.0]]), torch.tensor([[False]]))[0, 0].argmax() == N


def test_the_lower_of_two_is_the_first() -> None:
    (there, side), (both, other) = by_pitch(truth(3000.0, 1000.0))
    assert (side[0, :10] == 1).all()
    assert (other[0, :10] == 0).all()
    assert there[0].tolist() == both[0].tolist() == [True] * 10 + [False] * 10
    alone, _ = by_pitch(truth(3000.0))
    assert (alone[1][0, :10] == 0).all()


def test_the_perfect_ear_loses_the_entropy_of_the_targets() -> None:
    for high in (None, 2500.0):
        of = truth(1000.0, high)
        found = losses(right(of), of)
        entropy = 0.5 * math.log(2 * math.pi * math.e)  # nats of a Gaussian whose standard deviation is one bin
        assert float(found["pitch"]) == pytest.approx(entropy / 2, abs=0.01)  # half of the knots sing
        assert float(found["second"]) == pytest.approx(0 if high is None else entropy / 2, abs=0.01)
        assert float(found["pressure"]) == pytest.approx(0, abs=1e-4)
        assert float(found["loudness"]) == pytest.approx(0, abs=0.02)  # the tone is all that there is
        assert float(found["background"]) == pytest.approx(0, abs=0.02)  # 40 dB below it


def test_what_cannot_be_heard_does_not_count() -> None:
    of = truth(9000.0)
    wrong = right(truth(500.0))
    heard = float(losses(wrong, of)["pitch"])
    assert heard > 5
    cut = float(losses(wrong, of, top_hz=8000.0)["pitch"])
    assert cut < 0.1
    drowned = Truth(**{**vars(of), "background": torch.tensor([10.0])})
    assert float(losses(wrong, drowned)["pitch"]) < 0.1


def test_scores_count_what_they_say() -> None:
    of = truth(1000.0)
    voice = voice_of(of)
    hz, voiced = torch.full((1, KNOTS), 1000.0), voice.sings.clone()
    hz[0, 0] = 1000 * 2 ** (51 / 1200)
    hz[0, 1] = 1000 * 2 ** (49 / 1200)
    hz[0, 2] = 500.0
    voiced[0, 3] = False
    voiced[0, 15:17] = True
    scores = pitch_scores(hz, voiced, voice)
    assert scores["gross"] == pytest.approx(2 / 9)
    assert scores["octave"] == pytest.approx(1 / 9)
    assert scores["missed"] == pytest.approx(1 / 10)
    assert scores["false"] == pytest.approx(2 / 10)
    assert scores["voicing"] == pytest.approx(3 / 20)


def test_through_a_sweep_a_millisecond_is_allowed() -> None:
    of = truth(1000.0)
    octaves = torch.linspace(0, 1, KNOTS)  # 0.053 octaves a knot: 21.8 cents a ms
    of = Truth(**{**vars(of), "pitch_hz": (1000 * torch.exp2(octaves)).expand(1, 2, KNOTS)})
    voice = voice_of(of)
    for cents, gross, timed in ((49.0, 0.0, 0.0), (65.0, 1.0, 0.0), (75.0, 1.0, 1.0)):
        scores = pitch_scores(voice.pitch_hz * 2 ** (cents / 1200), voice.sings, voice)
        assert scores["gross"] == gross
        assert scores["gross_1ms"] == pytest.approx(timed, abs=0.11)  # the last knot has no later one that sings
