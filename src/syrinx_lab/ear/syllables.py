"""Where syllables begin and end, as the ear hears it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .features import PERIOD_S
from .listening import Heard, listen
from .network import Ear
from .weights import packaged_ear

SHORTEST_S = 0.005
GAP_S = 0.004
_OPEN, _CLOSED = 0.6, 0.35
_REACH_S = 0.012
_EDGE = 0.15
_SOFT_DB = 3.0
_OVER_DB = 6.0


@dataclass(frozen=True)
class Syllables:
    """Syllables of a recording in order: onsets and offsets in s, confidence 0 to 1 in each."""

    onsets: list[float]
    offsets: list[float]
    confidence: list[float]


@torch.no_grad()
def find_syllables(audio: Tensor, sample_rate: int, ear: Ear | None = None) -> Syllables:
    """The syllables of a recording.

    audio        (L,) any gain;   sample_rate  Hz, any
    ear          None: the one that comes with the lab
    Raises ValueError for audio that is not (L,) with L > 0.
    """
    if audio.ndim != 1 or not len(audio):
        raise ValueError(f"one recording (L,) is wanted, not {tuple(audio.shape)}: give one channel of one file")
    x = audio[None].to(torch.float32)
    return syllables_of(listen(packaged_ear() if ear is None else ear, x, sample_rate), x, sample_rate)


def syllables_of(heard: Heard, x: Tensor, sample_rate: int) -> Syllables:
    """`find_syllables` of what was heard in one recording x (1, L).

    A knot sounds with a = max(P(a pitch), P(breath)), where breath counts by how far it lies above the background,
    sigmoid((breath - background - 6 dB) / 3 dB). A syllable begins where a passes 0.6 and reaches as far as it stays
    above 0.35. Its edges then move to the likeliest onset and offset within 12 ms, between two knots by a parabola.
    Gaps under 4 ms are none, and what is shorter than 5 ms in the end is left out. The confidence is the mean of a.
    """
    pitched = heard.first.there[0]
    hissing = torch.sigmoid((heard.breath[0] - heard.background[0] - _OVER_DB) / _SOFT_DB)
    a = torch.maximum(pitched, hissing).tolist()
    spans: list[list[int]] = []
    at, count = 0, len(a)
    while at < count:
        if a[at] < _OPEN:
            at += 1
            continue
        first = at
        floor = spans[-1][1] + 1 if spans else 0
        while first > floor and a[first - 1] > _CLOSED:
            first -= 1
        while at + 1 < count and a[at + 1] > _CLOSED:
            at += 1
        if spans and (first - spans[-1][1] - 1) * PERIOD_S < GAP_S:
            spans[-1][1] = at
        else:
            spans.append([first, at])
        at += 1
    duration = x.shape[1] / sample_rate
    onset, offset = heard.onset[0].tolist(), heard.offset[0].tolist()
    found = Syllables([], [], [])
    for index, (first, last) in enumerate(spans):
        low = spans[index - 1][1] + 1 if index else 0
        high = spans[index + 1][0] - 1 if index + 1 < len(spans) else count - 1
        begin = max(0.0, _edge(onset, first, low, last) * PERIOD_S)
        end = min(duration, _edge(offset, last, first, high) * PERIOD_S)
        if end - begin >= SHORTEST_S:
            found.onsets.append(begin)
            found.offsets.append(end)
            found.confidence.append(sum(a[first : last + 1]) / (last + 1 - first))
    return found


def _edge(probability: list[float], at: int, low: int, high: int) -> float:
    """The likeliest knot within reach of `at` and within [low, high], between knots; `at` where none is likely."""
    reach = round(_REACH_S / PERIOD_S)
    places = range(max(low, at - reach), min(high, at + reach) + 1)
    best = max(places, key=lambda k: probability[k], default=at)
    if not len(places) or probability[best] < _EDGE:
        return float(at)
    if not 0 < best < len(probability) - 1:
        return float(best)
    before, here, after = probability[best - 1 : best + 2]
    bend = before - 2 * here + after
    return best + (max(-0.5, min(0.5, 0.5 * (before - after) / bend)) if bend < -1e-9 else 0.0)
