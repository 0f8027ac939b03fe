"""From the ear's distributions to one pitch a knot: the cheapest path through the peaks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..controls.unvoiced_f0 import fill_unvoiced_f0
from ..controls.viterbi import cheapest_path
from .axis import BINS, FINE, octaves, place

CANDIDATES = 6
JUMP_COST = 3.0
"""Of a jump, for every octave: nats, as a doubt of 1 : e; both costs were chosen on simulated birds of seed 77."""
SWITCH_COST = 0.5
"""Of a change between a pitch and none, nats."""

_REACH = 3
_LEAST = 1e-9
_MIDDLE_HZ = 2000.0


@dataclass(frozen=True)
class Candidates:
    """The peaks of the distributions of one voice.

    place        (B, T, CANDIDATES) see `axis.place`
    probability  (B, T, CANDIDATES) of the pitch within 75 cents; 0 where there is no peak
    none         (B, T) of no pitch
    """

    place: Tensor
    probability: Tensor
    none: Tensor


@dataclass(frozen=True)
class Decoded:
    """The pitch that was decided for.

    octaves  (B, T) log2 of the pitch in Hz, without gaps
    voiced   (B, T) bool
    sure     (B, T) 0 to 1: the probability of this pitch where voiced; of any pitch elsewhere
    which    (B, T) the candidate; the best one where unvoiced
    place    (B, T) its place
    """

    octaves: Tensor
    voiced: Tensor
    sure: Tensor
    which: Tensor
    place: Tensor


@torch.no_grad()
def find_candidates(logits: Tensor, range_hz: tuple[float, float] | None = None) -> Candidates:
    """The most probable peaks of logits (B, T, FINE BINS + 1), the last of which is none.

    A peak has the probability of 75 cents to either side of its bin; its pitch is their mean, weighted by it, so that
    it lies between the bins. Outside range_hz, Hz, there is no pitch.
    """
    if range_hz is not None:
        low, high = place(torch.tensor(range_hz, dtype=torch.float64)).tolist()
        bins = torch.arange(FINE * BINS + 1, device=logits.device)
        outside = ((bins < low - 1) | (bins > high + 1)) & (bins < FINE * BINS)
        logits = logits.masked_fill(outside, -math.inf)
    p = torch.softmax(logits, -1)
    some = p[..., :-1]
    width = 2 * _REACH + 1
    mass = F.avg_pool1d(some.flatten(0, -2)[:, None], width, 1, _REACH)[:, 0].view_as(some) * width
    padded = F.pad(some, (1, 1))
    peak = (some >= padded[..., :-2]) & (some > padded[..., 2:])
    probability, index = torch.where(peak, mass, 0.0).topk(CANDIDATES, -1)
    offset = torch.arange(-_REACH, _REACH + 1, device=p.device)
    around = (index[..., None] + offset).clamp(0, FINE * BINS - 1)
    window = some.gather(-1, around.flatten(-2)).view(*index.shape, width)
    mean = (window * around).sum(-1) / window.sum(-1).clamp_min(_LEAST)
    exists = probability > _LEAST
    return Candidates(
        torch.where(exists, mean, index.to(mean)),
        torch.where(exists, probability, 0.0).clamp_max(1),
        p[..., -1].clamp_min(_LEAST),
    )


@torch.no_grad()
def decide(
    found: Candidates,
    *,
    jump_cost: float = JUMP_COST,
    switch_cost: float = SWITCH_COST,
    doubt: float = 0.0,
    online: bool = False,
) -> Decoded:
    """The most probable path of pitches, where jumps and changes of voicing cost something.

    total = sum_t [log p(none) - log p_k - doubt] + sum_t step_t;  step = jump_cost |octaves| between voiced knots,
    switch_cost between a pitch and none

    doubt   nats in favour of a pitch: with 0 the more probable wins
    online  decide every knot from the knots up to it
    """
    exists = found.probability > 0
    cost = found.none.log()[..., None] - found.probability.clamp_min(_LEAST).log() - doubt
    heights = octaves(found.place)
    path = cheapest_path(torch.where(exists, cost, math.inf), heights, 0.0, jump_cost, switch_cost, online)
    voiced = path < CANDIDATES
    which = torch.where(voiced, path, 0)  # the candidates are in order

    def chosen(y: Tensor) -> Tensor:
        return y.gather(-1, which[..., None])[..., 0]

    sure = torch.where(voiced, chosen(found.probability), 1 - found.none).clamp(0, 1)
    held = fill_unvoiced_f0(chosen(heights), voiced, math.log2(_MIDDLE_HZ), online)
    return Decoded(held, voiced, sure, which, chosen(found.place))


def decode(logits: Tensor, range_hz: tuple[float, float] | None = None, online: bool = False) -> Decoded:
    """`decide` among `find_candidates`."""
    return decide(find_candidates(logits, range_hz), online=online)


def at_place(maps: Tensor, places: Tensor) -> Tensor:
    """Maps (B, T, FINE BINS) at places (B, T, ...): that of the nearest pitch."""
    nearest = places.round().long().clamp(0, FINE * BINS - 1)
    return maps.gather(-1, nearest.flatten(2) if nearest.ndim > 2 else nearest[..., None]).view_as(places)
